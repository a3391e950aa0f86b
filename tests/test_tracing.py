"""`vandring trace`: the life told is the life lived, with the chances of the model."""

import json
from dataclasses import replace

import numpy as np
import pytest

from runs.cli import main
from runs.people import find_people
from runs.watching import value_of, watch
from scenarios.fields import UNCERTAIN
from scenarios.schema import load_scenario
from sim.agents import files
from sim.chance import Chance
from sim.codes import PLACE
from sim.engine import Simulation
from sim.transitions.logit import published_set
from sim.transitions.process import Settings
from tests import oracles
from tests.conftest import load, made_people

N = load(3_000, 250)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run of a made population; returns its folder."""
    folder = tmp_path_factory.mktemp("traced")
    people = folder / "people.parquet"
    files.save(made_people(N), people)
    words = ["run", "baseline", "--population", str(people), "--years", "2013..2016"]
    words += ["--uncertainty", "none"]  # so that the published coefficients are those lived
    assert main([*words, "--replicates", "2", "--out", str(folder / "out")]) == 0
    return folder / "out"


@pytest.fixture(scope="module")
def lives(run):
    """The years of some persons, as they are told."""
    scenario = scenario_of(run)
    people = find_people(scenario.population, 2013)
    told = people.population["person"][0:60:6]
    return [watch(scenario, people, 0, int(person), None).years for person in told]


@pytest.fixture
def trace(run, capsys):
    def act(*words):
        capsys.readouterr()
        code = main(["trace", str(run), *words])
        out, err = capsys.readouterr()
        return code, out, err

    return act


def scenario_of(run):
    record = json.loads((run / "manifest.json").read_text("utf-8"))["scenario"]
    same = {name: record[name] for name in ("population", "replicates")}
    return load_scenario("baseline", {"years": "2013..2016", "uncertainty": "none", **same})


def test_the_life_told_is_the_life_lived(run):
    scenario = scenario_of(run)
    people = find_people(scenario.population, 2013)
    simulation = Simulation(people.population, Settings(), Chance(scenario.seed, 1))
    lived = list(simulation.run(4))
    assert lived[0].total("emigrate") > 0
    ends = simulation.population
    for position in range(0, 40, 4):
        person = int(people.population["person"][position])
        life = watch(scenario, people, 1, person, None)
        years = [year.year for year in life.years]
        assert years == [2013, 2014, 2015, 2016][: len(years)]
        assert len(years) == 4 or life.end[1] == "dead"
        place = PLACE.names[ends["place"][position]]
        assert (place == "resident") == (life.end[1].split(",")[0] in ("female", "male"))
        for year in life.years:
            for change in year.changes:
                if "column" in change:
                    assert change["from"] != change["to"]


def test_a_replicate_with_draws_of_its_own_is_watched_with_them(run):
    scenario = replace(scenario_of(run), uncertainty=UNCERTAIN, replicates=3)
    people = find_people(scenario.population, 2013)
    person = int(people.population["person"][0])
    told = [watch(scenario, people, 1, person, None).years[0].choice for _ in range(2)]
    assert told[0] == told[1]
    still = watch(scenario_of(run), people, 1, person, None).years[0].choice
    assert told[0]["probabilities"] != still["probabilities"]
    alone = watch(replace(scenario, replicates=1), people, 1, person, None).years[0].choice
    assert alone["probabilities"] == still["probabilities"]


def test_chances_are_those_of_the_model_and_the_highest_utility_wins(run):
    scenario = scenario_of(run)
    people = find_people(scenario.population, 2013)
    population = people.population
    adults = np.flatnonzero((population["birth_year"] <= 1990) & (population["birth_year"] > 1940))
    for position in adults[: load(12, 4)]:
        life = watch(scenario, people, 0, int(population["person"][position]), None)
        choice = life.years[0].choice
        move, leave = oracles.weights(
            oracles.person(population, position),
            2013,
            published_set(1).coefficients,
            dict(scenario.assumptions),
        )
        expected = np.array([1, move, leave]) / (1 + move + leave)
        np.testing.assert_allclose(list(choice["probabilities"].values()), expected, rtol=1e-9)
        best = max(choice["utilities"], key=choice["utilities"].get)
        events = {change.get("event") for change in life.years[0].changes}
        happened = (
            "emigrate" if "emigrate" in events else "move" if "domestic" in events else "stay"
        )
        assert best == happened


def test_what_befalls_a_person_comes_with_its_chance_and_draw(run):
    """The first who dies dies by the draw that is told, in words and for machines."""
    scenario = scenario_of(run)
    people = find_people(scenario.population, 2013)
    life = watch(scenario, people, 0, None, "death")
    (year,) = (y for y in life.years if any(c.get("event") == "death" for c in y.changes))
    (told,) = (one for one in year.odds if one["process"] == "deaths")
    assert (told["what"], told["befell"], told["happens"]) == ("death", True, True)
    assert told["luck"] < told["chance"]
    said = f"deaths: death, chance {100 * told['chance']:.3g} %, the draw of "
    assert any(line.startswith(said) and line.endswith("is below it") for line in year.lines)
    assert life.record()["years"][0].keys() >= {"odds", "choice", "changes"}


def test_every_change_of_status_comes_with_the_draw_that_made_it(lives):
    changes = 0
    for years in lives:
        for year in years:
            told = {one["process"]: one["happens"] for one in year.odds}
            for change in year.changes:
                if (change["process"], change.get("column")) == ("labour_status", "status"):
                    changes += 1
                    assert told["labour_status"]
    assert changes


def test_odds_are_told_of_what_befell_or_was_drawn_and_of_nothing_else(lives):
    found = [one for years in lives for year in years for one in year.odds]
    assert all(one["befell"] or one["happens"] for one in found)
    assert any(one["happens"] for one in found)


def test_an_event_stands_for_the_first_person_to_whom_it_happens(trace):
    code, out, _ = trace("--event", "emigrate", "--json")
    assert code == 0
    life = json.loads(out)
    events = [change.get("event") for change in life["years"][0]["changes"]]
    assert "emigrate" in events
    code, out, _ = trace(str(life["person"]))
    assert code == 0
    assert "emigration: place resident -> abroad" in out
    assert "of it luck" in out or "does what person" in out


def test_options_may_stand_before_the_person(trace, run):
    person = str(find_people(scenario_of(run).population, 2013).population["person"][5])
    assert trace("--replicate", "1", person) == trace(person, "--replicate", "1")


def test_what_cannot_be_traced_is_said_at_once(trace, run, capsys, tmp_path):
    code, out, err = trace("x", "--event", "hop", "--replicate", "-1")
    assert (code, out) == (2, "")
    for part in ("PERSON: is needed, or --event", "PERSON: is 'x'", "--event: is 'hop'",
                 "--replicate: is '-1'"):  # fmt: skip
        assert part in err
    assert "is nobody of this run" in trace(str(10**15))[2]
    assert main(["trace", str(tmp_path), "1"]) == 2
    assert "holds no manifest.json" in capsys.readouterr().err


def test_a_run_whose_people_are_others_now_is_refused(run, tmp_path, capsys):
    record = json.loads((run / "manifest.json").read_text("utf-8"))
    for name, wrong, said in (
        ("population", "population", "is another than that of the run"),
        ("parameters", "parameters", "are others than those of the run"),
    ):
        folder = tmp_path / name
        folder.mkdir()
        changed = {**record, wrong: {**record[wrong], "sha256": "0" * 64}}
        (folder / "manifest.json").write_text(json.dumps(changed), "utf-8")
        capsys.readouterr()
        assert main(["trace", str(folder), "1"]) == 2
        assert said in capsys.readouterr().err
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "manifest.json").write_text("{", "utf-8")
    assert main(["trace", str(tmp_path / "broken"), "1"]) == 2


def test_stored_numbers_are_told_in_words():
    assert value_of("sex", 0) == "female"
    assert value_of("partner", -1) == "nobody"
    assert value_of("left_year", 0) == "none"
    assert value_of("birth_year", 1980) == "1980"
