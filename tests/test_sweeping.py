"""`vandring sensitivity` from a user's side: what it writes, says and refuses."""

import csv
import json
import multiprocessing
import os
import signal
import time

import numpy as np
import pyarrow.parquet as pq
import pytest

from runs.cli import main
from runs.sensitivity import sweep
from runs.sensitivity.store import LIVED, hidden
from sim.agents import files
from tests.conftest import COMPILED_ONLY, made_people
from tests.test_report import Page

pytestmark = COMPILED_ONLY
N = 2_500
TEXT = """
name: mine
question: What moves emigrations?
based_on: baseline
years: 2013..2014
population: people.parquet
ranges:
  emigration: x0.5 to x2
  return: {2013..2014: x0.2 to x3}
  unemployment.norway: {2050: +0 to +1}
outputs:
  - emigrations in 2013..2014
  - stock of refugees in 2015
"""
FILES = {"sensitivity.parquet", "indices.csv", "tornado.svg", "tornado.png", "sensitivity.html",
         "manifest.json"}  # fmt: skip


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = tmp_path_factory.mktemp("sensitivity")
    files.save(made_people(N), home / "people.parquet")
    (home / "mine.yaml").write_text(TEXT)
    return home


@pytest.fixture
def ask(home, tmp_path, monkeypatch, capsys):
    """Run the command; return exit code, the folder, and what was said."""
    monkeypatch.chdir(tmp_path)
    count = iter(range(100))

    def go(*words, out=None, scenario="mine.yaml"):
        folder = out or tmp_path / f"out{next(count)}"
        capsys.readouterr()
        code = main(["sensitivity", str(home / scenario), "--out", str(folder), *words])
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        return code, folder, said.out, said.err

    return go


