"""Work done by the processes of a Dask cluster: the same numbers, in the same order.

What is sent is a description of the work and a number; what comes back is small tables. A piece
of work whose process dies is done again by another one, and since a result depends on its number
alone, nobody can tell from the results where, or how often, it was done.
"""

import os
import sys
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

from sim.problems import BrokenOffError, InputError, Problem, refuse, shown

Made = TypeVar("Made")
LOCAL = "local"  # the address of a cluster that is made for this run, on this machine
ADDRESSES = "local, an address such as tcp://10.0.0.5:8786, or the scheduler's file"
PROTOCOLS = ("tcp://", "tls://", "ws://", "wss://", "ucx://", "inproc://")
SECONDS_TO_CONNECT, SECONDS_TO_TELL = 10, 20
AHEAD = 4  # pieces in the making or waiting to be taken, for each thread of the cluster
KEPT_BYTES, KEPT_BLOCK = 2**28, 2**25  # of free memory that a local worker keeps; in one piece
DEATHS = 3  # of processes that a piece of work may cause before it is given up
# Processes on this machine share its cores with the work. Workers would give memory back to the
# system as soon as it is free, and get it anew, page by page, for the next year: a third of all
# their time. And all of them would look at themselves up to a hundred times a second, a tenth of a
# core's time together: pieces of work take a second, so once a second will do.
QUIET = {
    "distributed.scheduler.allowed-failures": DEATHS,
    "distributed.nanny.pre-spawn-environ.MALLOC_TRIM_THRESHOLD_": KEPT_BYTES,
    "distributed.nanny.pre-spawn-environ.MALLOC_MMAP_THRESHOLD_": KEPT_BLOCK,
    "distributed.worker.profile.enabled": False,
    "distributed.worker.memory.monitor-interval": "1s",
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.tick.cycle": "10s",
    "distributed.admin.system-monitor.interval": "10s",
}


class Cluster:
    """A connected cluster.

    client: its `distributed.Client`. address: as the user gave it.
    """

    def __init__(self, client: Any, address: str) -> None:
        self.client = client
        self.address = address

    def described(self) -> dict[str, Any]:
        """Say where work is done, as a manifest tells it."""
        threads = self.client.nthreads()
        return {"engine": "dask", "address": self.address, "workers": len(threads),
                "threads": sum(threads.values())}  # fmt: skip

    def in_order(
        self, make: Callable[[int], Made], numbers: Sequence[int]
    ) -> Generator[Made, None, None]:
        """Yield `make` of each number, in order; it and what it returns must travel as pickles.

        However many there are, only a few for each thread of the cluster are in the making or
        finished and not taken yet, so that memory stays as it is.
        """
        waiting: deque[tuple[int, Any]] = deque()
        name = f"vandring-{uuid4().hex[:12]}"
        try:
            for place, number in enumerate(numbers):
                while len(waiting) >= self._at_once():
                    yield self._taken(*waiting.popleft())
                sent = self.client.submit(make, number, key=f"{name}-{number}", pure=False,
                                          priority=-place)  # fmt: skip
                waiting.append((number, sent))
            while waiting:
                yield self._taken(*waiting.popleft())
        finally:
            for _, sent in waiting:
                sent.cancel()

    def _at_once(self) -> int:
        threads: int = sum(self.client.nthreads().values())
        return AHEAD * max(threads, 1)

    def _taken(self, number: int, sent: Any) -> Any:
        """Wait for a result; say so if there is nobody who could make it."""
        from distributed import CancelledError, KilledWorker

        while True:
            try:
                return sent.result(timeout=SECONDS_TO_TELL)
            except TimeoutError:
                self._tell_if_alone()
            except KilledWorker:
                found = f"{DEATHS + 1} processes died while they made piece {number}"
                cure = "Is there memory enough for each process? See docs/cluster.md."
                raise _broken_off(self.address, found, "one that lives", cure) from None
            except (CancelledError, OSError):
                if sent.status == "error":
                    raise  # the work's own
                found = "the scheduler was lost, and with it what was not finished"
                raise _broken_off(self.address, found, "one that stays", "") from None
            except ModuleNotFoundError as error:
                found = f"a worker knows no module {shown(error.name)}"
                cure = "Install Vandring there, in the same version as here."
                raise _broken_off(self.address, found, "workers with Vandring", cure) from None

    def _tell_if_alone(self) -> None:
        if not self.client.nthreads():
            print(f"vandring: no workers at {self.address}; waiting for some", file=sys.stderr)


@contextmanager
def connected(address: str, processes: int | None = None) -> Iterator[Cluster]:
    """Connect to a cluster, or make a local one for as long as it is needed.

    processes: of a local cluster, one thread each; None: one for each core.
    """
    refuse("command", address_problem(address))
    from distributed import Client

    if address == LOCAL:
        with _local(processes or _cores()) as local, Client(local) as client:
            yield Cluster(client, LOCAL)
        return
    try:
        file = Path(address).is_file()
        where = {"scheduler_file": address} if file else {"address": address}
        client = Client(**where, timeout=SECONDS_TO_CONNECT)
    except (OSError, TimeoutError, ValueError, ImportError) as error:
        found = f"no scheduler answers there ({str(error).splitlines()[0] or type(error).__name__})"
        cure = "Is `dask scheduler` running, and the address the one that it printed?"
        raise InputError("cluster", [Problem(address, found, ADDRESSES, cure)]) from None
    with client:
        yield Cluster(client, address)


def _local(processes: int) -> Any:
    """Return a cluster of processes on this machine; it tells nothing of its workers' ends."""
    import logging

    import dask
    from distributed import LocalCluster

    dask.config.set(QUIET)
    return LocalCluster(
        n_workers=processes,
        threads_per_worker=1,
        processes=True,
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",  # a free port: 8787 may be taken
        silence_logs=logging.CRITICAL,
    )


def _cores() -> int:
    """Return how many cores this process may use."""
    known = getattr(os, "sched_getaffinity", None)
    return len(known(0)) if known else os.cpu_count() or 1


def address_problem(address: str) -> list[Problem]:
    """Say before anything is done that an address is none, or that Dask is not installed."""
    from importlib.util import find_spec

    problems = []
    if find_spec("distributed") is None:
        cure = "pip install 'vandring[hpc]'"
        problems.append(Problem("--dask", "Dask is not installed", "Dask and distributed", cure))
    if address != LOCAL and not _is_address(address):
        cure = "The name of the scenario comes before --dask." if address.isidentifier() else ""
        problems.append(Problem("--dask", f"is {shown(address)}", ADDRESSES, cure))
    return problems


def _is_address(address: str) -> bool:
    host, colon, port = address.removeprefix(
        next((p for p in PROTOCOLS if address.startswith(p)), "")
    ).rpartition(":")
    named = bool(host and colon and port.isdecimal() and int(port) < 2**16)
    return named or (address.endswith(".json") and Path(address).is_file())


def _broken_off(address: str, found: str, allowed: str, cure: str) -> BrokenOffError:
    return BrokenOffError("cluster", [Problem(address, found, allowed, cure)])
