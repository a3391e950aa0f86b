"""One run from scenario to report: find the people, live the years, write the folder."""

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from runs import manifest as manifests
from runs.elsewhere import Here, Life, There, hands, life
from runs.ensemble import Plan, plan_of
from runs.parts import TABLES, Merging, Parts
from runs.people import People, find_people, wrong_start
from runs.progress import Progress
from runs.report import write_report
from runs.resuming import differences, scenario_changes, with_background
from runs.settings import scenario_of, settings_of
from runs.shards import ShardedPeople, sharded
from runs.store import OUT, new_folder
from runs.structure import structure_csv
from runs.sums import Sums
from runs.tables import headline, write_summaries, write_whole
from runs.unfinished import WHOLE, begun, record_of, taken_up
from scenarios.schema import Scenario
from sim.observe import MOST_CELLS, Observer
from sim.problems import Problem, refuse
from sim.transitions.logit import parameters_set
from sim.transitions.process import Settings


@dataclass(frozen=True)
class Finished:
    """Where a run lies and what it found."""

    folder: Path
    manifest: dict[str, Any]
    headline: dict[str, Any]


@dataclass(frozen=True)
class Job:
    """What a run will do, and the manifest that says so."""

    scenario: Scenario
    people: People | ShardedPeople
    settings: Settings
    record: dict[str, Any]

    @property
    def plan(self) -> Plan:
        """What is to be simulated."""
        return plan_of(self.scenario, self.people, self.settings)


def run(
    scenario: Scenario,
    *,
    threads: int | None = None,
    out: str | None = None,
    chunk: int | None = None,
    command: list[str] | None = None,
    asked_for: Mapping[str, Any] | None = None,
    dask: str | None = None,
    shards: str | None = None,
) -> Finished:
    """Simulate a scenario and write its run folder, which is whole or absent.

    What breaks a run off leaves a hidden folder, from which `resume` goes on.
    asked_for: the word and the options that the scenario was read by, to see if it changes.
    threads, chunk, dask: matters of speed; they change no number. dask: the address of a cluster,
        or 'local' for one of as many processes as threads are asked for, else one a core.
    shards: in how many parts the people are lived, 'auto' or a number; None: whole.
    """
    clock = Clock()
    when = datetime.now(UTC).astimezone()
    near = Path(out) if out else OUT / scenario.name
    with ExitStack() as stack:
        with clock.timing("population"):
            people = people_of(scenario, shards, near, stack)
            job = job_of(scenario, chunk, when, command or ["vandring"], people)
        job.record["asked_for"] = asked_for
        folder = new_folder(scenario.name, _short_hash(job.record), when, out)
        workers = stack.enter_context(hands(dask, threads))
        with begun(folder, job.record) as part:
            found = _live_and_write(job, workers, part, clock)
    return Finished(folder, job.record, found)


def resume(
    folder: Path,
    *,
    threads: int | None = None,
    chunk: int | None = None,
    dask: str | None = None,
) -> Finished:
    """Go on with the run that was to get this folder, and was broken off."""
    clock = Clock()
    when = datetime.now(UTC).astimezone()
    record = record_of(folder)
    with ExitStack() as stack, taken_up(folder) as part:
        workers = stack.enter_context(hands(dask, threads))
        with clock.timing("population"):
            scenario = scenario_of(record, part)
            people = people_of(scenario, record["population"].get("shards"), folder, stack)
            job = job_of(scenario, chunk, when, [], people)
        refuse(f"run {folder}", [*differences(record, job.record), *scenario_changes(record)])
        record["resumed"] = [*record.get("resumed", []), when.isoformat(timespec="seconds")]
        found = _live_and_write(replace(job, record=record), workers, part, clock)
    return Finished(folder, record, found)


def people_of(
    scenario: Scenario, shards: str | int | None, near: Path, stack: ExitStack
) -> People | ShardedPeople:
    """Return the people of a run: in memory, or until the stack ends in shards on disk."""
    which, first = scenario.population, scenario.years[0]
    if shards is None:
        return find_people(which, first)
    return stack.enter_context(sharded(which, first, str(shards), near))


def job_of(
    scenario: Scenario,
    chunk: int | None,
    when: datetime,
    command: list[str],
    people: People | ShardedPeople | None = None,
) -> Job:
    """Find the people and the settings of a scenario, and say what they are.

    people: if they are found already.
    """
    people = people or find_people(scenario.population, scenario.years[0])
    scenario = with_background(scenario)
    refuse(f"scenario {scenario.name}", _unfit(scenario, people))
    settings = settings_of(scenario, chunk)
    parameters = {"name": scenario.parameters, "source": parameters_set(settings).source}
    record = manifests.manifest(scenario, people, parameters, when, command)
    return Job(scenario, people, settings, record)


def _unfit(scenario: Scenario, people: People | ShardedPeople) -> Iterator[Problem]:
    yield from wrong_start(scenario.years[0], people.population.year)
    cells = Observer(scenario.dimensions).cells
    if cells > MOST_CELLS:
        allowed = f"at most {MOST_CELLS:,} combinations"
        yield Problem("dimensions", f"make {cells:,} combinations", allowed, "Leave some out.")


def _short_hash(record: dict[str, Any]) -> str:
    """Fingerprint what decides the numbers, and the moment, so that folders never collide."""
    keys = ("scenario", "population", "parameters", "versions", "commit")
    when = datetime.now(UTC).isoformat()
    return sha256(repr([when, *(record[key] for key in keys)]).encode()).hexdigest()


def _live_and_write(job: Job, workers: Here | There, part: Path, clock: "Clock") -> dict[str, Any]:
    """Live all replicates that are not kept already, and write everything."""
    plan, parts, sums = job.plan, Parts(part), Sums()
    whole = part / WHOLE
    years = plan.years * plan.replicates * plan.parts
    kept = plan.parts * parts.years_kept(plan.replicates, plan.years)
    job.record["lived_on"] = workers.described()

    def sent() -> Life:
        return life(job.scenario, job.people, job.settings.chunk)

    with (
        clock.timing("simulation"),
        Progress(years, "years lived", before=kept) as bar,
        closing(workers.live(plan, sent, bar.advance, parts)) as replicates,
        Merging(whole) as merging,
    ):
        for replicate in replicates:
            merging.add(replicate)
            sums.add(replicate)
    return write(whole, job.record, sums, clock)


def write(part: Path, record: dict[str, Any], sums: Sums, clock: "Clock") -> dict[str, Any]:
    """Write tables, figures, report and manifest."""
    first, last = record["years"]
    years = (first, last)
    flows, stocks = sums.for_report()
    with clock.timing("tables"):
        made = sums.summaries(years)
        write_summaries(flows, stocks, part, made=made)
        write_whole(part / "structure_summary.csv", structure_csv(sums.structure))
        found = headline(made)
    record["files"] = {
        f"{name}.parquet": manifests.sha256_of(part / f"{name}.parquet") for name in TABLES
    }
    record["timings"] = clock.seconds
    with clock.timing("report"):
        write_report(part, record, flows, stocks, made=made, years=years,
                     structure=sums.structure)  # fmt: skip
    write_whole(part / "manifest.json", manifests.as_text(record))
    return found


class Clock:
    """Seconds spent in each stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def timing(self, stage: str) -> Iterator[None]:
        """Note the seconds that the stage takes."""
        start = time.monotonic()
        yield
        self.seconds[stage] = round(time.monotonic() - start, 3)