def table(folder, name="indices.csv"):
    with (folder / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def index(folder, output, name, of):
    (row,) = (r for r in table(folder) if (r["output"], r["index"], r["input"]) == (output, name, of)
              and not r["other_input"])  # fmt: skip
    return float(row["value"])


E = "emigrations in 2013..2014"
IDLE = "unemployment.norway in 2050"
SMALL = {"oat": ["--replicates", "2"], "morris": ["--size", "4"], "sobol": ["--size", "8", "--second-order"],
         "delta": ["--size", "64"]}  # fmt: skip


@pytest.mark.parametrize("method", SMALL)
def test_one_command_answers_in_a_sentence_and_writes_a_whole_folder(ask, method, monkeypatch):
    monkeypatch.setattr("runs.sensitivity.indices.DELTA_RESAMPLES", 3)
    code, folder, out, err = ask("--method", method, *SMALL[method], "--threads", "2")
    assert code == 0, err
    assert {path.name for path in folder.iterdir()} == FILES
    assert out.startswith(f"What matters most for {E}: the odds of emigrating, ")
    assert not hidden(folder).exists()
    record = json.loads((folder / "manifest.json").read_text("utf-8"))
    assert record["answer"][0] in out
    page = (folder / "sensitivity.html").read_text("utf-8")
    Page(page)  # well formed
    for words in ("What matters most", "Assumptions", "emigration", method, "Read with care"):
        assert words in page
    held = pq.read_table(folder / "sensitivity.parquet").to_pandas()
    assert len(held) == record["points"] * record["replicates"]
    assert list(held)[:3] == ["point", "replicate", "input: emigration"]
    assert any(row["index"] == "second" for row in table(folder)) == (method == "sobol")
    if method != "delta":
        names = {"oat": "swing", "morris": "mu_star", "sobol": "total"}
        assert index(folder, E, names[method], IDLE) == 0
        assert index(folder, E, names[method], "emigration") > 0


def test_the_ends_are_the_runs_of_two_scenarios(ask, home, tmp_path):
    """One at a time equals `vandring run` of scenarios that say the same, to the last person."""
    code, folder, _, _ = ask("--method", "oat")
    assert code == 0
    held = pq.read_table(folder / "sensitivity.parquet").to_pandas()
    for point, change in ((1, "emigration: x0.5"), (4, "return: {2013..2014: x3}")):
        text = TEXT[: TEXT.index("ranges:")] + f"changes: {{{change}}}\n"
        (home / "end.yaml").write_text(text)
        run = tmp_path / f"run{point}"
        assert main(["run", str(home / "end.yaml"), "--replicates", "1", "--uncertainty", "none",
                     "--out", str(run)]) == 0  # fmt: skip
        flows = pq.read_table(run / "flows.parquet").to_pandas()
        stocks = pq.read_table(run / "stocks.parquet").to_pandas()
        due = flows.loc[flows.event == "emigrate", "count"].sum()
        there = stocks.loc[(stocks.year == 2015) & (stocks.reason == "refuge"), "count"].sum()
        assert held.loc[point, f"output: {E}"] == due
        assert held.loc[point, "output: stock of refugees in 2015"] == there


def test_inputs_are_empty_where_the_scenario_stays_as_it_is(ask):
    _, folder, _, _ = ask("--method", "oat")
    held = pq.read_table(folder / "sensitivity.parquet").to_pandas()
    mine = held["input: emigration"].to_numpy()
    np.testing.assert_array_equal(mine, [np.nan, 0.5, 2.0, *[np.nan] * 4])


def worker(words, slow):
    """Live an analysis in a process of its own, slowly enough to be killed in the middle."""
    os.environ["OMP_NUM_THREADS"] = "1"
    before = sweep.evaluate

    def slowly(experiment, run):
        time.sleep(slow)
        return before(experiment, run)

    sweep.evaluate = slowly
    main(words)


@pytest.mark.parametrize("after", [1, 6])
def test_a_killed_analysis_goes_on_to_the_same_bytes(ask, home, tmp_path, after):
    words = ["--method", "morris", "--size", "4"]
    code, whole, _, _ = ask(*words)
    assert code == 0
    cut = tmp_path / "cut"
    asked = ["sensitivity", str(home / "mine.yaml"), "--out", str(cut), *words]
    process = multiprocessing.get_context("fork").Process(target=worker, args=(asked, 0.05))
    process.start()
    path = hidden(cut) / LIVED
    end = time.monotonic() + 60
    while time.monotonic() < end and (not path.exists() or path.read_bytes().count(b"\n") < after):
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    lived = path.read_bytes().count(b"\n")
    assert after <= lived < 16
    assert not cut.exists()
    code, _, _, err = ask(*words, out=cut)
    assert code == 2
    assert "--resume" in err
    code, _, _, err = ask(*words, "--resume", "--threads", "2", out=cut)
    assert code == 0, err
    for name in ("sensitivity.parquet", "indices.csv"):
        assert (cut / name).read_bytes() == (whole / name).read_bytes()
    assert not hidden(cut).exists()


def test_a_stopped_analysis_says_how_to_go_on(ask, monkeypatch, tmp_path):
    count = iter(range(100))
    before = sweep.evaluate

    def stopped(experiment, run):
        if next(count) == 3:
            raise KeyboardInterrupt
        return before(experiment, run)

    monkeypatch.setattr(sweep, "evaluate", stopped)
    code, folder, _, err = ask("--method", "oat", out=tmp_path / "stopped")
    assert code == 130
    assert "--resume goes on" in err
    assert not folder.exists()
    monkeypatch.setattr(sweep, "evaluate", before)
    assert ask("--method", "oat", "--resume", out=folder)[0] == 0


def test_output_on_the_command_line_replaces_those_of_the_file(ask):
    code, folder, out, _ = ask(
        "--method", "oat", "--output", "deaths in 2013", "--output", "births by sex in 2014"
    )
    assert code == 0
    assert {row["output"] for row in table(folder)} == {
        "deaths in 2013", "births of sex female in 2014", "births of sex male in 2014"
    }  # fmt: skip
    assert "What matters most for deaths in 2013" in out


def test_draws_of_what_is_uncertain_are_inputs(ask):
    code, folder, _, err = ask("--size", "8", "--uncertainty", "all", "--output",
                               "emigrations in 2013")  # fmt: skip
    assert code == 0, err
    inputs = {row["input"] for row in table(folder)}
    assert {"parameters", "economy"} <= inputs
    assert index(folder, "emigrations in 2013", "total", "economy") == 0  # known until 2013
    assert index(folder, "emigrations in 2013", "total", "parameters") > 0


def test_json_tells_what_was_found(ask):
    code, folder, out, _ = ask("--method", "oat", "--json")
    assert code == 0
    held = json.loads(out)
    assert held["folder"] == str(folder)
    assert held["answer"]
    assert {one["name"] for one in held["inputs"]} == {"emigration", "return in 2013..2014", IDLE}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--method", "sobl"], "Did you mean 'sobol'?"),
        (["--size", "100"], "64 and 128 are the nearest"),
        (["--size", "many"], "--size: is 'many'"),
        (["--method", "oat", "--uncertainty", "all"], "draws have no order"),
        (["--uncertainty", "everything"], "--uncertainty"),
        (["--method", "oat", "--second-order"], "with sobol only"),
        (["--output", "emigratons in 2013"], "Did you mean 'emigrations'?"),
        (["--output", "births in 2030"], "is of other years than those of the run"),
        (["--replicates", "0"], "--replicates: is '0'"),
        (["--thread", "2"], "Did you mean '--threads'?"),
        (["--resume"], "nothing unfinished"),
        (["--years", "2014..2014", "--output", "births in 2014"], "begin with 2014, but the population"),
        (["--output", "stock of women, municipality 0301, origin iraq, education none, status student, age group 25-35 in 2013"],
         "combinations"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused_with_a_cure(ask, words, said):
    code, folder, _, err = ask(*words)
    assert code == 2
    assert said in " ".join(err.split())
    assert not folder.exists()
    assert not hidden(folder).exists()


def test_all_that_is_wrong_comes_at_once(ask):
    words = ("--method", "sobl", "--threads", "0", "--replicates", "x", "--size", "y")
    code, _, _, err = ask(*words, "--output", "emigratons in 2013", "--uncertainty", "some")
    assert code == 2
    assert "has 6 problems" in err
    code, _, _, err = ask("--method", "sobl", "--output", "births in 2030")
    assert code == 2
    assert "has 2 problems" in err


def test_what_is_wrong_comes_beside_a_scenario_that_is_not_there(capsys):
    words = ["--output", "emigratons in 2013", "--method", "oat", "--second-order"]
    assert main(["sensitivity", "nosuch", *words]) == 2
    assert "has 3 problems" in capsys.readouterr().err


def test_a_scenario_without_ranges_or_outputs_is_told_what_is_missing(home, tmp_path, capsys):
    (home / "bare.yaml").write_text("name: bare\nquestion: Why?\nbased_on: baseline\n")
    assert main(["sensitivity", str(home / "bare.yaml"), "--out", str(tmp_path / "x")]) == 2
    err = capsys.readouterr().err
    assert "ranges: are none" in err
    assert "outputs: are none" in err


def test_a_finished_analysis_is_not_written_over(ask):
    code, folder, _, _ = ask("--method", "oat")
    assert code == 0
    code, _, _, err = ask("--method", "oat", out=folder)
    assert code == 2
    assert "is not empty" in err


def test_the_same_question_has_one_place_of_its_own(home, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    words = [
        "sensitivity",
        str(home / "mine.yaml"),
        "--method",
        "oat",
        "--output",
        "births in 2013",
    ]
    assert main(words) == 0
    (folder,) = (tmp_path / "runs" / "out").iterdir()
    assert folder.name.startswith("sensitivity-mine-oat-")
    assert main(words) == 2
    assert "is there already" in capsys.readouterr().err
