"""A replicate lived in another process: what is sent, and what makes sure that it is the same.

The people are found and the settings made once in each process and kept there. Before anything is
lived the process compares its program and inputs with those of the sender: another version, a
file of the same name with other content, and it says so instead of giving other numbers.
"""

import threading
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256
from pathlib import Path
from pickle import dumps
from typing import Any, TypeVar

from runs.cluster import Cluster, connected
from runs.ensemble import (
    Keeper,
    Plan,
    Replicate,
    joined,
    live,
    live_one,
    live_piece,
    plan_of,
    with_kept,
)
from runs.manifest import code_digest, parameter_digest, versions
from runs.people import People, find_people
from runs.settings import digests, settings_of
from runs.shards import ShardedPeople
from scenarios.schema import Scenario
from sim.observe import Counts
from sim.problems import InputError, Problem, refuse
from sim.transitions.process import PUBLISHED

Made = TypeVar("Made")
FILES = {"population": "embedded", "parameters": PUBLISHED, "economy": "default",
         "calibration": "shipped"}  # fmt: skip
_ready: dict[str, Any] = {}  # of this process: what was made of the last work that it was sent
_one_at_a_time = threading.Lock()


@dataclass(frozen=True)
class Life:
    """A scenario's replicates, by number; small, so that it can be sent with each of them.

    expected: what must be the same there as here, by name. shards: the people on a disk that all
        see; None: each process finds them itself.
    """

    scenario: Scenario
    chunk: int | None
    expected: Mapping[str, str]
    shards: ShardedPeople | None = None

    def replicate(self, number: int) -> Replicate:
        """Live one replicate."""
        return live_one(self._plan(), number, _unseen)

    def piece(self, number: int) -> tuple[Counts, ...]:
        """Live one part of the people in one replicate."""
        plan = self._plan()
        with _named():
            return live_piece(plan, number, _unseen)

    def _plan(self) -> Plan:
        """Return the plan of this process, made when it is first asked for."""
        return made_once(self, self._made)

    def _made(self) -> Plan:
        people = found_alike(self.scenario, self.expected, self.shards)
        return plan_of(self.scenario, people, settings_of(self.scenario, self.chunk))


def made_once(work: Any, make: Callable[[], Made]) -> Made:
    """Return what a process makes of a piece of work, which it keeps for the pieces after it."""
    key = sha256(dumps(work)).hexdigest()
    with _one_at_a_time:
        if key not in _ready:
            _ready.clear()
            with _named():
                _ready[key] = make()
        made: Made = _ready[key]
        return made


def found_alike(
    scenario: Scenario, expected: Mapping[str, str], shards: ShardedPeople | None = None
) -> Any:
    """Return the people of a scenario, or say what here is not as the sender has it."""
    refuse("program", _unlike(expected, program()))
    people = shards or find_people(scenario.population, scenario.years[0])
    refuse("inputs", _unlike(expected, inputs(scenario, people)))
    return people


@contextmanager
def _named() -> Iterator[None]:
    """Say in which process inputs are not as they should be."""
    try:
        yield
    except InputError as error:
        raise InputError(f"worker {_name()}: {error.source}", error.problems) from None


def _unseen() -> None:
    """Tell nobody that a year is done: they are told elsewhere when a replicate is."""


def life(scenario: Scenario, people: People | ShardedPeople, chunk: int | None = None) -> Life:
    """Describe a scenario's replicates so that they can be lived elsewhere."""
    shards = people if isinstance(people, ShardedPeople) else None
    return Life(placed(scenario), chunk, expected_of(scenario, people), shards)


def placed(scenario: Scenario) -> Scenario:
    """Return a scenario whose files have paths that hold from any folder."""
    given: dict[str, Any] = {name: str(Path(getattr(scenario, name)).resolve())
             for name, ours in FILES.items()
             if getattr(scenario, name).partition(":")[0] != ours}  # fmt: skip
    return replace(scenario, **given)


def expected_of(scenario: Scenario, people: People | ShardedPeople) -> dict[str, str]:
    """Return what must be the same wherever a scenario is lived, by name."""
    return {**program(), **inputs(scenario, people)}


def inputs(scenario: Scenario, people: People | ShardedPeople) -> dict[str, str]:
    """Return the fingerprints of all that a scenario's numbers are made from."""
    found = {name: entry["sha256"] for name, entry in digests(scenario).items()}
    found["population"] = people.digest
    found["parameters"] = parameter_digest(scenario.parameters)
    return found


@cache
def program() -> dict[str, str]:
    """Return what tells one program from another: versions, and a fingerprint of code and tables.

    Of Python's version the last part decides nothing.
    """
    found = versions()
    found["python"] = found["python"].rpartition(".")[0]
    return {**found, "program": code_digest()}


def _unlike(expected: Mapping[str, str], found: Mapping[str, str]) -> Iterator[Problem]:
    """Yield what is not as the sender has it."""
    for name, value in found.items():
        if value != expected[name]:
            is_file = name in FILES
            cure = ("Put the same file at the same path on every machine." if is_file else
                    "Install the same version on every machine.")  # fmt: skip
            what = "has other content" if is_file or name == "program" else f"is {value}"
            allowed = "the same as where the run was started"
            if not is_file and name != "program":
                allowed = f"{expected[name]}, {allowed}"
            yield Problem(name, what, allowed, cure)


def _name() -> str:
    """Return the address of the worker that this process is."""
    with suppress(ImportError, ValueError):
        from distributed import get_worker

        return str(get_worker().address)
    return "here"


class Here:
    """The threads of this process."""

    def __init__(self, threads: int) -> None:
        self.threads = threads

    def described(self) -> dict[str, Any]:
        """Say where replicates are lived, as a manifest tells it."""
        return {"engine": "threads", "threads": self.threads}

    def live(
        self, plan: Plan, _: Callable[[], Life], year_done: Callable[[], None],
        keeper: Keeper | None = None,
    ) -> Generator[Replicate, None, None]:  # fmt: skip
        """Yield the replicates in order."""
        return live(plan, self.threads, year_done, keeper)


class There:
    """The processes of a cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster

    def described(self) -> dict[str, Any]:
        """Say where replicates are lived, as a manifest tells it."""
        return self.cluster.described()

    def live(
        self, plan: Plan, described: Callable[[], Life], year_done: Callable[[], None],
        keeper: Keeper | None = None,
    ) -> Generator[Replicate, None, None]:  # fmt: skip
        """Yield the replicates in order, the very ones that `Here` would yield.

        keeper: keeps replicates as they come; the years of those in the making are not kept.
        """
        work = described()

        def noted(results: Iterator[Made]) -> Generator[Made, None, None]:
            for result in results:
                for _ in range(plan.years):
                    year_done()
                yield result

        def lived(numbers: Sequence[int]) -> Iterator[Replicate]:
            if plan.parts == 1:
                return noted(self.cluster.in_order(work.replicate, numbers))
            pieces = noted(self.cluster.in_order(work.piece, plan.pieces_of(numbers)))
            return joined(plan, numbers, pieces)

        return with_kept(plan, keeper, lived)


@contextmanager
def hands(dask: str | None, threads: int | None) -> Iterator[Here | There]:
    """Give what lives replicates: threads of this process, or a cluster while it is needed."""
    if dask is None:
        yield Here(threads or 1)
        return
    with connected(dask, threads) as cluster:
        yield There(cluster)
