"""The command line and the run folder, from a user's side."""

import io
import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from runs import pipeline
from runs.cli import main
from runs.manifest import sha256_of
from runs.progress import Progress
from runs.store import whole_folder
from scenarios.schema import load_scenario, names
from sim.agents import files
from sim.codes import EVENT
from sim.problems import InputError
from tests.conftest import COMPILED_ONLY, load, made_people

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
        "arrivals",
        "children",
        "old_age",
    }
    assert record["versions"]["numba"]
    assert "<html" in (folder / "report.html").read_text()


def test_flows_and_stocks_balance_in_every_replicate_and_year(run):
    _, folder, _, _ = run()
    flows, stocks = counts(folder), pq.read_table(folder / "stocks.parquet")
    entering, leaving = ("return", "arrive", "birth"), ("emigrate", "death")
    assert set(flows["event"].unique().to_pylist()) <= set(EVENT.names)
    for replicate in range(3):
        before = N
        for year in (2013, 2014, 2015):
            here = flows.filter(
                pc.and_(pc.equal(flows["replicate"], replicate), pc.equal(flows["year"], year))
            )
            sums = here.group_by("event").aggregate([("count", "sum")]).to_pylist()
            by = {row["event"]: row["count_sum"] for row in sums}
            exposed = sum(by.get(event, 0) for event in ("stay", "domestic", "emigrate"))
            assert before - by.get("death", 0) <= exposed <= before  # the others died
            before += sum(by.get(event, 0) for event in entering)
            before -= sum(by.get(event, 0) for event in leaving)
            stock = stocks.filter(
                pc.and_(
                    pc.equal(stocks["replicate"], replicate), pc.equal(stocks["year"], year + 1)
                )
            )
            assert pc.sum(stock["count"]).as_py() == before


@pytest.mark.parametrize("draws", load(["explicit", "threshold"], ["explicit"]))
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


@COMPILED_ONLY
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
    assert not {"domestic", "emigrate"} & set(young["event"].unique().to_pylist())
    follow = counts(run()[1])
    follow = follow.filter(pc.equal(follow["age_group"], "0-14"))
    assert {"domestic", "emigrate"} & set(follow["event"].unique().to_pylist())


def test_replicates_begin_alike_however_many_follow(run):
    few, many = counts(run()[1]), counts(run("--replicates", "5")[1])
    assert many.filter(pc.less(many["replicate"], 3)).to_pylist() == few.to_pylist()


def test_json_is_all_that_standard_output_holds(run):
    code, folder, out, err = run("--json")
    answer = json.loads(out)
    assert (code, answer["folder"]) == (0, str(folder))
    assert [y["year"] for y in answer["headline"]["years"]] == [2013, 2014, 2015, 2016]
    assert "years lived" in err


@COMPILED_ONLY
def test_the_embedded_population_and_a_share_of_it(run):
    code, folder, _, _ = run(people="embedded:0.01")
    assert code == 0
    record = json.loads((folder / "manifest.json").read_text())
    assert 8_000 < record["population"]["persons"] < 9_000  # immigrants, children, persons abroad


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


@pytest.mark.parametrize("share", ["0", "9", "-1", "much", "nan", ""])
def test_a_wrong_share_of_the_embedded_population(run, share):
    assert (
        f"population: is 'embedded:{share}'; allowed: embedded, or embedded:SHARE with a share "
        "above 0, at most 4. embedded:0.1 is a tenth."
    ) in refused(run, people=f"embedded:{share}")


def test_a_share_of_hardly_anybody(run):
    assert "persons; allowed: 50 persons or more" in refused(run, people="embedded:0.00001")


def test_a_folder_given_as_population(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "people").mkdir()
    assert "population: 'people' is a folder; allowed: a Parquet f" in refused(run, people="people")
    assert "population: there is no file 'xxx" in refused(run, people="x" * 5000)


