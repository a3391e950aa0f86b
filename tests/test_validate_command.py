"""`vandring validate`: wrong words, and a small backtest from end to end."""

import csv
import json

import pytest

from runs import validating
from runs.cli import main
from runs.validation import backtest as backtests
from sim.jit import COMPILED


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--replicates", "0"], "--replicates: is '0'; allowed: a whole number, 1 to 1,000"),
        (["--threads", "many"], "--threads: is 'many'"),
        (["--replicate", "2"], "Did you mean '--replicates'?"),
        (["histroy"], "Did you mean 'history'?"),
        (["history", "--out", "."], "is the folder that you stand in"),
        (["--mapping", "x.yaml"], "--mapping: is for files of --against, and there are none"),
        (["--against", "none.csv"], "none.csv has 1 problem"),
        (["--against", "none.csv", "--tolerance", "0"], "--tolerance: is '0'"),
    ],
)
def test_wrong_words_get_one_answer(words, says, capsys):
    assert main(["validate", *words]) == 2
    err = capsys.readouterr().err
    assert says in err
    assert "Traceback" not in err


def test_a_part_of_the_population_is_refused(tmp_path, capsys):
    (tmp_path / "some.yaml").write_text(
        "name: some\nquestion: Some?\nbased_on: history\npopulation: embedded:0.1\n"
    )
    assert main(["validate", str(tmp_path / "some.yaml")]) == 2
    assert "the record is of all immigrants" in capsys.readouterr().err


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    if not COMPILED:
        pytest.skip("needs the whole population")
    patch = pytest.MonkeyPatch()
    patch.setattr(backtests, "years_of", lambda part: (2013, 2013))  # one year says enough here
    patch.setattr(backtests, "FIRST", 2013)
    out = tmp_path_factory.mktemp("validation") / "out"
    own = out.parent / "own.csv"
    own.write_text("measure,year,reason,value,unit\nemigration_rate,2013,work,5.5,percent\n"
                   "stock,2013,refuge,1,persons\n")  # fmt: skip
    words = ["--replicates", "2", "--out", str(out), "--against", str(own)]
    code = main(["validate", "history", *words])
    patch.undo()
    assert code in (validating.DONE, validating.FAILED)
    return out, code


def test_the_scorecard_tells_every_pattern(folder):
    out, code = folder
    record = json.loads((out / "scorecard.json").read_text())
    assert len(record["patterns"]) == 561
    assert len(record["core"]) == 30
    assert record["reached"] == (code == validating.DONE)
    told = [p for p in record["patterns"] if p["holds"] is not None]
    assert len(told) > 150
    assert all(p["why"] for p in record["patterns"] if p["holds"] is None)
    held = {p["id"]: p["holds"] for p in record["patterns"]}
    assert any(not one["judged"] for one in record["clusters"])
    for one in (*record["core"], *record["clusters"]):
        assert (one["holds"] is None) == (one["judged"] == 0)
    for reason in ("refuge", "family", "unknown"):  # education and Nordic stand at their bounds
        assert held[f"r2016.t4_1.{reason}.all.emig"]
    table = (out / "scorecard.csv").read_text().splitlines()
    assert len(table) == 562


def test_the_page_shows_clusters_findings_and_numbers(folder):
    page = (folder[0] / "validation.html").read_text()
    for words in ("core clusters hold", "Table 4.1", "held out", "Rapporter 2016/27",
                  "Emigration by size of family", "Luck"):  # fmt: skip
        assert words in page


def test_published_tables_stand_beside_the_models(folder):
    with (folder[0] / "tables.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    of = {row["table"] for row in rows if row["inside"]}
    assert {"4.1", "4.2", "4.3", "5.2", "5.31", "6.2", "6.16"} <= of
    nordic = next(row for row in rows if row["row"] == "nordic, family of 2, all families")
    assert abs(float(nordic["simulated"]) - float(nordic["published"])) < 1
    page = (folder[0] / "tables.html").read_text()
    assert "Table 6.16" in page


def test_own_figures_are_judged_apart(folder):
    """Of refugees there are 80,000 and more, not one; work immigrants leave in percents."""
    with (folder[0] / "against.csv").open(encoding="utf-8") as file:
        work, refuge = csv.DictReader(file)
    assert refuge["holds"] == refuge["inside"] == "no"
    assert float(refuge["simulated"]) > 80_000
    assert 2 < float(work["simulated"]) < 12
    record = json.loads((folder[0] / "scorecard.json").read_text())
    assert [one["measure"] for one in record["against"]] == ["emigration_rate", "stock"]
    assert len(record["patterns"]) == 561, "they count nothing towards the published findings"
    assert "own.csv, line 3" in (folder[0] / "against.html").read_text()
