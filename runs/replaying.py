"""`vandring replay RUN`: live a run again from its manifest, and say whether the bits agree."""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from runs.terminal import DONE, FAILED, MOST_THREADS, told, whole_number
from sim.problems import InputError, Problem, refuse

if TYPE_CHECKING:
    import pyarrow as pa

    from runs.pipeline import Job

EXAMPLES = """\
examples:
  vandring replay runs/out/baseline-20260102T030405-0a1b2c3d
  vandring replay my_run --replicates 2 --threads 2

Every replicate is lived again from the manifest and compared with the run's flows.parquet,
stocks.parquet and structure.parquet. Nothing is written into the run.
The exit code is 0 if all agree and 1 if not.
"""
MANIFEST = "manifest.json"
MOST_REPLICATES = 10**6


@dataclass(frozen=True)
class Difference:
    """Where a replay first differs from its run."""

    table: str
    replicate: int
    year: int | None
    found: str


@dataclass(frozen=True)
class Verdict:
    """What a replay found.

    unlike: what was not as it was when the run was lived. files: whether the digest of each
        file is that of the manifest; of the replay's too if all replicates were lived again.
    """

    folder: Path
    replicates: int
    of: int
    unlike: tuple[Problem, ...]
    differs: Difference | None
    files: Mapping[str, bool]

    @property
    def agrees(self) -> bool:
        """Whether all bits are the same."""
        return self.differs is None and all(self.files.values())


