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
    code = main(["validate", "history", "--replicates", "2", "--out", str(out)])
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
    for reason in ("refuge", "family", "education", "unknown"):
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
