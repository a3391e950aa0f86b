"""What a run will cost, from a pilot: seconds, memory and disk.

Three things are tried, with the run's own code. All the people are found, as they are in the run.
All of them live the first few years, as many replicates side by side as the run will have: that
gives the seconds and bytes of a replicate's first year and of a year after it. And a part of them
lives all the years: that tells how many persons and table rows later years have for each of the
first ones. The tables of that part, copied to as many replicates as the run has (40 at most; more
are in proportion), are turned into summaries, figures and report, which costs what it will cost.
"""

import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from runs.crossing import DRAWS
from runs.ensemble import Plan, Replicate, in_order, live_one
from runs.intervals import Floats
from runs.parts import Merging, Parts
from runs.pipeline import Clock, Job, write
from runs.precision import part_of, people_in
from runs.sums import Sums
from sim.engine import Simulation
from sim.observe import Counts

FEW_YEARS = 3  # that all the people live in the pilot
MOST_COPIES = 40  # replicates that the pilot's tables are copied to
FEWEST_YEARS = 8  # of the part, to tell what a year takes whoever lives it
SMALL = 20_000  # persons of the part that lives all the years
MOST_COLD = 5.0  # seconds; more is compiling, which is done once and kept


@dataclass(frozen=True)
class Lived:
    """What the first few years took, lived by replicates side by side.

    All seconds are pairs: on the wall, and of the processor.
    cold: seconds more that the very first year took. first, later: until the first year was over,
    and of a year after it. end: from the last year to finished tables; keep: to merge them.
    bytes_kept, bytes_merged: on disk, of a replicate. held: bytes in memory of its sums.
    most: bytes of memory in use when it was highest.
    """

    cold: Floats
    first: Floats
    later: Floats
    end: Floats
    keep: Floats
    bytes_kept: float
    bytes_merged: float
    held: float
    most: float


@dataclass(frozen=True)
class Later:
    """How the years of a run go on, measured in a part of the people.

    tables: of one replicate of this part. growth: most persons for each of the first year.
    years: years after the first, each as long as it has persons for each of the first few.
    rows: rows of tables for each of the first few years.
    room: bytes of tables on disk for each of the first few years, less than rows: what many
    years repeat takes little.
    """

    tables: Replicate
    growth: float
    years: float
    rows: float
    room: float


@dataclass(frozen=True)
class Forecast:
    """What a run will cost: seconds of its stages, bytes of memory, bytes on disk.

    processor: seconds of the processor, which do not depend on who else uses the machine.
    """

    replicates: int
    threads: int
    population: float
    simulation: float
    writing: float
    processor: float
    memory: float
    disk: float
    disk_while_running: float

    @property
    def seconds(self) -> float:
        """All the seconds."""
        return self.population + self.simulation + self.writing


class Pilot:
    """Measures a job lived in so many threads, and tells what any number of replicates costs.

    population: the seconds that finding the people took, on the wall and of the processor.
    """

    def __init__(self, job: Job, population: Floats, threads: int) -> None:
        self.job, self.population, self.threads = job, population, threads
        plan = job.plan
        few = replace(plan, years=min(FEW_YEARS, plan.years))
        self.before = in_use()
        self.lived = _live_few(few, threads, 2 * threads + 1)  # most of them begin warm
        self.later = _live_part(plan, few.years)
        self._written: dict[int, tuple[Floats, float, float]] = {}

    def forecast(self, replicates: int) -> Forecast:
        """Return what so many replicates cost."""
        lived, later = self.lived, self.later
        one = lived.first + lived.later * later.years + lived.end
        # On the wall replicates follow one another in each thread; the processor does them all.
        rounds = np.array([max(replicates / self.threads, 1.0), replicates])
        one = one + lived.keep * later.rows
        simulation = np.minimum(lived.cold, MOST_COLD) + rounds * one
        copies = min(replicates, MOST_COPIES)
        if copies not in self._written:
            self._written[copies] = _write_copies(self.job, later.tables, copies)
        seconds, page, more = self._written[copies]
        writing = seconds * max(replicates / copies, 1.0)
        living = max(lived.most - self.before, 0.0) * later.growth
        sums = lived.held * later.rows * replicates
        disk = lived.bytes_merged * later.room * replicates + page
        making = 2.0 * self.threads * people_in(self.job.plan).nbytes * later.growth
        return Forecast(
            replicates=replicates,
            threads=self.threads,
            population=float(self.population[0]),
            simulation=float(simulation[0]),
            writing=float(writing[0]),
            processor=float((self.population + simulation + writing)[1]),
            memory=self.before + living + sums + more,
            disk=disk,
            disk_while_running=disk + lived.bytes_kept * later.rows * replicates + making,
        )


def _live_few(plan: Plan, threads: int, many: int) -> Lived:
    """Live the first years of some replicates, as many side by side as asked."""
    most, sums = [in_use()], Sums()
    keeping: list[Floats] = []
    seconds: list[Floats] = []  # of a replicate, a row for each year and one for the end
    with temporary() as folder:
        parts, whole = Parts(folder), folder / "whole"
        whole.mkdir()

        def make(number: int) -> Replicate:
            marks = [clocks()]

            def year_done() -> None:
                marks.append(clocks())
                most.append(in_use())

            found = live_one(plan, number, year_done, parts.making(number))
            parts.finish(found)
            marks.append(clocks())
            seconds.append(np.diff(marks, axis=0))
            return found

        with Merging(whole) as merging:
            for found in in_order(make, many, threads):
                started = clocks()
                merging.add(found)
                sums.add(found)
                keeping.append(clocks() - started)
        kept, merged = size_of(folder / "finished"), size_of(whole)
    held = sum(table.nbytes for by in sums.by for table in sums.of(by)) + sums.structure.nbytes
    first, later = _first_and_later(seconds)
    return Lived(
        cold=first.max(axis=0) - np.median(first, axis=0),
        first=np.median(first, axis=0),
        later=np.median(later if later.size else first, axis=0),
        end=np.median([gaps[-1] for gaps in seconds], axis=0),
        keep=np.median(keeping, axis=0),
        bytes_kept=kept / many,
        bytes_merged=merged / many,
        held=held / many,
        most=max(most),
    )


