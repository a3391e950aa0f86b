"""Kill -9 at any moment: at most the running year of a replicate is lost, and no bit changes."""

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from runs.manifest import sha256_of
from runs.parts import Parts
from runs.unfinished import hidden
from sim.agents import files
from tests.conftest import COMPILED_ONLY, made_people

pytestmark = COMPILED_ONLY
KILLS, SEED = 24, 811
YEARS, REPLICATES = 4, 4


class Worker:
    """Children that live one and the same run, and can be killed."""

    def __init__(self, options, reference):
        words = [sys.executable, "-m", "tests.killed_runs", json.dumps(options), str(reference)]
        self.process = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            text=True, cwd=Path(__file__).parent.parent,
        )  # fmt: skip
        assert self.process.stdout.readline() == "ready\n"

    def live(self, out, threads, years, **kill):
        """Return the exit status of a child that lives the run, or goes on with it."""
        request = {"out": str(out), "threads": threads, "years": str(years), **kill}
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())


@pytest.fixture
def worker(tmp_path):
    files.save(made_people(3_000), tmp_path / "p.parquet")
    options = {
        "years": f"2013..{2012 + YEARS}", "replicates": str(REPLICATES), "seed": "9",
        "population": str(tmp_path / "p.parquet"),
    }  # fmt: skip
    worker = Worker(options, tmp_path / "reference")
    yield worker
    worker.process.kill()
    worker.process.communicate()


def digests(folder):
    kinds = (".parquet", ".csv")
    return {p.name: sha256_of(p) for p in sorted(folder.iterdir()) if p.suffix in kinds}


def kept_in(out):
    return Parts(hidden(out)).years_kept(REPLICATES, YEARS)


def test_runs_that_are_killed_again_and_again_end_as_if_nothing_had_happened(worker, tmp_path):
    """The kill comes at any moment of the time that a run takes, or that it lives years."""
    chance, kills, runs = random.Random(SEED), 0, 0
    whole, out = digests(tmp_path / "reference"), tmp_path / "run0"
    assert len(whole) >= 3 + 8
    start = time.monotonic()
    assert worker.live(tmp_path / "timed", 1, tmp_path / "years") == 0
    takes = time.monotonic() - start
    assert digests(tmp_path / "timed") == whole
    while kills < KILLS or not out.exists():
        before, threads = kept_in(out), chance.choice((1, 2))
        announced = tmp_path / "years"
        announced.unlink(missing_ok=True)
        kill = {"after": chance.uniform(0, 0.6 * takes)}
        if chance.random() < 0.6:  # most of the others come before anything is lived
            kill = {"after": chance.uniform(0, 0.3 * takes), "from_the_first_year": True}
        status = worker.live(out, threads, announced, **(kill if kills < KILLS else {}))
        assert status in (0, -signal.SIGKILL)
        kills += status != 0
        if out.exists():
            assert digests(out) == whole
            assert status or not hidden(out).exists()
            if kills < KILLS:
                runs, out = runs + 1, tmp_path / f"run{runs + 1}"
            continue
        lived = announced.stat().st_size if announced.exists() else 0
        assert kept_in(out) >= before + lived - threads  # of each, the running year at most
    assert digests(out) == whole
    assert kills >= 20
