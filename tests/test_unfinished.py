"""The folder of an unfinished run: one process at a time, kept when broken off, whole at the end."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from runs import checkpoints, parts, pipeline, unfinished
from runs.checkpoints import kept_years
from runs.cli import main
from runs.manifest import sha256_of
from runs.parts import TABLES
from runs.unfinished import LOCK, RECORD, hidden
from scenarios.schema import load_scenario
from sim.agents import files
from sim.problems import InputError
from tests.conftest import COMPILED_ONLY, made_people
from tests.killed_runs import no_report

pytestmark = COMPILED_ONLY
YEARS, REPLICATES = 3, 2


@pytest.fixture
def scenario(tmp_path, monkeypatch):
    monkeypatch.setattr(pipeline, "write_report", no_report)
    files.save(made_people(800), tmp_path / "p.parquet")
    options = {"years": f"2013..{2012 + YEARS}", "replicates": str(REPLICATES), "seed": "4",
               "population": str(tmp_path / "p.parquet")}  # fmt: skip
    return load_scenario("baseline", options)


def tables(folder):
    return [sha256_of(folder / f"{name}.parquet") for name in TABLES]


def left(folder):
    return sorted(p.name for p in folder.iterdir() if p.name != "p.parquet")


class Full:
    """A disk that is full from the n-th write on; it counts what is written."""

    def __init__(self, monkeypatch, room):
        self.room, self.writes = room, 0
        for module, name in (
            (checkpoints, "_write"), (checkpoints, "_keep_counts"), (checkpoints, "replace_text"),
            (unfinished, "replace_text"), (parts, "_keep"), (pipeline, "write_whole"),
            (pipeline, "write_summaries"),
        ):  # fmt: skip
            monkeypatch.setattr(module, name, self.limited(getattr(module, name)))
        monkeypatch.setattr(parts.Merging, "add", self.limited(parts.Merging.add))

    def limited(self, write):
        def written(*words, **more):
            self.writes += 1
            if self.writes > self.room:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return write(*words, **more)

        return written


def writes_of_a_run(scenario, out):
    with pytest.MonkeyPatch.context() as patch:
        disk = Full(patch, 10**9)
        pipeline.run(scenario, out=str(out))
    return disk.writes


def test_a_full_disk_at_any_write_is_one_clear_message_and_the_run_goes_on(scenario, tmp_path):
    many = writes_of_a_run(scenario, tmp_path / "whole")
    assert many > 15
    whole, kept = tables(tmp_path / "whole"), 0
    for room in range(0, many, 3):
        out = tmp_path / f"full{room}"
        with pytest.MonkeyPatch.context() as patch:
            Full(patch, room)
            with pytest.raises(InputError) as caught:
                pipeline.run(scenario, out=str(out), threads=1 + room % 2)
        said = str(caught.value)
        assert "has 1 problem" in said
        assert "cannot be written to (No space left on device)" in said
        assert not out.exists()
        if not hidden(out).exists():  # nothing was lived
            assert "A new run may go elsewhere with --out" in said
            assert room < 6
            continue
        kept += 1
        assert f"Go on with: vandring run --resume {out}" in said
        pipeline.resume(out)
        assert tables(out) == whole
        assert not hidden(out).exists()
    assert kept > many // 5


@pytest.mark.skipif(not Path("/dev/shm").is_dir() or os.geteuid() != 0, reason="cannot mount")
def test_a_disk_that_is_really_full(scenario, tmp_path):
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(place)], capture_output=True,
        check=False,
    )  # fmt: skip
    if mounted.returncode:
        pytest.skip("mounting is not allowed here")
    try:
        with pytest.raises(InputError, match="No space left on device"):
            pipeline.run(scenario, out=str(place / "x"))
        assert not (place / "x").exists()
        subprocess.run(["mount", "-o", "remount,size=50m", str(place)], check=True)
        if hidden(place / "x").exists():
            pipeline.resume(place / "x")
        else:
            pipeline.run(scenario, out=str(place / "x"))
        pipeline.run(scenario, out=str(tmp_path / "whole"))
        assert tables(place / "x") == tables(tmp_path / "whole")
    finally:
        subprocess.run(["umount", str(place)], check=True)


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES, errno.EDQUOT])
def test_a_folder_that_may_not_be_written_to(scenario, tmp_path, monkeypatch, number):
    def refused(*_, **__):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Path, "mkdir", refused)
    with pytest.raises(InputError, match="cannot be written to") as caught:
        pipeline.run(scenario, out=str(tmp_path / "x"))
    assert os.strerror(number) in str(caught.value)
    assert left(tmp_path) == []


def test_a_folder_that_vanishes(scenario, tmp_path, monkeypatch):
    import shutil

    real = parts.Parts.finish

    def finish(self, replicate):
        shutil.rmtree(self.folder)
        real(self, replicate)
        shutil.rmtree(self.folder)

    monkeypatch.setattr(parts.Parts, "finish", finish)
    with pytest.raises(InputError, match=r"No such file or directory.*read-only or gone|cannot be"):
        pipeline.run(scenario, out=str(tmp_path / "x"))
    assert left(tmp_path) == []


HOLD = """\
import sys
from pathlib import Path
from runs.unfinished import begun
with begun(Path(sys.argv[1]), {"who": "the other"}):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def other(tmp_path):
    """Another process that writes a run to x, until it is killed."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / "x")], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parent.parent,
    )  # fmt: skip
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_two_runs_into_one_folder(scenario, tmp_path, other):
    before = (hidden(tmp_path / "x") / RECORD).read_text()
    for act in (pipeline.resume, lambda out: pipeline.run(scenario, out=str(out))):
        with pytest.raises(InputError, match="another run is writing there"):
            act(tmp_path / "x")
    assert (hidden(tmp_path / "x") / RECORD).read_text() == before
    other.kill()
    other.wait()
    with pytest.raises(InputError, match=r"an unfinished run lies there .*--resume"):
        pipeline.run(scenario, out=str(tmp_path / "x"))
    assert (hidden(tmp_path / "x") / RECORD).read_text() == before


def test_a_hidden_folder_in_which_nothing_was_begun_is_in_nobodys_way(scenario, tmp_path):
    hidden(tmp_path / "x").mkdir()
    (hidden(tmp_path / "x") / LOCK).write_text("")
    pipeline.run(scenario, out=str(tmp_path / "x"))
    assert left(tmp_path) == ["x"]
    assert not {LOCK, RECORD} & set(left(tmp_path / "x"))


class Interrupting(pipeline.Progress):
    """Ctrl-C as soon as two years are lived."""

    def advance(self, pieces=1):
        super().advance(pieces)
        if self.done >= 2:
            raise KeyboardInterrupt


def test_an_interrupted_run_says_how_to_go_on_and_does(scenario, tmp_path, monkeypatch, capsys):
    words = ["--population", scenario.population, "--years", f"2013..{2012 + YEARS}",
             "--replicates", str(REPLICATES), "--seed", "4"]  # fmt: skip
    out = tmp_path / "x"
    with monkeypatch.context() as patch:
        patch.setattr(pipeline, "Progress", Interrupting)
        assert main(["run", "baseline", *words, "--out", str(out)]) == 130
    said = capsys.readouterr().err
    assert said.endswith(f"vandring: stopped; go on with: vandring run --resume {out}\n")
    assert kept_years(hidden(out) / "making" / "00000") == 2
    assert main(["run", "--resume", str(out), "--threads", "2"]) == 0
    assert capsys.readouterr().err.startswith("3 of 6 years lived")  # two were kept
    pipeline.run(scenario, out=str(tmp_path / "whole"))
    assert tables(out) == tables(tmp_path / "whole")
    assert left(tmp_path) == ["whole", "x"]
