"""A Dask cluster: the same bytes as here, whatever happens to its processes."""

import json
import os
import signal
import time
from dataclasses import replace
from pathlib import Path

import pytest
from distributed import KilledWorker

from runs import cluster as clusters
from runs import pipeline
from runs.cli import main
from runs.cluster import AHEAD, DEATHS, Cluster, connected
from runs.elsewhere import Life, There, life, program
from runs.ensemble import live, live_one, plan_of
from runs.manifest import sha256_of
from runs.people import find_people
from runs.settings import settings_of
from runs.shards import sharded
from scenarios.schema import load_scenario
from sim.agents import files
from sim.problems import BrokenOffError, InputError, Problem
from tests.conftest import COMPILED_ONLY, made_people

pytestmark = COMPILED_ONLY
TABLES = ("flows", "stocks", "structure")
WORKERS = 2


@pytest.fixture(scope="module")
def cluster():
    with connected("local", WORKERS) as found:
        found.client.run(os.umask, 0o22)  # both are there
        yield found


@pytest.fixture(scope="module")
def population(tmp_path_factory):
    path = tmp_path_factory.mktemp("people") / "p.parquet"
    files.save(made_people(3_000), path)
    return str(path)


@pytest.fixture
def scenario(population):
    given = {"years": "2013..2014", "replicates": "6", "population": population}
    return load_scenario("baseline", given)


def same(mine, other):
    pairs = list(zip(mine, other, strict=True))
    assert [a.number for a, _ in pairs] == [b.number for _, b in pairs]
    return all(getattr(a, name).equals(getattr(b, name)) for a, b in pairs for name in TABLES)


class Noted:
    """Writes down that it began with a number, and hands it back."""

    def __init__(self, folder):
        self.folder = folder

    def __call__(self, number):
        (self.folder / str(number)).touch()
        return number


class Dying(Life):
    """Kills its process in the middle of replicate 3, the first time."""

    def replicate(self, number):
        marker = Path(self.scenario.population).with_suffix(".killed")

        def year_done():
            if number == 3 and not marker.exists():
                marker.touch()
                os.kill(os.getpid(), signal.SIGKILL)

        return live_one(self._plan(), number, year_done)


def wrong_disk(number):
    raise PermissionError(13, "of the work's own")


def test_results_come_in_order_and_few_wait(cluster, tmp_path):
    waiting = []
    for number in cluster.in_order(Noted(tmp_path), range(24)):
        time.sleep(0.03)
        waiting.append(len(list(tmp_path.iterdir())) - number)
    assert len(waiting) == 24
    assert max(waiting) <= AHEAD * WORKERS + 1  # the one just taken among them
    assert list(cluster.in_order(Noted(tmp_path), range(0))) == []


def test_local_processes_keep_their_memory_and_seldom_look_at_themselves(cluster):
    def settings():
        import dask

        kept = (os.environ.get("MALLOC_TRIM_THRESHOLD_"), os.environ.get("MALLOC_MMAP_THRESHOLD_"))
        return kept, {name: dask.config.get(name) for name in clusters.QUIET if "nanny" not in name}

    told = {name: value for name, value in clusters.QUIET.items() if "nanny" not in name}
    memory = (str(clusters.KEPT_BYTES), str(clusters.KEPT_BLOCK))
    found = cluster.client.run(settings)
    assert len(found) == WORKERS
    assert all(each == (memory, told) for each in found.values())


def test_who_stops_taking_stops_the_work(cluster, tmp_path):
    results = cluster.in_order(Noted(tmp_path), range(1_000))
    assert [next(results), next(results)] == [0, 1]
    results.close()
    time.sleep(0.3)
    assert len(list(tmp_path.iterdir())) <= AHEAD * WORKERS + 2


def test_what_goes_wrong_in_the_work_is_not_blamed_on_the_cluster(cluster):
    with pytest.raises(PermissionError, match="of the work's own"):
        list(cluster.in_order(wrong_disk, range(1)))


def test_shards_are_lived_there_as_they_are_here(cluster, scenario, tmp_path):
    scenario = replace(scenario, replicates=2)
    with sharded(scenario.population, 2013, "3", tmp_path / "run") as people:
        plan, work = plan_of(scenario, people, settings_of(scenario)), life(scenario, people)
        found = There(cluster).live(plan, lambda: work, lambda: None)
        assert same(live(plan, 1, lambda: None), found)
    if plan.parts > 1:
        with pytest.raises(InputError, match=r"(?s)worker tcp://.*is not there, or not whole"):
            list(cluster.in_order(work.piece, [0]))


