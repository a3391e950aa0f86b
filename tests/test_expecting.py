"""`vandring expect`: what it prints and writes, and what it refuses."""

import csv
import json
import time

import pytest

from runs.cli import main
from runs.expecting import COLUMNS, HEADINGS
from runs.people import find_people
from sim.chance import Chance
from sim.engine import Simulation
from sim.jit import COMPILED
from sim.transitions.process import Settings
from sim.twin.model import EVENTS, GROUPS, Twin

COMPILED_ONLY = pytest.mark.skipif(not COMPILED, reason="minutes where kernels are not compiled")
SMALL = ("--population", "embedded:0.01", "--years", "2013..2014")


def expect(*words):
    return main(["expect", "baseline", *SMALL, *words])


@COMPILED_ONLY
def test_lines_tell_every_year_and_what_is_approximate(capsys):
    assert expect() == 0
    said = capsys.readouterr().out
    for heading in HEADINGS.values():
        assert heading in said
    assert said.count("\n2013 ") == 3
    assert said.count("\n2015 ") == 2  # the stock that the last year leaves
    assert "Nothing is said of uncertainty" in said
    assert "reconstructed register" in said


@COMPILED_ONLY
def test_json_and_file_hold_the_same_numbers(capsys, tmp_path):
    file = tmp_path / "expected.csv"
    assert expect("--json", "--out", str(file)) == 0
    told = json.loads(capsys.readouterr().out)["expected"]
    written = list(csv.DictReader(file.read_text("utf-8").splitlines()))
    assert tuple(written[0]) == COLUMNS
    assert len(told) == len(written) == len(GROUPS) * (2 * (len(EVENTS) + 1) + 1)
    for one, other in zip(told, written, strict=True):
        assert float(other["expected"]) == pytest.approx(one["expected"], abs=6e-4)
    assert [path.name for path in tmp_path.iterdir()] == ["expected.csv"]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["baseline", "--replicates", "3"], "--replicates"),
        (["no_such"], "no_such"),
        (["baseline", "--years", "2014..2013"], "2014..2013"),
        (["baseline", "--population", "nowhere.parquet"], "nowhere.parquet"),
        (["baseline", "--out", "no_such_folder/a.csv"], "no_such_folder"),
        (["baseline", "--out", "."], "folder"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_lived(words, found, capsys):
    assert main(["expect", *words]) == 2
    said = capsys.readouterr().err
    assert found in said
    assert "Traceback" not in said


def test_all_problems_come_at_once(capsys):
    words = ["baseline", "--years", "x", "--model-type", "9", "--out", "no_such_folder/a.csv"]
    assert main(["expect", *words]) == 2
    said = capsys.readouterr().err
    assert "years" in said
    assert "--model-type" in said
    assert "no_such_folder" in said


def test_a_file_that_is_there_is_never_written_over(capsys, tmp_path):
    file = tmp_path / "mine.csv"
    file.write_text("mine")
    assert main(["expect", "baseline", "--out", str(file)]) == 2
    assert "is there already" in capsys.readouterr().err
    assert file.read_text() == "mine"


@COMPILED_ONLY
def test_the_twin_takes_a_few_times_what_a_simulation_takes():
    """Processor time of four years of everybody, beside each other: about 1.5 times; 4 is too much.

    Both have lived a year before, so that no kernel is compiled while the clock runs.
    """
    people = find_people("embedded", 2013).population
    settings = Settings()

    def simulate(years):
        list(Simulation(people, settings, Chance(1)).run(years))

    def expected(years):
        list(Twin(people, settings).run(years))

    taken = []
    for live in (simulate, expected):
        live(1)
        begun = time.process_time()
        live(4)
        taken.append(time.process_time() - begun)
    assert taken[1] < 4 * taken[0]