def test_options_and_places_come_all_at_once(population, tmp_path, capsys):
    code = main(
        [
            *["run", "baseline", "--yeras", "2013", "--sead=5", "--population", "embedded:9"],
            *["--years", "soon", "--threads", "9" * 5000, "--out", str(tmp_path)],
        ]
    )
    err = capsys.readouterr().err
    assert code == 2
    assert "has 6 problems" in err
    for says in (
        "--yeras: is unknown; allowed: --years, --replicates, ",
        "Did you mean '--years'?",
        "--sead=5: is unknown",
        "Did you mean '--seed'?",
        f"--threads: is '{'9' * 56}...; allowed: a whole number, 1 to 256",
        "--years: is 'soon'; allowed: first..last",
        "population: is 'embedded:9'; allowed",
        "is not empty; allowed: a new or empty folder",
    ):
        assert says in err


def test_a_word_too_many_and_a_value_taken_for_the_scenario(capsys):
    assert main(["run", "baseline", "again"]) == 2
    assert "again: is one word too many; allowed: one SCENARIO" in capsys.readouterr().err
    assert main(["run", "--yeras", "2013", "baseline"]) == 2
    err = capsys.readouterr().err
    assert "has 1 problem" in err
    assert "Did you mean '--years'?" in err


@pytest.mark.parametrize(
    ("out", "says"),
    [
        (".", "--out: . is the folder that you stand in; allowed: a new or empty folder. Give"),
        ("x/..", "--out: x/.. is the folder that you stand in"),
        ("", "--out: is ''; allowed: a new or empty folder. Give the folder a name."),
        ("..", "--out: .. is not empty; allowed: a new or empty folder"),
        (
            "x" * 300,
            "cannot be written to (File name too long); allowed: a writable folder. Choose a shorter",
        ),
    ],
)
def test_a_place_that_is_none(out, says, tmp_path, monkeypatch, capsys):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert main(["run", "baseline", "--population", "embedded:0.01", "--out", out]) == 2
    assert says in capsys.readouterr().err
    assert list((tmp_path / "here").iterdir()) == []


class _Deaf:
    """A stream that cannot be written to."""

    def __init__(self, *, terminal=False):
        self.terminal = terminal

    def isatty(self):
        return self.terminal

    def write(self, text):
        raise OSError(28, "No space left on device")

    flush = close = lambda self: self.write("")


def test_progress_that_cannot_be_told_stops_nothing(monkeypatch):
    with Progress(4, "years", _Deaf()) as bar:
        for _ in range(4):
            bar.advance()
    assert bar.done == 4
    assert not bar.heard


def test_progress_is_told_at_quarters_and_every_20_seconds(monkeypatch):
    now = iter([0.0, 5.0, 21.0, 30.0, 42.0])
    monkeypatch.setattr("runs.progress.time.monotonic", lambda: next(now))
    stream = io.StringIO()
    with Progress(100, "years", stream) as bar:
        for _ in range(4):
            bar.advance()
    assert stream.getvalue().splitlines() == [
        "2 of 100 years after 21.0 s, about 1029.0 s left",
        "4 of 100 years after 42.0 s, about 1008.0 s left",
    ]


def test_what_was_finished_before_says_nothing_of_the_time_left(monkeypatch):
    now = iter([0.0, 10.0])
    monkeypatch.setattr("runs.progress.time.monotonic", lambda: next(now))
    stream = io.StringIO()
    with Progress(10, "years", stream, before=7) as bar:
        bar.advance()
    assert stream.getvalue() == "8 of 10 years after 10.0 s, about 20.0 s left\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_an_outcome_that_cannot_be_printed(population, tmp_path):
    words = ["run", "baseline", "--years", "2013", "--replicates", "1", "--population", population]
    with Path("/dev/full").open("w") as full:
        answer = subprocess.run(
            [sys.executable, "-m", "runs.cli", *words, "--out", str(tmp_path / "x")],
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
            text=True,
            cwd=Path(__file__).parent.parent,
        )
    assert answer.returncode == 1
    assert answer.stderr.splitlines()[-1] == (
        "vandring: standard output cannot be written (No space left on device); "
        f"the run lies in {tmp_path / 'x'}"
    )
    assert "Traceback" not in answer.stderr
    assert (tmp_path / "x" / "report.html").is_file()


