"""The points of an analysis on a Dask cluster: the same numbers, whatever happens to its processes."""

import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from runs.cli import main
from runs.cluster import connected
from runs.people import find_people
from runs.sensitivity.analysis import analyse
from runs.sensitivity.design import Design
from runs.sensitivity.evaluation import evaluate
from runs.sensitivity.question import Question, experiment_of
from runs.sensitivity.sweep import Sweep, sweep
from scenarios.schema import load_scenario
from sim.agents import files
from sim.problems import InputError
from tests.conftest import COMPILED_ONLY, made_people

pytestmark = COMPILED_ONLY
TEXT = """
name: mine
question: What moves emigrations?
based_on: baseline
years: 2013..2013
population: people.parquet
ranges:
  emigration: x0.5 to x2
  return: {2013: x0.2 to x3}
outputs:
  - emigrations in 2013
"""


@pytest.fixture
def question(tmp_path):
    files.save(made_people(2_000), tmp_path / "people.parquet")
    (tmp_path / "mine.yaml").write_text(TEXT)
    return Question(load_scenario(str(tmp_path / "mine.yaml"), {}), Design("oat", 3, 1, False))


@pytest.fixture
def people(question):
    return find_people(question.scenario.population, 2013)


class Dying(Sweep):
    """Kills its process at life 2, the first time."""

    def life(self, run):
        marker = Path(self.question.scenario.population).with_suffix(".killed")
        if run == 2 and not marker.exists():
            marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return super().life(run)


def test_a_cluster_gives_the_very_same_lives_though_a_process_is_killed(question, people):
    asked = experiment_of(question, people)
    here = [evaluate(asked, run) for run in range(asked.runs)]
    assert len(set(here)) > 1  # points differ
    work = sweep(question, people)
    with connected("local", 2) as cluster:
        dying = Dying(work.question, work.expected)
        assert list(cluster.in_order(dying.life, range(asked.runs))) == here
    assert Path(question.scenario.population).with_suffix(".killed").exists()


def test_other_people_there_are_refused(question, people):
    work = sweep(question, people)
    other = replace(work, expected={**work.expected, "population": "0" * 64})
    with pytest.raises(InputError, match="population: has other content"):
        other.life(0)
    assert work.life(0) == evaluate(experiment_of(question, people), 0)


def test_the_command_writes_the_same_table(question, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = ["sensitivity", "mine.yaml", "--method", "oat", "--size", "2"]
    assert main([*words, "--out", "here"]) == 0
    assert main([*words, "--out", "there", "--dask", "--threads", "1"]) == 0
    one, other = (tmp_path / name / "sensitivity.parquet" for name in ("here", "there"))
    assert one.read_bytes() == other.read_bytes()
    assert '"engine": "dask"' in (tmp_path / "there" / "manifest.json").read_text()


def test_an_address_that_is_none(question, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["sensitivity", "mine.yaml", "--dask", "nowhere"]) == 2
    assert "--dask: is 'nowhere'" in capsys.readouterr().err


def test_analysing_says_where_it_lived(question, tmp_path):
    _, record = analyse(question, threads=2, out=str(tmp_path / "out"))
    assert record["lived_on"] == {"engine": "threads", "threads": 2}
