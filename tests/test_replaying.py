"""`vandring replay`: a run lived again from its manifest."""

import json
from contextlib import suppress

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from runs import pipeline
from runs.cli import main
from runs.parts import TABLES
from runs.replaying import difference, replay, sentence
from scenarios.schema import load_scenario
from sim.agents import files
from tests.conftest import load, made_people
from tests.killed_runs import no_report


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setattr(pipeline, "write_report", no_report)
    monkeypatch.chdir(tmp_path)
    files.save(made_people(load(600, 60)), tmp_path / "p.parquet")
    options = {"years": "2013..2014", "replicates": "3", "population": "p.parquet",
               "uncertainty": "economy"}  # fmt: skip
    return pipeline.run(load_scenario("baseline", options), out="x").folder


def altered(run, name, row, **changes):
    """Write one of a run's tables anew with one row changed, a row group each as before."""
    path = run / f"{name}.parquet"
    table = pq.read_table(path).unify_dictionaries()
    rows = table.to_pylist()
    rows[row] |= changes
    pq.write_table(pa.Table.from_pylist(rows, table.schema), path)
    return rows[row]


def test_the_same_bits(run, capsys):
    before = sorted((p.name, p.stat().st_mtime_ns) for p in run.iterdir())
    assert main(["replay", "x", "--threads", "2"]) == 0
    assert capsys.readouterr().out == "The bits agree: 3 replicates, 3 files.\n"
    assert sorted((p.name, p.stat().st_mtime_ns) for p in run.iterdir()) == before
    assert main(["replay", "x", "--replicates", "2", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["agrees"], answer["replicates"], answer["of"]) == (True, 2, 3)
    assert replay(run, 99).of == 3
    assert "note: the run has 3 replicates, not 99" in capsys.readouterr().err


@pytest.mark.parametrize("name", TABLES)
def test_where_bits_differ(run, name, capsys):
    rows = pq.read_table(run / f"{name}.parquet").to_pylist()
    row = next(i for i, r in enumerate(rows) if (r["replicate"], r["year"]) == (1, 2014))
    altered(run, name, row, count=rows[row]["count"] + 5)
    assert main(["replay", "x"]) == 1
    said = capsys.readouterr().out
    assert said.startswith(f"The bits differ, first in {name}, replicate 1, year 2014: ")
    total = sum(r["count"] for r in rows if (r["replicate"], r["year"]) == (1, 2014))
    assert f"counts that sum to {total + 5:,} and {total:,} (run and replay)." in said
    assert main(["replay", "x", "--replicates", "1"]) == 1  # the first is as it was
    assert capsys.readouterr().out == (
        f"The counts agree in 1 of 3 replicates, but the bytes of {name}.parquet are not those "
        "that the manifest names.\n"
    )


def test_the_same_counts_in_other_bytes_are_told_from_the_same_bits(run, capsys):
    altered(run, "stocks", 0)
    assert main(["replay", "x", "--json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert answer["first_difference"] is None
    assert answer["files"] == {
        "flows.parquet": True, "stocks.parquet": False, "structure.parquet": True,
    }  # fmt: skip
    assert "the bytes of stocks.parquet are not those" in sentence(replay(run))


def test_a_missing_replicate_and_other_columns():
    table = pa.table({"year": [2013, 2014], "count": [1, 2]})
    assert difference(table, table) is None
    assert difference(table, table.slice(0, 1)) == (
        2014,
        "1 and 0 rows, counts that sum to 2 and 0",
    )
    assert difference(table, table.append_column("x", [["a", "b"]])) == (None, "other columns")
    assert difference(table, table.take([1, 0])) == (None, "the same years in another order")


def test_code_and_inputs_that_differ_are_told_and_the_run_is_replayed(run, capsys):
    files.save(made_people(load(600, 60), seed=2), "p.parquet")
    assert main(["replay", "x", "--replicates", "1"]) == 1
    said = capsys.readouterr()
    assert "vandring: note: population p.parquet is not what it was when the run began" in said.err
    assert "The bits differ, first in flows, replicate 0, year 2013" in said.out
    record = json.loads((run / "manifest.json").read_text())
    del record["code"]  # of a run from before it was noted
    (run / "manifest.json").write_text(json.dumps(record))
    assert main(["replay", "x", "--json"]) == 1
    unlike = json.loads(capsys.readouterr().out)["unlike"]
    assert [problem["where"] for problem in unlike] == ["code", "population"]


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda run: (run / "manifest.json").unlink(), "there is no finished run x"),
        (lambda run: (run / "manifest.json").write_text("{}"), "does not say how the run was made"),
        (lambda run: (run / "manifest.json").write_text("[" * 10**5), "how the run was made"),
        (lambda run: (run / "flows.parquet").write_text("no"), "its tables cannot be read"),
        (lambda run: (run / "stocks.parquet").unlink(), "its tables cannot be read"),
        (lambda run: (run.parent / "p.parquet").unlink(), "p.parquet"),
        (lambda run: run.rename(".x.part"), "x is not finished. Go on with: vandring run --resume"),
    ],
)
def test_what_cannot_be_replayed(run, spoil, says, capsys):
    spoil(run)
    with suppress(SystemExit):
        assert main(["replay", "x"]) == 2
    said = capsys.readouterr().err
    assert says in said
    assert "Traceback" not in said


def test_all_that_is_wrong_comes_at_once(capsys):
    assert main(["replay", "x", "--replicates", "0", "--threads", "many"]) == 2
    said = capsys.readouterr().err
    assert "has 3 problems" in said
    assert "there is no finished run x" in said
