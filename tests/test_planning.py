"""`vandring plan`: what it refuses, what it tells, and that a run is as it foretells."""

import json

import numpy as np
import pytest

from runs import planning
from runs.cli import main
from runs.pilot import Later, Lived, Pilot, _in_first_ones, size_of
from runs.planning import in_words
from sim.agents import files
from tests.conftest import COMPILED_ONLY, made_people

pytestmark = COMPILED_ONLY


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    path = tmp_path_factory.mktemp("planned") / "people.parquet"
    files.save(made_people(3_000), path)
    return str(path)


@pytest.fixture
def plan(people, capsys):
    def act(*words):
        capsys.readouterr()
        code = main(["plan", *words, "--population", people, "--years", "2013..2016"])
        out, err = capsys.readouterr()
        return code, out, err

    return act


def test_a_plan_tells_cost_and_precision_and_writes_nothing(plan, people, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(planning, "MANY", 10)
    code, out, _ = plan("baseline", "--half-width", "20%", "--year", "2014", "--json")
    assert code == 0
    found = json.loads(out)
    assert found["persons"] == 3_000
    assert found["run"]["replicates"] == found["precision"]["replicates"] >= 2
    assert found["precision"]["year"] == 2014
    wanted, reached = (found["precision"][name] for name in
                       ("wanted_half_width", "half_width_of_mean"))  # fmt: skip
    assert reached <= wanted * 1.001
    assert found["precision"]["half_width_of_one_history"] > reached
    assert found["run"]["seconds"] == pytest.approx(sum(found["run"]["stages"].values()), abs=0.3)
    assert not list(tmp_path.iterdir())
    lines = "\n".join(in_words(found))
    assert "interval for one history" in lines
    assert "of the mean" in lines


def test_a_run_takes_the_disk_and_memory_that_are_foretold(plan, people, tmp_path):
    """Bytes do not depend on who else uses the machine; seconds do, verification.plans has them."""
    many = 20
    code, out, _ = plan("baseline", "--replicates", str(many), "--json")
    assert code == 0
    foretold = json.loads(out)["run"]
    words = ["run", "baseline", "--population", people, "--years", "2013..2016"]
    assert main([*words, "--replicates", str(many), "--out", str(tmp_path / "run")]) == 0
    found = size_of(tmp_path / "run") / 2**20
    assert found / 1.3 < foretold["disk_mib"] < found * 1.3
    assert foretold["disk_while_running_mib"] > foretold["disk_mib"]
    assert 0.05 < foretold["memory_gib"] < 8


@pytest.mark.parametrize(("words", "said"), [
    (["--half-width", "0"], "a number above 0, or a percentage such as 2%"),
    (["--half-width", "much"], "a number above 0"),
    (["--half-width", "nan"], "a number above 0"),
    (["--of", "stock"], "Say how well it is to be known"),
    (["--half-width", "5", "--replicates", "3"], "Leave one of them out"),
    (["--half-width", "5", "--of", "emigration"], "Did you mean"),
    (["--half-width", "5", "--year", "1999"], "2013 to 2016"),
    (["--half-width", "0.0001%"], "needs more than 100,000 replicates"),
    (["--threads", "none"], "a whole number"),
    (["--halfwidth", "5"], "--half-width"),
])  # fmt: skip
def test_what_cannot_be_is_refused(plan, monkeypatch, words, said):
    monkeypatch.setattr(planning, "MANY", 3)
    code, out, err = plan("baseline", *words)
    assert code == 2
    assert said in err
    assert not out


def test_all_problems_come_at_once(plan):
    _, _, err = plan("baselin", "--half-width", "x", "--threads", "0", "--year", "soon")
    for words in ("baselin", "--half-width", "--threads", "--year"):
        assert words in err
    _, _, err = plan("baseline", "--half-width", "nan", "--of", "foo", "--year", "1900")
    assert "has 3 problems" in err


PEOPLE = made_people(5)


def seconds(wall):
    return np.array([wall, wall / 2])


def made_pilot(threads):
    """A pilot as if measured: 1 s for the first year, 0.5 s for a later one, on the wall."""
    pilot = Pilot.__new__(Pilot)
    pilot.population, pilot.threads, pilot.before = seconds(3), threads, 100.0
    pilot.lived = Lived(cold=seconds(2), first=seconds(1), later=seconds(0.5), end=seconds(0.25),
                        keep=seconds(0.1), bytes_kept=10, bytes_merged=4, held=2, most=150)  # fmt: skip
    pilot.later = Later(None, growth=2, years=9, rows=3, room=2.5)
    pilot.job = type("J", (), {"plan": type("P", (), {"population": PEOPLE})})
    pilot._written = {copies: (seconds(6), 50, 30) for copies in (20, 40)}
    return pilot


@pytest.mark.parametrize("threads", [1, 2])
def test_costs_add_up_as_by_hand(threads):
    found = made_pilot(threads).forecast(20)
    one = 1 + 9 * 0.5 + 0.25 + 3 * 0.1
    assert found.simulation == pytest.approx(2 + 20 / threads * one)
    assert found.seconds == pytest.approx(3 + found.simulation + 6)
    assert found.processor == pytest.approx((3 + 2 + 20 * one + 6) / 2)
    assert found.memory == 100 + 50 * 2 + 2 * 3 * 20 + 30
    assert found.disk == 4 * 2.5 * 20 + 50
    assert found.disk_while_running == found.disk + 10 * 3 * 20 + 2 * threads * PEOPLE.nbytes * 2


def test_more_replicates_than_were_copied_cost_in_proportion():
    assert made_pilot(1).forecast(80).writing == 12


def test_years_last_as_long_as_their_persons_ask_for_beside_what_every_year_takes():
    persons = np.linspace(1_000, 4_000, 30)
    spent = np.full(29, 0.01)
    assert _in_first_ones(persons, spent, 2, 1.0) == pytest.approx(30)  # whoever lives them
    told = (persons / persons[:2].mean()).sum()
    assert _in_first_ones(persons, persons[:29] * 1e-6, 2, 5.0) == pytest.approx(told)
    # Half of a year of 1,000 persons is for all; of ten times as many a tenth as much.
    spent = 0.001 + persons[:29] * 1e-6
    told = ((100 + persons) / (100 + persons[:2].mean())).sum()
    assert _in_first_ones(persons, spent, 2, 10.0) == pytest.approx(told)
    assert _in_first_ones(persons[:4], spent[:3], 2, 1.0) == pytest.approx(
        (persons[:4] / persons[:2].mean()).sum()
    )
    assert _in_first_ones(persons[:0], spent[:0], 0, 1.0) == 0
