"""`vandring check` and `vandring example-data`: what they print, write, answer and refuse."""

import json
import subprocess
import sys

import pytest

from runs.cli import main


@pytest.fixture
def command(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def run(*words):
        code = main(list(words))
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return code, out, err

    return run


@pytest.fixture
def raw(command, tmp_path):
    command("example-data", "--rows", "500", "--raw", "--out", "raw.csv")
    return tmp_path / "raw.csv"


def spoil(path, row, name, word):
    """Put a word into one field of a file of ours (rows count from 1)."""
    lines = path.read_text("utf-8").splitlines()
    names = lines[0].replace('"', "").split(";")
    fields = lines[row].split(";")
    fields[names.index(name)] = word
    lines[row] = ";".join(fields)
    path.write_text("\n".join(lines) + "\n", "utf-8")


def test_a_clean_file_answers_0(command):
    code, out, err = command("example-data", "--rows", "2000", "--out", "x.csv")
    assert (code, err) == (0, "")
    assert out == "2,000 persons who do not exist: x.csv\n"
    code, out, err = command("check", "x.csv")
    assert (code, err) == (0, "")
    assert out == "x.csv: 2,000 rows; 2,000 of them are right.\nThese persons are synthetic.\n"


def test_the_tour_of_the_page(command, raw, tmp_path):
    for row in (17, 40, 51):
        spoil(raw, row, "GRUNN", "9")
    spoil(raw, 60, "FODTAAR", "2014")
    code, out, err = command(
        "check", "raw.csv", "--mapping", "raw.mapping.yaml", "--fix", "clean.parquet"
    )
    assert (code, err) == (1, "")
    for words in (
        "outcomes of 2013; 496 of them are right.",
        "reason: 3 rows hold '9' (first: 17, 40, 51); allowed: work, refuge",
        "birth_year: 1 row implies an impossible age at the end of 2012 (60); allowed: ages 0 to 120. "
        "Is the year in the mapping right?",
        "left out:",
        "status from months_unemployed, employed, student: 496 rows",
        "sex: 2 is female, ",
        "The right rows are in clean.parquet, the others with reasons in clean.dropped.csv.",
    ):
        assert words in out, words
    assert "17,reason,holds '9'" in (tmp_path / "clean.dropped.csv").read_text()
    code, out, _ = command("check", "clean.parquet", "--json")
    told = json.loads(out)
    assert code == 0 if not told["errors"] else 1
    assert (told["rows"], told["right"], told["year"], told["synthetic"]) == (496, 496, 2013, True)


def test_json_tells_all(command, raw):
    spoil(raw, 3, "KJONN", "3")
    code, out, _ = command("check", "raw.csv", "--mapping", "raw.mapping.yaml", "--json", "--examples", "5",
                           "--fix", "clean.parquet")  # fmt: skip
    told = json.loads(out)
    assert code == 1
    wrong = told["errors"][0]
    assert (wrong["column"], wrong["found"], wrong["rows"], wrong["first"]) == (
        "sex",
        "hold '3'",
        1,
        [3],
    )
    assert told["right"] == 499
    assert told["written"] == {"clean": "clean.parquet", "dropped": "clean.dropped.csv"}
    assert {"column": "age", "from": "birth_year", "rows": 499} in told["derived"]
    assert sum(r["rows"] for r in told["recoded"] if r["column"] == "sex") == 499
    assert all(len(finding["first"]) <= 5 for finding in told["left_out"])


def test_a_missing_column_is_answered_with_1_and_nothing_is_written(command, raw, tmp_path):
    code, out, _ = command("check", "raw.csv", "--fix", "clean.parquet")
    assert code == 1
    assert "sex: is missing" in out
    assert "Nothing is written: no row is right, or a column lacks." in out
    assert not (tmp_path / "clean.parquet").exists()


WRONG = {
    ("check",): "DATA",
    ("check", "none.csv"): "file: does not exist",
    ("check", "x.csv", "--mapping", "none.yaml"): "none.yaml has 1 problem",
    ("check", "x.csv", "--mapping", "bad.yaml"): "'colums': is unknown as a key",
    ("check", "x.csv", "--mapping", "torn.yaml"): "torn.yaml has 1 problem",
    ("check", "x.csv", "--mapping", "."): "cannot be read",
    (
        "check",
        "x.csv",
        "--fix",
        "out.csv",
    ): "--fix: is 'out.csv'; allowed: a file ending in .parquet",
    ("check", "x.csv", "--fix", ""): "--fix: is missing",
    ("check", "x.csv", "--fix", "no/out.parquet"): "there is no folder 'no'",
    ("check", "x.parquet", "--fix", "x.parquet"): "--fix: is DATA itself",
    (
        "check",
        "x.csv",
        "--examples",
        "0",
    ): "--examples: is '0'; allowed: a whole number, 1 to 1,000",
    ("check", "x.csv", "--fx", "o"): "Did you mean '--fix'?",
    ("example-data",): "--out: is missing",
    ("example-data", "--out", "."): "is a folder",
    ("example-data", "--out", "x.txt"): "a file ending in .csv or .parquet",
    ("example-data", "--out", "x.csv", "--rows", "many", "--seed", "-1"): "command has 2 problems",
}


@pytest.mark.parametrize("words", WRONG, ids=" ".join)
def test_wrong_usage_answers_2(command, tmp_path, words):
    (tmp_path / "x.csv").write_text("sex\n1\n")
    (tmp_path / "bad.yaml").write_text("colums: {}\n")
    (tmp_path / "torn.yaml").write_text("columns: {\n")
    before = sorted(tmp_path.iterdir())
    code, out, err = command(*words)
    assert (code, out) == (2, "")
    assert WRONG[words] in err
    assert sorted(tmp_path.iterdir()) == before


def test_a_place_that_cannot_be_written_is_a_problem(command, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pyarrow.csv.write_csv", full)
    code, _, err = command("example-data", "--rows", "100", "--out", "x.csv")
    assert code == 2
    assert "--out: cannot be written (No space left on device)" in err


@pytest.mark.parametrize("name", ["check", "example-data"])
def test_help_shows_examples_and_needs_nothing_heavy(name):
    look = (
        "import sys\nfrom runs.cli import main\n"
        f"try: main(['{name}', '--help'])\nexcept SystemExit: pass\n"
        "assert not {'numpy', 'pyarrow', 'pandas', 'yaml'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert f"  vandring {name} " in done.stdout
