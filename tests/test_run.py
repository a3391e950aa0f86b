"""The command line and the run folder, from a user's side."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from runs import pipeline
from runs.cli import main
from runs.manifest import sha256_of
from runs.store import whole_folder
from scenarios.schema import load_scenario, names
from sim.agents import files
from sim.problems import InputError
from tests.conftest import load, made_people

N = load(6_000, 120)
YEARS = "2013..2015"


@pytest.fixture
def population(tmp_path):
    path = tmp_path / "people.parquet"
    files.save(made_people(N), path)
    return str(path)


@pytest.fixture
def run(population, tmp_path, capsys):
    """Run the command line in a folder of its own; return exit code, folder, out and err."""
    count = iter(range(100))

    def go(*words, scenario="baseline", people=population):
        out = tmp_path / f"run{next(count)}"
        code = main(
            [
                "run",
                scenario,
                "--years",
                YEARS,
                "--replicates",
                "3",
                "--population",
                people,
                "--out",
                str(out),
                *words,
            ]
        )
        said = capsys.readouterr()
        return code, out, said.out, said.err

    return go


def counts(folder):
    return pq.read_table(folder / "flows.parquet")


def test_a_run_leaves_everything_that_it_promises(run, population):
    code, folder, out, _ = run()
    assert code == 0
    assert str(folder / "report.html") in out
    assert {p.name for p in folder.iterdir()} >= {
        "manifest.json",
        "flows.parquet",
        "stocks.parquet",
        "report.html",
        "figures",
        "summary_total.csv",
        "summary_by_reason.csv",
    }
    assert {p.suffix for p in (folder / "figures").iterdir()} == {".svg"}
    record = json.loads((folder / "manifest.json").read_text())
    assert record["years"] == [2013, 2015]
    assert record["population"]["persons"] == N
    assert record["files"]["flows.parquet"] == sha256_of(folder / "flows.parquet")
    assert {a["name"] for a in record["assumptions"]} >= {
        "closed_population",
        "children",
        "old_age",
    }
    assert record["versions"]["numba"]
    assert "<html" in (folder / "report.html").read_text()


def test_flows_and_stocks_balance_in_every_replicate_and_year(run):
    _, folder, _, _ = run()
    flows, stocks = counts(folder), pq.read_table(folder / "stocks.parquet")
    assert set(flows["event"].unique().to_pylist()) <= {"stay", "domestic", "emigrate"}
    for replicate in range(3):
        before = N
        for year in (2013, 2014, 2015):
            here = flows.filter(
                pc.and_(pc.equal(flows["replicate"], replicate), pc.equal(flows["year"], year))
            )
            sums = here.group_by("event").aggregate([("count", "sum")]).to_pylist()
            by = {row["event"]: row["count_sum"] for row in sums}
            assert sum(by.values()) == before
            before -= by.get("emigrate", 0)
            stock = stocks.filter(
                pc.and_(
                    pc.equal(stocks["replicate"], replicate), pc.equal(stocks["year"], year + 1)
                )
            )
            assert pc.sum(stock["count"]).as_py() == before


@pytest.mark.parametrize("draws", ["explicit", "threshold"])
def test_threads_chunks_and_order_leave_the_very_same_files(run, tmp_path, population, draws):
    turned = tmp_path / "turned.parquet"
    people = files.load(population)
    files.save(people.select(np.random.default_rng(5).permutation(N)), turned)
    base = run("--draws", draws)[1]
    for words in (
        {"words": ("--threads", "2")},
        {"words": ("--chunk", "97")},
        {"words": ("--threads", "3", "--chunk", "1000"), "people": str(turned)},
    ):
        other = run("--draws", draws, *words["words"], people=words.get("people", population))[1]
        for name in ("flows.parquet", "stocks.parquet"):
            assert sha256_of(base / name) == sha256_of(other / name)


def test_a_scenario_that_changes_nothing_leaves_the_very_same_files(run):
    base, other = run()[1], run(scenario="unchanged")[1]
    assert sha256_of(base / "flows.parquet") == sha256_of(other / "flows.parquet")


def test_another_seed_and_another_model_leave_other_files(run):
    hashes = {
        sha256_of(run(*words)[1] / "flows.parquet")
        for words in ((), ("--seed", "1"), ("--model-type", "2"), ("--model-type", "3"))
    }
    assert len(hashes) == 4


def test_an_assumption_that_is_switched_shows(run, tmp_path):
    path = tmp_path / "stay.yaml"
    path.write_text(
        "name: stay\nquestion: Why?\nbased_on: baseline\nassumptions: {children: stay}\n"
    )
    young = counts(run(scenario=str(path))[1])
    young = young.filter(pc.equal(young["age_group"], "0-14"))
    assert set(young["event"].unique().to_pylist()) == {"stay"}
    follow = counts(run()[1])
    follow = follow.filter(pc.equal(follow["age_group"], "0-14"))
    assert "emigrate" in follow["event"].unique().to_pylist()


def test_replicates_begin_alike_however_many_follow(run):
    few, many = counts(run()[1]), counts(run("--replicates", "5")[1])
    assert many.filter(pc.less(many["replicate"], 3)).to_pylist() == few.to_pylist()


def test_json_is_all_that_standard_output_holds(run):
    code, folder, out, err = run("--json")
    answer = json.loads(out)
    assert (code, answer["folder"]) == (0, str(folder))
    assert [y["year"] for y in answer["headline"]["years"]] == [2013, 2014, 2015, 2016]
    assert "years lived" in err


def test_the_embedded_population_and_a_share_of_it(run):
    code, folder, _, _ = run(people="embedded:0.01")
    assert code == 0
    record = json.loads((folder / "manifest.json").read_text())
    assert 5_000 < record["population"]["persons"] < 7_000


def refused(run, *words, **more):
    code, folder, out, err = run(*words, **more)
    assert code == 2
    assert out == ""
    assert "Traceback" not in err
    assert not folder.exists()
    assert [p for p in folder.parent.iterdir() if ".part" in p.name] == []
    return err


def test_unknown_scenario(run):
    assert "Did you mean 'baseline'?" in refused(run, scenario="baselin")


def test_wrong_options_come_all_at_once(run):
    err = refused(
        run, "--threads", "0", "--model-type", "5", "--seed", "x", people="nowhere.parquet"
    )
    assert "has 4 problems" in err
    for where in (
        "--threads: is '0'",
        "--model-type: is '5'",
        "--seed: is 'x'",
        "population: there is no file 'nowhere.parquet'",
    ):
        assert where in err


def test_a_wrong_population_says_everything_and_writes_nothing(run, population, tmp_path):
    table = pq.read_table(population).to_pandas()
    table["sex"] = table["sex"].astype(str)
    table.loc[2, "sex"] = "woman"
    table.loc[5, "person"] = table.loc[4, "person"]
    table = table.drop(columns="status")
    path = tmp_path / "wrong.parquet"
    table.to_parquet(path)
    err = refused(run, people=str(path))
    assert "sex: 1 row (first: 3) hold 'woman'" in err
    assert "status: is missing" in err


def test_impossible_values_are_refused(run, population, tmp_path):
    people = files.load(population)
    people["family_immigrants"][1] = people["family_total"][1] + 1
    path = tmp_path / "impossible.parquet"

    def write(frame):
        pq.write_table(pa.Table.from_pandas(frame).replace_schema_metadata({"year": "2013"}), path)

    files.save(people, path)
    table = pq.read_table(path).to_pandas()
    table.loc[0, "birth_year"] = 1713
    table.to_parquet(path)
    assert "year: is not in the file's metadata" in refused(run, people=str(path))
    write(table)
    assert "birth_year: 1 row (first: 1) hold such values as 1713" in refused(run, people=str(path))
    table.loc[0, "birth_year"] = 1920
    write(table)
    err = refused(run, people=str(path))
    assert "exceed family_total" in err


def test_an_unreadable_population(run, tmp_path):
    path = tmp_path / "odd.parquet"
    path.write_text("not a table")
    assert "cannot be read as Parquet" in refused(run, people=str(path))


def test_years_must_begin_where_the_population_stands(run):
    assert "begin with 2014, but the population is that of 1 January 2013" in refused(
        run, "--years", "2014..2015"
    )


@pytest.mark.parametrize("share", ["0", "9", "-1", "much", "nan"])
def test_a_wrong_share_of_the_embedded_population(run, share):
    refused(run, people=f"embedded:{share}")


def test_too_many_dimensions(run, tmp_path):
    path = tmp_path / "all.yaml"
    everything = (
        "background, reason, country_group, origin, sex, age_group, duration_group, municipality"
    )
    path.write_text(f"name: all\nquestion: Why?\nbased_on: baseline\ndimensions: '{everything}'\n")
    assert "combinations; allowed: at most 10,000,000" in refused(run, scenario=str(path))


def test_a_finished_run_is_never_written_over(run, population, capsys):
    _, folder, _, _ = run()
    before = sorted((p.name, p.stat().st_mtime_ns) for p in folder.iterdir())
    code = main(["run", "baseline", "--out", str(folder), "--population", population])
    assert code == 2
    assert "is not empty; allowed: a new or empty folder" in capsys.readouterr().err
    assert sorted((p.name, p.stat().st_mtime_ns) for p in folder.iterdir()) == before


def test_a_place_that_cannot_be_written_to(run, population, capsys, tmp_path):
    (tmp_path / "file").write_text("")
    code = main(
        ["run", "baseline", "--population", population, "--out", str(tmp_path / "file" / "x")]
    )
    assert code == 2
    assert "cannot be written to" in capsys.readouterr().err


@pytest.mark.parametrize("fault", [KeyboardInterrupt, RuntimeError, OSError(28, "No space left")])
def test_a_run_that_breaks_off_leaves_nothing(population, tmp_path, monkeypatch, fault):
    monkeypatch.setattr(pipeline, "write_report", lambda *_, **__: (_ for _ in ()).throw(fault))
    scenario = load_scenario(
        "baseline", {"years": "2013", "replicates": "1", "population": population}
    )
    with pytest.raises((type(fault) if isinstance(fault, OSError) else fault, InputError)):
        pipeline.run(scenario, out=str(tmp_path / "broken"))
    assert [p.name for p in tmp_path.iterdir()] == ["people.parquet"]


def test_an_interrupted_command_says_so(monkeypatch, capsys):
    monkeypatch.setattr(pipeline, "run", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
    assert main(["run", "baseline", "--population", "embedded:0.01"]) == 130
    assert "nothing was written" in capsys.readouterr().err


def test_a_full_disk_is_no_traceback(tmp_path):
    with (
        pytest.raises(InputError, match=r"No space left on device.*Is the disk full"),
        whole_folder(tmp_path / "x"),
    ):
        raise OSError(28, "No space left on device")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["rnu", "baseline"], "rnu: is no command; allowed: run"),
        (["run"], "the following arguments are required: SCENARIO"),
        (["run", "baseline", "--yeras", "2013"], "Did you mean '--years'?"),
        (["run", "baseline", "--years"], "expected one argument"),
    ],
)
def test_wrong_words_get_an_answer(words, says, capsys):
    assert main(words) == 2
    err = capsys.readouterr().err
    assert says in err
    assert err.startswith("vandring: command has 1 problem")


@pytest.mark.parametrize("words", [["--help"], ["run", "--help"]])
def test_help_shows_an_example(words, capsys):
    with pytest.raises(SystemExit) as caught:
        main(words)
    assert caught.value.code == 0
    assert "vandring run baseline" in capsys.readouterr().out


def test_no_command_shows_the_help(capsys):
    assert main([]) == 2
    assert "usage: vandring" in capsys.readouterr().out
    assert main(["--version"]) == 0


def test_help_imports_nothing_heavy():
    """`vandring --help` must answer within 0.4 s: neither numpy nor numba may be imported."""
    code = (
        "import sys; from runs.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "print([m for m in ('numpy', 'numba', 'pyarrow', 'matplotlib') if m in sys.modules])"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parent.parent,
    )
    assert answer.stdout.splitlines()[-1] == "[]"


def test_names_of_scenarios_are_what_the_folder_holds():
    assert {"baseline", "unchanged", "by_sex_and_centrality"} <= set(names())
