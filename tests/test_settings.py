"""From a scenario to settings and back from a manifest; what files it may not name."""

import json
import shutil
from dataclasses import asdict, replace
from importlib import resources

import pytest

from runs.people import of_a_part
from runs.settings import digests, input_problems, scenario_of, settings_of, unlike
from scenarios.changes import Told
from scenarios.schema import Scenario, load_scenario
from sim.economy import Economy
from sim.problems import InputError
from sim.transitions import calibrated
from sim.transitions.levers import Change

PLAIN = Scenario("mine", "What if?")
UNEMPLOYED = Told("unemployment.norway", (2013, 2014), "add", 1.0)
PARAMETER = Told("unions_assumed.same_origin", None, "set", 0.5)


def test_a_plain_scenario_is_run_as_the_defaults_say():
    made = settings_of(PLAIN)
    assert made.economy == made.paths == Economy.default()
    assert (made.changes, made.tables, made.draw) == ((), (), None)
    assert (made.model_type, made.parameters, made.calibration) == (1, "published", "shipped")
    assert settings_of(replace(PLAIN, draws="threshold"), chunk=7, draw=3).chunk == 7
    assert settings_of(replace(PLAIN, draws="threshold"), chunk=7, draw=3).draw == 3


def test_levers_and_parameters_go_their_ways():
    made = settings_of(replace(PLAIN, changes=(UNEMPLOYED, PARAMETER)))
    assert made.changes == (Change("unemployment.norway", 2013, 2014, "add", 1.0),)
    assert [cell.table for cell in made.tables] == ["unions_assumed.csv"]
    before = Economy.default()
    for year, more in ((2012, 0.0), (2013, 1.0), (2014, 1.0), (2015, 0.0)):
        wanted = before.value("unemployment_norway", year) + more
        assert made.paths.value("unemployment_norway", year) == pytest.approx(wanted)


def test_a_scenario_made_in_python_is_held_to_the_limits_too():
    beyond = replace(PLAIN, changes=(replace(UNEMPLOYED, number=40.0),))
    with pytest.raises(
        InputError,
        match=r"scenario mine has 1 problem:\n.*changes.unemployment.norway in 2013..2014: would be 43",
    ):
        settings_of(beyond)  # fmt: skip


def test_paths_of_ones_own_are_the_economy(tmp_path):
    path = tmp_path / "e.csv"
    path.write_text("year,series,value\n2013,unemployment_norway,6\n")
    made = settings_of(replace(PLAIN, economy=str(path), changes=(UNEMPLOYED,)))
    assert made.economy.value("unemployment_norway", 2013) == 6
    assert made.paths.value("unemployment_norway", 2013) == 7


def test_files_that_are_not_there_come_at_once(tmp_path):
    nowhere = str(tmp_path / "nowhere")
    named = replace(PLAIN, population=nowhere, calibration=nowhere, parameters=nowhere)
    problems = list(map(str, input_problems(named)))
    assert problems[0].startswith("population: there is no file")
    assert all(
        any(p.startswith(f"{field}: ") for p in problems) for field in ("calibration", "parameters")
    )
    assert input_problems(PLAIN) == []


def test_a_manifest_gives_the_scenario_back(tmp_path):
    scenario = replace(PLAIN, changes=(UNEMPLOYED, PARAMETER), dimensions=("sex",))
    record = json.loads(json.dumps({"scenario": asdict(scenario), **digests(scenario)}))
    found = scenario_of(record, tmp_path)
    assert found == scenario
    assert found.changes[1].cells == PARAMETER.cells
    assert unlike(record, found) == []


@pytest.mark.parametrize("name", ["financial_crisis", "experiment_income", "sensitivity_2030"])
def test_a_shipped_scenario_survives_its_manifest(name, tmp_path):
    scenario = load_scenario(name)
    assert scenario_of(json.loads(json.dumps({"scenario": asdict(scenario)})), tmp_path) == scenario


def test_a_manifest_of_another_vandring_is_refused(tmp_path):
    held = asdict(PLAIN)
    del held["economy"]
    with pytest.raises(InputError, match="was written by another Vandring"):
        scenario_of({"scenario": held}, tmp_path)


def test_a_file_that_was_altered_since_is_noticed(tmp_path):
    path = tmp_path / "e.csv"
    path.write_text("year,series,value\n2013,unemployment_norway,6\n")
    scenario = replace(PLAIN, economy=str(path))
    record = digests(scenario)
    path.write_text("year,series,value\n2013,unemployment_norway,7\n")
    (problem,) = unlike(record, scenario)
    assert str(problem).startswith("economy: is another than that of the run")


def test_other_draws_of_a_calibration_are_another_calibration(tmp_path):
    """The means stay as they are: one draw of one elasticity is another."""
    for folder in ("one", "other"):
        with resources.as_file(resources.files("sim.transitions") / "data") as shipped:
            (tmp_path / folder).mkdir()
            for name in calibrated.COLUMNS:
                shutil.copy(shipped / name, tmp_path / folder / name)
    path = tmp_path / "other" / calibrated.DRAWS
    head, first, *rest = path.read_text("utf-8").splitlines()
    cells = first.split(",")
    cells[head.split(",").index("unemployment_norway")] = "0.5"
    path.write_text("\n".join([head, ",".join(cells), *rest, ""]), "utf-8")
    one, other = (replace(PLAIN, calibration=str(tmp_path / name)) for name in ("one", "other"))
    assert unlike(digests(PLAIN), one) == []
    (problem,) = unlike(digests(one), other)
    assert str(problem).startswith("calibration: is another than that of the run")


def test_a_calibration_of_ones_own_reaches_the_settings(tmp_path):
    with resources.as_file(resources.files("sim.transitions") / "data") as shipped:
        for name in calibrated.COLUMNS:
            shutil.copy(shipped / name, tmp_path / name)
    made = settings_of(replace(PLAIN, calibration=str(tmp_path)))
    assert made.calibration == str(tmp_path)


def test_a_part_of_the_people_is_told_first():
    said = ["In 2020 the model expects 100.", "More."]
    part = of_a_part({"population": {"asked_for": "embedded:0.05"}}, said)
    assert part[0] == ("In a population of 5 percent of the people, not scaled up: in 2020 the "
                       "model expects 100.")  # fmt: skip
    assert part[1:] == said[1:]
    for whole in ("embedded", "my.parquet", ""):
        assert of_a_part({"population": {"asked_for": whole}}, said) == said