def test_the_command_leaves_the_very_same_files_though_its_cluster_is_lost(
    cluster, scenario, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(pipeline, "write_report", lambda *words, **more: None)
    whole = pipeline.run(scenario, out=str(tmp_path / "whole")).manifest["files"]

    class Losing(Cluster):
        def _taken(self, number, sent):
            if number == 2:
                raise BrokenOffError("cluster", [Problem("tcp://h:1", "the scheduler was lost")])
            return super()._taken(number, sent)

    words = ["run", "baseline", "--years", "2013..2014", "--replicates", "6"]
    words += ["--population", scenario.population, "--out", str(tmp_path / "out")]
    with monkeypatch.context() as patch:
        patch.setattr(clusters, "Cluster", Losing)
        assert main([*words, "--dask", cluster.client.scheduler.address]) == 1
    said = capsys.readouterr().err
    assert "tcp://h:1: the scheduler was lost" in said
    assert f"Go on with: vandring run --resume {tmp_path / 'out'}" in said
    kept = tmp_path / ".out.part" / "finished"
    assert sorted(path.name for path in kept.iterdir()) == ["00000", "00001"]
    assert main(["run", "--resume", str(tmp_path / "out")]) == 0
    assert (
        main([*words[:-1], str(tmp_path / "there"), "--dask", cluster.client.scheduler.address])
        == 0
    )
    for table, digest in whole.items():
        assert sha256_of(tmp_path / "out" / table) == digest
        assert sha256_of(tmp_path / "there" / table) == digest
    told = json.loads((tmp_path / "there" / "manifest.json").read_text())["lived_on"]
    assert told == {"engine": "dask", "address": cluster.client.scheduler.address, "workers": 2,
                    "threads": 2}  # fmt: skip
    assert "12 of 12 years lived" in capsys.readouterr().err


def test_a_worker_with_other_inputs_or_another_program_refuses(cluster, scenario):
    people = find_people(scenario.population, 2013)
    work = life(scenario, people)
    other = {**work.expected, "numba": "0.1", "program": "0"}
    with pytest.raises(InputError) as raised:
        list(cluster.in_order(replace(work, expected=other).replicate, range(1)))
    assert "worker tcp://127.0.0.1" in str(raised.value)
    assert "program has 2 problems" in str(raised.value)
    assert f"numba: is {program()['numba']}; allowed: 0.1, the same as where" in str(raised.value)
    other = {**work.expected, "population": "0", "economy": "0"}
    with pytest.raises(InputError) as raised:
        list(cluster.in_order(replace(work, expected=other).replicate, range(1)))
    assert "population: has other content" in str(raised.value)
    assert "Put the same file at the same path on every machine." in str(raised.value)
    gone = replace(scenario, population=str(Path(scenario.population).with_name("gone.parquet")))
    with pytest.raises(InputError, match=r"gone\.parquet has 1 problem"):
        list(cluster.in_order(replace(work, scenario=gone).replicate, range(1)))


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--dask", "tcp://127.0.0.1:1"], "no scheduler answers there"),
        (["--dask", "somewhere"], "--dask: is 'somewhere'; allowed: local, an address such as"),
        (["--dask", "tcp://h:99999999"], "--dask: is 'tcp://h:99999999'"),
        (["--dask", "h:1", "--threads", "2"], "--threads: means nothing on a cluster that is"),
        (["--dask", "--threads", "0"], "--threads: is '0'"),
    ],
)
def test_a_wrong_address(words, says, population, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(clusters, "SECONDS_TO_CONNECT", 0.5)
    out = tmp_path / "out"
    assert main(["run", "baseline", "--population", population, "--out", str(out), *words]) == 2
    assert says in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_the_name_of_a_scenario_is_no_address(capsys):
    assert main(["run", "baseline", "--dask", "forecast"]) == 2
    assert "The name of the scenario comes before --dask." in capsys.readouterr().err


def test_without_dask_the_command_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert main(["run", "baseline", "--dask"]) == 2
    assert "--dask: Dask is not installed; allowed: Dask and distributed. pip install" in (
        capsys.readouterr().err
    )


class _Lost:
    """A client whose scheduler goes away."""

    class Sent:
        status = "cancelled"

        def result(self, timeout):
            raise OSError("Timed out trying to connect")

        def cancel(self):
            pass

    def nthreads(self):
        return {}

    def submit(self, *words, **more):
        return self.Sent()


def test_a_piece_that_kills_every_process_is_given_up():
    class Killer(_Lost):
        class Sent(_Lost.Sent):
            def result(self, timeout):
                raise KilledWorker("piece", None, DEATHS)

    killing = Cluster(Killer(), "tcp://h:1")
    with pytest.raises(InputError, match=f"{DEATHS + 1} processes died while they made piece 0"):
        list(killing.in_order(int, range(1)))


def test_a_scheduler_that_is_lost_and_workers_that_are_not_there(capsys):
    lost = Cluster(_Lost(), "tcp://h:1")
    with pytest.raises(InputError, match="tcp://h:1: the scheduler was lost"):
        list(lost.in_order(int, range(1)))
    lost._tell_if_alone()
    assert "no workers at tcp://h:1; waiting for some" in capsys.readouterr().err


def test_problems_travel_between_processes():
    from pickle import dumps, loads

    error = InputError("here", [Problem("a", "b", "c", "d"), Problem("e", "f")])
    again = loads(dumps(error))
    assert (again.source, again.problems, str(again)) == (error.source, error.problems, str(error))


def test_a_process_killed_in_the_middle_of_a_replicate_costs_a_retry(cluster, scenario):
    people = find_people(scenario.population, 2013)
    plan, years = plan_of(scenario, people, settings_of(scenario)), []
    work = life(scenario, people)
    dying = Dying(work.scenario, work.chunk, work.expected)
    found = list(There(cluster).live(plan, lambda: dying, lambda: years.append(1)))
    assert Path(scenario.population).with_suffix(".killed").exists()
    assert len(years) == plan.replicates * plan.years
    assert same(live(plan, 1, lambda: None), found)