def prepare(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = EXAMPLES
    add = parser.add_argument
    add("run", metavar="RUN", help="folder of a finished run, or its name in runs/out")
    add("--replicates", metavar="N", help="live only the first N again (default: all)")
    add("--threads", metavar="N", default="1", help="replicates lived side by side (default: 1)")
    add("--json", action="store_true", help="print the outcome as JSON on standard output")


def act(arguments: argparse.Namespace, _: list[str]) -> int:
    """Live the run again and tell whether it is the same."""
    problems: list[Problem] = [*arguments.unknown]
    threads = whole_number(arguments.threads, "--threads", MOST_THREADS, problems)
    few = arguments.replicates
    if few is not None:
        few = whole_number(few, "--replicates", MOST_REPLICATES, problems)
    folder = _finished(arguments.run, problems)
    refuse("command", problems)
    assert folder is not None, "refused above"
    verdict = replay(folder, few, threads)
    tell = _print_json if arguments.json else _print_lines
    code = told(lambda: tell(verdict), f"the bits {'agree' if verdict.agrees else 'differ'}")
    return code if code != DONE or verdict.agrees else FAILED


def replay(folder: Path, few: int | None = None, threads: int = 1) -> Verdict:
    """Live the first replicates of a finished run again, or all, and compare."""
    from runs.pipeline import job_of, people_of
    from runs.resuming import differences
    from runs.settings import scenario_of

    record = _record_of(folder)
    scenario = scenario_of(record, folder)
    many = min(few or scenario.replicates, scenario.replicates)
    if few is not None and few > many:
        print(f"vandring: note: the run has {many} replicates, not {few:,}", file=sys.stderr)
    with TemporaryDirectory(prefix="vandring-replay-") as place, ExitStack() as stack:
        near, shards = Path(place) / "people", record["population"].get("shards")
        people = people_of(scenario, shards, near, stack)
        job = job_of(scenario, None, datetime.now(UTC), [], people)
        unlike = tuple(differences(record, job.record))
        for problem in unlike:
            print(f"vandring: note: {problem.where} {problem.found}", file=sys.stderr)
        differs = _first_difference(folder, job, many, threads, Path(place))
        whole = many == scenario.replicates
        again = Path(place) if whole else folder  # some replicates make no whole file
        files = _same_files(folder, again, record) if differs is None else {}
    return Verdict(folder, many, scenario.replicates, unlike, differs, files)


def _first_difference(
    folder: Path, job: "Job", many: int, threads: int, place: Path
) -> Difference | None:
    """Live replicates until one differs from the run's; write them to another place."""
    from runs.ensemble import live
    from runs.parts import TABLES, Merging, replicates_in
    from runs.progress import Progress

    plan = replace(job.plan, replicates=many)
    held = _readable(replicates_in(folder, range(many)))
    with (
        Progress(many * plan.years * plan.parts, "years lived") as bar,
        closing(live(plan, threads, bar.advance)) as lived,
        Merging(place) as merging,
    ):
        for again, before in zip(lived, held, strict=True):
            merging.add(again)
            for name in TABLES:
                found = difference(getattr(before, name), getattr(again, name))
                if found is not None:
                    return Difference(name, again.number, *found)
    return None


def difference(before: "pa.Table", again: "pa.Table") -> tuple[int | None, str] | None:
    """Return the first year in which two tables of a replicate differ, and how; None: in none."""
    import pyarrow.compute as pc

    before, again = (_plain(table) for table in (before, again))
    if before.equals(again):
        return None
    if before.column_names != again.column_names:
        return None, "other columns"
    years = sorted({*before["year"].to_pylist(), *again["year"].to_pylist()})
    for year in years:
        one, other = (t.filter(pc.equal(t["year"], year)) for t in (before, again))
        if not one.equals(other):
            sums = (pc.sum(table["count"]).as_py() or 0 for table in (one, other))
            rows = f"{one.num_rows:,} and {other.num_rows:,} rows"
            return year, f"{rows}, counts that sum to {' and '.join(f'{n:,}' for n in sums)}"
    return None, "the same years in another order"


def _plain(table: "pa.Table") -> "pa.Table":
    """Return a table with words for codes, so that only what it says is compared."""
    import pyarrow as pa

    columns = {
        name: table[name].cast(pa.string()) if pa.types.is_dictionary(kind) else table[name]
        for name, kind in zip(table.column_names, table.schema.types, strict=True)
    }
    return pa.table(columns).combine_chunks()


def _readable(held: Iterator[Any]) -> Iterator[Any]:
    """Say of tables that cannot be read that they cannot."""
    import pyarrow as pa

    try:
        yield from held
    except (OSError, pa.ArrowException, KeyError) as error:
        found = f"its tables cannot be read ({type(error).__name__})"
        raise InputError("command", [Problem("run", found, "a whole run")]) from None


def _same_files(folder: Path, place: Path, record: Mapping[str, Any]) -> dict[str, bool]:
    """Say of each file whether the replay's and the run's own are what the manifest says."""
    from runs.manifest import sha256_of

    return {
        name: sha256_of(place / name) == digest == sha256_of(folder / name)
        for name, digest in record["files"].items()
    }


def _finished(which: str, problems: list[Problem]) -> Path | None:
    """Return the folder of a finished run; if there is none, that joins `problems`."""
    from runs.resuming import FINISHED
    from runs.store import OUT
    from runs.unfinished import hidden, resume_with
    from sim.problems import suggest

    for place in (Path(which), OUT / which):
        if (place / FINISHED).is_file():
            return place
        if place.name and hidden(place).is_dir():
            cure = resume_with(place)
            problems.append(Problem("run", f"{place} is not finished", "", cure))
            return None
    known = sorted(path.parent.name for path in OUT.glob(f"*/{FINISHED}"))
    found = f"there is no finished run {which}"
    problems.append(Problem("run", found, "", suggest(Path(which).name, known)))
    return None


def _record_of(folder: Path) -> dict[str, Any]:
    try:
        record = json.loads((folder / MANIFEST).read_text("utf-8"))
        known = {"scenario", "files", "versions"} <= set(record)
    except (OSError, ValueError, TypeError, RecursionError):
        known = False
    if not known:
        found = f"{folder / MANIFEST} does not say how the run was made"
        raise InputError("command", [Problem("run", found, "the manifest of vandring run")])
    return dict(record)


def _print_json(verdict: Verdict) -> None:
    answer = {
        "folder": str(verdict.folder),
        "agrees": verdict.agrees,
        "replicates": verdict.replicates,
        "of": verdict.of,
        "first_difference": None if verdict.differs is None else asdict(verdict.differs),
        "files": dict(verdict.files),
        "unlike": [asdict(problem) for problem in verdict.unlike],
    }
    print(json.dumps(answer, indent=2, ensure_ascii=False))


def _print_lines(verdict: Verdict) -> None:
    print(sentence(verdict))


def sentence(verdict: Verdict) -> str:
    """Say what a replay found."""
    if verdict.differs is not None:
        at = verdict.differs
        year = "" if at.year is None else f", year {at.year}"
        where = f"{at.table}, replicate {at.replicate}{year}"
        return f"The bits differ, first in {where}: {at.found} (run and replay)."
    wrong = [name for name, same in verdict.files.items() if not same]
    if wrong:
        some = "" if verdict.replicates == verdict.of else f" in {_so_many(verdict)}"
        return (f"The counts agree{some}, but the bytes of {', '.join(wrong)} are not those that "
                "the manifest names.")  # fmt: skip
    if verdict.replicates < verdict.of:
        return f"The bits agree in {_so_many(verdict)}."
    return f"The bits agree: {verdict.of} replicates, {len(verdict.files)} files."


def _so_many(verdict: Verdict) -> str:
    return f"{verdict.replicates} of {verdict.of} replicates"
