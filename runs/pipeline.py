"""One run from scenario to report: find the people, live the years, write the folder."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from runs import manifest as manifests
from runs.ensemble import Plan, live
from runs.people import People, find_people
from runs.progress import Progress
from runs.report import write_report
from runs.settings import settings_of
from runs.store import new_folder, whole_folder
from runs.structure import structure_csv
from runs.tables import BACKGROUND, headline, summaries, write_summaries, write_whole
from scenarios.schema import Scenario
from sim.observe import MOST_CELLS, Observer
from sim.problems import Problem, refuse
from sim.transitions.logit import parameters_set
from sim.transitions.process import Settings

TABLES = ("flows", "stocks", "structure")


@dataclass(frozen=True)
class Finished:
    """Where a run lies and what it found."""

    folder: Path
    manifest: dict[str, Any]
    headline: dict[str, Any]


def run(
    scenario: Scenario,
    *,
    threads: int = 1,
    out: str | None = None,
    chunk: int | None = None,
    command: list[str] | None = None,
) -> Finished:
    """Simulate a scenario and write its run folder, which is whole or absent.

    threads, chunk: matters of speed; they change no number.
    """
    clock = _Clock()
    when = datetime.now(UTC).astimezone()
    with clock.timing("population"):
        people = find_people(scenario.population, scenario.years[0])
    if BACKGROUND not in scenario.dimensions:  # it tells immigrants from Norwegian-born
        scenario = replace(scenario, dimensions=(BACKGROUND, *scenario.dimensions))
    refuse(f"scenario {scenario.name}", _unfit(scenario, people))
    settings = settings_of(scenario, chunk)
    parameters = {"name": scenario.parameters, "source": parameters_set(settings).source}
    record = manifests.manifest(scenario, people, parameters, when, command or ["vandring"])
    record["threads"] = threads
    folder = new_folder(scenario.name, _short_hash(record), when, out)
    with whole_folder(folder) as part:
        tables = _simulate(scenario, people, settings, threads, part, clock)
        found = _write(part, record, tables, clock)
    return Finished(folder, record, found)


def _unfit(scenario: Scenario, people: People) -> Iterator[Problem]:
    first, here = scenario.years[0], people.population.year
    if first != here:
        yield Problem(
            "years",
            f"begin with {first}, but the population is that of 1 January {here}",
            f"{here}..",
            f"Start the years in {here}, or give a population of 1 January {first}.",
        )
    cells = Observer(scenario.dimensions).cells
    if cells > MOST_CELLS:
        allowed = f"at most {MOST_CELLS:,} combinations"
        yield Problem("dimensions", f"make {cells:,} combinations", allowed, "Leave some out.")


def _short_hash(record: dict[str, Any]) -> str:
    """Fingerprint what decides the numbers, and the moment, so that folders never collide."""
    keys = ("scenario", "population", "parameters", "versions", "commit")
    when = datetime.now(UTC).isoformat()
    return sha256(repr([when, *(record[key] for key in keys)]).encode()).hexdigest()


def _simulate(
    scenario: Scenario,
    people: People,
    settings: Settings,
    threads: int,
    part: Path,
    clock: "_Clock",
) -> dict[str, pa.Table]:
    """Live all replicates, writing each to the Parquet files as it finishes."""
    years = scenario.years[1] - scenario.years[0] + 1
    plan = Plan(
        people.population,
        settings,
        scenario.seed,
        years,
        scenario.replicates,
        scenario.dimensions,
        scenario.uncertainty,
    )
    parts: dict[str, list[pa.Table]] = {name: [] for name in TABLES}
    writers: list[pq.ParquetWriter] = []
    with clock.timing("simulation"), Progress(years * scenario.replicates, "years lived") as bar:
        try:
            for replicate in live(plan, threads, bar.advance):
                for i, name in enumerate(TABLES):
                    table = getattr(replicate, name)
                    if len(writers) <= i:
                        path = part / f"{name}.parquet"
                        writers.append(pq.ParquetWriter(path, table.schema, compression="zstd"))
                    writers[i].write_table(table)
                    parts[name].append(table)
        finally:
            for writer in writers:
                writer.close()
    return {name: pa.concat_tables(of) for name, of in parts.items()}


def _write(
    part: Path, record: dict[str, Any], tables: dict[str, pa.Table], clock: "_Clock"
) -> dict[str, Any]:
    """Write tables, figures, report and manifest."""
    flows, stocks = tables["flows"], tables["stocks"]
    first, last = record["years"]
    years = (first, last)
    with clock.timing("tables"):
        made = summaries(flows, stocks, years=years)
        write_summaries(flows, stocks, part, made=made)
        write_whole(part / "structure_summary.csv", structure_csv(tables["structure"]))
        found = headline(made)
    record["files"] = {
        f"{name}.parquet": manifests.sha256_of(part / f"{name}.parquet") for name in TABLES
    }
    record["timings"] = clock.seconds
    with clock.timing("report"):
        write_report(part, record, flows, stocks, made=made, years=years,
                     structure=tables["structure"])  # fmt: skip
    write_whole(part / "manifest.json", manifests.as_text(record))
    return found


class _Clock:
    """Seconds spent in each stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def timing(self, stage: str) -> Iterator[None]:
        start = time.monotonic()
        yield
        self.seconds[stage] = round(time.monotonic() - start, 3)
