"""`vandring expect`: what it prints and writes, and what it refuses."""

import csv
import json
import time

import pytest

from runs import people
from runs.cli import main
from runs.expecting import COLUMNS, HEADINGS
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


def several(*words):
    scenarios = ("baseline", "by_sex_and_centrality", "low_immigration")
    return main(["expect", *scenarios, *SMALL, *words])


@COMPILED_ONLY
def test_several_scenarios_are_answered_in_turn_and_compared(capsys):
    assert expect() == 0
    alone = capsys.readouterr().out
    assert several() == 0
    said = capsys.readouterr()
    table = alone[: alone.index("- ")]
    assert said.out.startswith(table)  # as if it had been asked alone
    assert said.out.count("Expected persons a year") == 3
    assert said.out.count("Nothing is said of uncertainty") == 1
    assert said.err.count(" s of start\n") == 3
    last = said.out[said.out.index("how many more than in baseline") :].splitlines()
    assert last[1].split("  ")[-1].strip() == "low_immigration, more"
    whole = [[int(word.replace(",", "")) for word in line.split()] for line in last[2:4]]
    for year, first, second, third, more, still_more in whole:
        assert year in (2013, 2014)
        assert abs(more - (second - first)) <= 1
        assert abs(still_more - (third - first)) <= 1


@COMPILED_ONLY
def test_several_are_a_list_in_json_and_have_a_column_in_the_file(capsys, tmp_path):
    file = tmp_path / "expected.csv"
    assert several("--json", "--out", str(file)) == 0
    told = json.loads(capsys.readouterr().out)
    assert [answer["scenario"] for answer in told][1:] == [
        "by_sex_and_centrality",
        "low_immigration",
    ]
    written = list(csv.DictReader(file.read_text("utf-8").splitlines()))
    assert tuple(written[0]) == ("scenario", *COLUMNS)
    numbers = [
        (answer["scenario"], row["expected"]) for answer in told for row in answer["expected"]
    ]
    assert len(numbers) == len(written)
    for (scenario, number), row in zip(numbers, written, strict=True):
        assert row["scenario"] == scenario
        assert float(row["expected"]) == pytest.approx(number, abs=6e-4)


@COMPILED_ONLY
def test_people_of_one_start_are_found_once(monkeypatch, capsys):
    asked, find = [], people.find_population
    monkeypatch.setattr(
        people, "find_population", lambda *which: asked.append(which) or find(*which)
    )
    assert several() == 0
    assert asked == [("embedded:0.01", 2013)]


def test_of_several_all_problems_are_told_at_once(capsys):
    words = [
        "baseline",
        "no_such",
        "--model-type",
        "9",
        "nor_this",
        "baseline",
        "--replicates",
        "3",
    ]
    assert main(["expect", *words]) == 2
    said = capsys.readouterr().err
    assert said.startswith("vandring: command has 5 problems:")
    assert said.count("--model-type: is '9'") == 1  # the option is wrong for all of them
    for found in ("no_such: ", "nor_this: ", "more than once", "--replicates: is unknown"):
        assert found in said


def test_years_that_no_population_begins_with_are_told_once_of_several(capsys):
    assert (
        main(
            [
                "expect",
                "baseline",
                "low_immigration",
                "--population",
                "embedded:0.01",
                "--years",
                "2015..2016",
            ]
        )
        == 2
    )
    said = capsys.readouterr().err
    assert said.count("begin with 2015") == 1
    assert "Traceback" not in said


@COMPILED_ONLY
def test_the_twin_takes_a_few_times_what_a_simulation_takes():
    """Processor time of four years of everybody, beside each other: about 1.5 times; 4 is too much.

    Both have lived a year before, so that no kernel is compiled while the clock runs.
    """
    everybody = people.find_population("embedded", 2013)
    settings = Settings()

    def simulate(years):
        list(Simulation(everybody, settings, Chance(1)).run(years))

    def expected(years):
        list(Twin(everybody, settings).run(years))

    taken = []
    for live in (simulate, expected):
        live(1)
        begun = time.process_time()
        live(4)
        taken.append(time.process_time() - begun)
    assert taken[1] < 4 * taken[0]