def test_a_terminated_run_can_be_resumed(population, tmp_path):
    words = ["run", "baseline", "--replicates", "100000", "--population", population]
    process = subprocess.Popen(
        [sys.executable, "-m", "runs.cli", *words, "--out", str(tmp_path / "x")],
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parent.parent,
    )
    deadline, part = time.monotonic() + 60, tmp_path / ".x.part"
    while not (part / "finished").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert (part / "finished").exists()
    process.terminate()
    try:
        said = process.communicate(timeout=60)[1]
        assert process.returncode == 143
    finally:
        process.kill()
    assert f"stopped; go on with: vandring run --resume {tmp_path / 'x'}" in said
    assert sorted(p.name for p in tmp_path.iterdir()) == [".x.part", "people.parquet"]
    record = json.loads((part / "run.json").read_text())
    assert record["replicates"] == 100000


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


@pytest.mark.parametrize(
    ("fault", "kept"),
    [(KeyboardInterrupt, True), (RuntimeError, False), (OSError(28, "No space left"), True)],
)
def test_a_run_that_breaks_off_keeps_what_it_lived(population, tmp_path, monkeypatch, fault, kept):
    monkeypatch.setattr(pipeline, "write_report", lambda *_, **__: (_ for _ in ()).throw(fault))
    scenario = load_scenario(
        "baseline", {"years": "2013", "replicates": "1", "population": population}
    )
    with pytest.raises((type(fault) if isinstance(fault, OSError) else fault, InputError)):
        pipeline.run(scenario, out=str(tmp_path / "broken"))
    left = [".broken.part", "people.parquet"] if kept else ["people.parquet"]
    assert sorted(p.name for p in tmp_path.iterdir()) == left


def test_an_interrupted_command_says_so(monkeypatch, capsys):
    monkeypatch.setattr(pipeline, "run", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
    assert main(["run", "baseline", "--population", "embedded:0.01"]) == 130
    assert capsys.readouterr().err.endswith("vandring: stopped; an unfinished run is not kept\n")


def test_a_full_disk_is_no_traceback(tmp_path):
    with (
        pytest.raises(InputError, match=r"No space left on device.*Is the disk full"),
        whole_folder(tmp_path / "x"),
    ):
        raise OSError(28, "No space left on device")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["rnu", "baseline"], "rnu: is no command; allowed: "),
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


def test_what_a_scenario_alters_is_told_before_and_after(run, tmp_path):
    mine = tmp_path / "mine.yaml"
    mine.write_text(
        "name: mine\nquestion: What if?\nbased_on: baseline\n"
        "changes:\n  unemployment.norway: {2014: +1.0}\n  births: {2030: x2}\n"
    )
    code, folder, _, err = run(scenario=str(mine))
    assert code == 0
    sentence = (
        "Unemployment in Norway is 1 percentage point higher in 2014 (2014: 3.5 -> 4.5 percent)."
    )
    record = json.loads((folder / "manifest.json").read_text())
    assert record["changes"][0] == sentence
    assert "births in 2030 has no effect: the run's years are 2013..2015." in record["warnings"]
    page = (folder / "report.html").read_text()
    assert sentence.replace(">", "&gt;") in page
    notes = [line for line in err.splitlines() if line.startswith("vandring: note: ")]
    assert [line.removeprefix("vandring: note: ") for line in notes] == record["warnings"]
    for warning in record["warnings"]:
        assert warning.replace("'", "&#39;") in page


def test_a_run_that_alters_nothing_has_no_such_list(run):
    _, folder, _, _ = run()
    assert json.loads((folder / "manifest.json").read_text())["changes"] == []
    assert "What the scenario alters" not in (folder / "report.html").read_text()


def test_files_that_options_name_are_missed_at_once(capsys, tmp_path):
    words = [word for name in ("population", "parameters", "economy", "calibration")
             for word in (f"--{name}", str(tmp_path / "nowhere"))]  # fmt: skip
    assert main(["run", "baseline", *words, "--threads", "no"]) == 2
    err = capsys.readouterr().err
    assert "command has 5 problems" in err
    assert "Traceback" not in err


def test_an_economy_of_ones_own_changes_a_run_and_its_record(run, tmp_path):
    path = tmp_path / "e.csv"
    path.write_text("year,series,value\n2014,unemployment_norway,6\n")
    code, folder, _, _ = run("--economy", str(path))
    record = json.loads((folder / "manifest.json").read_text())
    assert code == 0
    assert record["scenario"]["economy"] == str(path)
    assert record["changes"] == ["Unemployment in Norway is another (2014: 3.5 -> 6.0 percent)."]