def _first_and_later(seconds: list[Floats]) -> tuple[Floats, Floats]:
    """Return what first years took and what later ones did, a row each."""
    first = np.array([gaps[0] for gaps in seconds])
    return first, np.concatenate([gaps[1:-1] for gaps in seconds])


class Counting:
    """Notes how many persons there are after each year, and when, where others keep the state."""

    def __init__(self) -> None:
        self.persons: list[int] = []
        self.moments: list[float] = []  # seconds of the processor

    def take_up(self, simulation: Simulation) -> list[Counts]:  # noqa: ARG002 - nothing is kept
        """Begin at the beginning."""
        return []

    def save(self, simulation: Simulation, counts: Counts) -> None:  # noqa: ARG002
        """Count."""
        self.persons.append(len(simulation.population))
        self.moments.append(time.thread_time())


def _live_part(plan: Plan, few: int) -> Later:
    """Live all the years of a part of the people, of which all have lived the first few."""
    everybody = people_in(plan)
    part, _ = part_of(everybody, SMALL)
    counting = Counting()
    tables = live_one(replace(plan, population=part), 0, None, counting)
    persons = np.array([*counting.persons, *counting.persons[-1:]] or [len(part)], dtype=float)
    begun = _until(tables, plan.population.year + few)
    return Later(
        tables,
        growth=float(max(persons.max() / persons[0], 1.0)),
        years=_in_first_ones(
            persons[1:], np.diff(counting.moments), few - 1, len(everybody) / max(len(part), 1)
        ),
        rows=tables.flows.num_rows / max(begun.flows.num_rows, 1),
        room=_bytes_merged(tables) / _bytes_merged(begun),
    )


def _in_first_ones(persons: Floats, spent: Floats, few: int, times: float) -> float:
    """Return how long all years take, in years that last as long as the first few do.

    persons: of a part of the people, a year each after the first, one more at the end. spent:
    seconds of these years. times: how many times as many all people are. A year takes some time
    whoever lives it, told by how the part's years grow with its persons, and the rest for each.
    """
    if not few or not persons.size:
        return 0.0
    fixed = 0.0
    if spent.size >= FEWEST_YEARS:
        each, alone = np.polyfit(persons[: spent.size], spent, 1)
        fixed = max(alone, 0.0) / max(each, 1e-12) / times if each > 0 else np.inf
    if not np.isfinite(fixed):
        return float(persons.size)
    return float(((fixed + persons) / (fixed + persons[:few].mean())).sum())


def _until(tables: Replicate, year: int) -> Replicate:
    """Return the rows of the years before one."""
    flows, stocks, structure = (
        table.filter(pc.less(table["year"], year))
        for table in (tables.flows, tables.stocks, tables.structure)
    )
    return Replicate(tables.number, flows, stocks, structure)


def _bytes_merged(tables: Replicate) -> int:
    """Return how much room a replicate's tables take on disk."""
    with temporary() as folder:
        with Merging(folder) as merging:
            merging.add(tables)
        return size_of(folder)


def _write_copies(job: Job, small: Replicate, copies: int) -> tuple[Floats, float, float]:
    """Write tables and report of one replicate copied; return seconds, bytes and more memory."""
    sums, clock, before = Sums(), Clock(), in_use()
    with temporary() as folder:
        with Merging(folder) as merging:
            for number in range(copies):
                copied = _numbered(small, number, job.plan.draws_of(number))
                merging.add(copied)
                sums.add(copied)
        tables = size_of(folder)
        start = clocks()
        write(folder, dict(job.record), sums, clock)
        seconds = clocks() - start
        return seconds, size_of(folder) - tables, max(in_use() - before, 0.0)


def _numbered(small: Replicate, number: int, draws: tuple[int, int]) -> Replicate:
    """Return a replicate under another number."""

    def again(table: pa.Table) -> pa.Table:
        for name, value in zip(("replicate", *DRAWS), (number, *draws), strict=True):
            place = table.column_names.index(name)
            table = table.set_column(place, name, pa.array([value] * table.num_rows, pa.int32()))
        return table

    return Replicate(number, again(small.flows), again(small.stocks), again(small.structure))


def clocks() -> Floats:
    """Return the seconds on the wall and of the processor, the latter of this thread alone."""
    return np.array([time.perf_counter(), time.thread_time()])


@contextmanager
def temporary() -> Iterator[Path]:
    """Lend a folder that is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="vandring-plan-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def size_of(folder: Path) -> int:
    """Return the bytes of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def in_use() -> float:
    """Return the bytes of memory that this process uses now, or at most used if unknown."""
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return highest()
    return float(pages * resource.getpagesize())


def highest() -> float:
    """Return the most bytes of memory that this process has used."""
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return float(used if sys.platform == "darwin" else used * 1024)
