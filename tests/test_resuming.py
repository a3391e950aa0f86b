"""Which run is meant, and what must be as it was: `vandring run --resume`."""

import json

import pytest

from runs import manifest, pipeline
from runs.cli import main
from runs.resuming import folder_to_resume, unfinished_runs
from runs.store import OUT
from runs.unfinished import RECORD, hidden
from sim.agents import files
from sim.problems import InputError
from tests.conftest import load, made_people
from tests.killed_runs import no_report

SCENARIO = "name: mine\nquestion: Why?\nbased_on: baseline\nseed: 5\n"


class Interrupting(pipeline.Progress):
    """Ctrl-C as soon as a year is lived."""

    def advance(self, pieces=1):
        raise KeyboardInterrupt


@pytest.fixture
def broken(tmp_path, monkeypatch, capsys):
    """A run of mine.yaml into x that was interrupted after a year of two."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(pipeline, "write_report", no_report)
    files.save(made_people(load(600, 60)), tmp_path / "p.parquet")
    (tmp_path / "mine.yaml").write_text(SCENARIO)
    with monkeypatch.context() as patch:
        patch.setattr(pipeline, "Progress", Interrupting)
        words = ["--years", "2013..2014", "--replicates", "1", "--population", "p.parquet"]
        assert main(["run", "mine.yaml", *words, "--out", "x"]) == 130
    capsys.readouterr()
    return tmp_path / "x"


def refused(capsys, *words):
    assert main(["run", *words]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "Traceback" not in said.err
    return said.err


@pytest.mark.parametrize("which", ["x", ".x.part", "./x/", "absolute"])
def test_a_run_is_found_by_its_folder_or_the_hidden_one(broken, which, capsys):
    word = str(broken) if which == "absolute" else which
    assert main(["run", "--resume", word, "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    record = json.loads((broken / "manifest.json").read_text())
    assert answer["files"] == record["files"]
    assert record["command"].startswith("vandring run mine.yaml --years 2013..2014")
    assert len(record["resumed"]) == 1
    assert "is finished" in refused(capsys, "--resume", word)


def test_a_run_is_found_by_its_name(broken, capsys):
    OUT.mkdir(parents=True)
    hidden(broken).rename(hidden(OUT / "mine-1"))
    assert unfinished_runs() == ["mine-1"]
    assert folder_to_resume("mine-1") == OUT / "mine-1"
    said = refused(capsys, "--resume", "mine-2")
    assert "there is no unfinished run mine-2; allowed: mine-1. Did you mean 'mine-1'?" in said
    assert main(["run", "--resume", "mine-1"]) == 0
    assert (OUT / "mine-1" / "manifest.json").exists()


def test_there_is_nothing_to_resume(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert "there is no unfinished run x. Begin a run" in refused(capsys, "--resume", "x")
    hidden(tmp_path / "x").mkdir()
    assert "does not say which run it is" in refused(capsys, "--resume", "x")
    (hidden(tmp_path / "x") / RECORD).write_text("{")
    assert "does not say which run it is" in refused(capsys, "--resume", "x")


def test_what_would_make_it_another_run_is_refused_all_at_once(broken, capsys):
    said = refused(capsys, "baseline", "--resume", "x", "--seed", "1", "--model-type", "2",
                   "--out", "y", "--threads", "0")  # fmt: skip
    assert "has 5 problems" in said
    for word in ("baseline", "--seed", "--model-type", "--out"):
        assert f"{word}: cannot be given with --resume: the run goes on as it began" in said
    assert hidden(broken).exists()


def test_other_inputs_are_refused_by_name_and_what_was_lived_stays(broken, capsys):
    before = sorted(hidden(broken).rglob("*"))
    files.save(made_people(load(600, 60), seed=1), "p.parquet")
    (broken.parent / "mine.yaml").write_text(SCENARIO.replace("5", "6") + "replicates: 7\n")
    said = refused(capsys, "--resume", "x")
    assert "has 2 problems" in said
    assert "population: p.parquet is not what it was when the run began" in said
    assert "scenario: mine.yaml says other seed than when the run began" in said
    (broken.parent / "p.parquet").unlink()
    assert "p.parquet" in refused(capsys, "--resume", "x")
    files.save(made_people(load(600, 60)), "p.parquet")
    (broken.parent / "mine.yaml").unlink()
    assert "scenario: mine.yaml cannot be read as it was" in refused(capsys, "--resume", "x")
    (broken.parent / "mine.yaml").write_text(SCENARIO)
    assert set(before) <= set(hidden(broken).rglob("*"))
    assert main(["run", "--resume", "x"]) == 0


def test_other_code_versions_and_machines_are_refused_by_name(broken, capsys, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(manifest, "code_digest", lambda: "0" * 64)
        said = refused(capsys, "--resume", "x")
        assert "has 1 problem" in said
        assert "code: is another than that of the run (commit " in said
    path = hidden(broken) / RECORD
    record = json.loads(path.read_text())
    for change, says in (
        ({"versions": {**record["versions"], "numpy": "1.0"}}, "version of numpy: is "),
        ({"machine": "Abacus"}, "machine: is "),
        ({"calibration": {"name": "shipped", "sha256": "0"}}, "calibration: shipped is not what"),
        ({"scenario": {"name": "old"}}, "was written by another Vandring"),
    ):
        path.write_text(json.dumps({**record, **change}))
        assert says in refused(capsys, "--resume", "x")
    path.write_text(json.dumps(record))
    assert main(["run", "--resume", "x"]) == 0


def test_the_fingerprint_of_the_code_sees_every_file_but_no_run(tmp_path, monkeypatch):
    fake = tmp_path / "runs" / "manifest.py"
    for name in (*manifest.CODE, "runs/out/x", "sim/__pycache__"):
        (tmp_path / name).mkdir(parents=True)
    fake.write_text("")
    monkeypatch.setattr(manifest, "__file__", str(fake))
    seen = [manifest.code_digest()]
    for name, anew in (
        ("runs/out/x/report.html", False), ("sim/__pycache__/x.pyc", False),
        ("sim/engine.py", True), ("scenarios/table.csv", True), ("calibration/a.json", True),
    ):  # fmt: skip
        (tmp_path / name).write_text("x")
        seen.append(manifest.code_digest())
        assert (seen[-1] != seen[-2]) == anew, name
    (tmp_path / "sim" / "engine.py").write_text("y")
    assert manifest.code_digest() not in seen


def test_a_resumed_run_that_is_refused_is_not_removed(broken, monkeypatch):
    with pytest.raises(InputError):
        pipeline.resume(broken.parent / "nowhere")
    with monkeypatch.context() as patch:
        patch.setattr(pipeline, "_live_and_write", lambda *_: (_ for _ in ()).throw(RuntimeError))
        with pytest.raises(RuntimeError):
            pipeline.resume(broken)
    assert (hidden(broken) / RECORD).exists()
    assert pipeline.resume(broken).folder == broken
