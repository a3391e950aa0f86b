"""The parts of an unfinished run: finished replicates, and the years of those in the making.

    finished/00007/   flows, stocks and structure of a replicate, there whole or not at all
    making/00008/     its checkpoints (runs.checkpoints)

At the end the replicates stand in order in flows.parquet, stocks.parquet and
structure.parquet, a row group each, so that the same run gives the same bytes however often it
was broken off, and by however many threads it was lived.
"""

import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from runs.checkpoints import Checkpoints, fingerprint, kept_years, note_damage
from runs.ensemble import PACKED, Replicate

TABLES = ("flows", "stocks", "structure")
SUMS = "fingerprints.json"


class Parts:
    """What an unfinished run keeps in its folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def finished(self, number: int) -> Replicate | None:
        """Return a replicate that is finished, or None if it must be lived."""
        folder = self._finished(number)
        try:
            sums = json.loads((folder / SUMS).read_text("utf-8"))
            tables = {name: _table_in(folder / f"{name}.arrow", sums[name]) for name in TABLES}
        except (OSError, ValueError, KeyError, pa.ArrowException) as error:
            if folder.exists():
                note_damage(folder, error)
            return None
        return Replicate(number, **tables)

    def finish(self, replicate: Replicate) -> None:
        """Keep a replicate whole, and forget its years."""
        folder = self._finished(replicate.number)
        part = folder.with_name(f".{folder.name}.new")
        for old in (part, folder):  # left by a run that was killed, or damaged
            shutil.rmtree(old, ignore_errors=True)
        part.mkdir(parents=True)
        sums = {name: _keep(getattr(replicate, name), part / f"{name}.arrow") for name in TABLES}
        (part / SUMS).write_text(json.dumps(sums), "utf-8")
        part.rename(folder)
        shutil.rmtree(self._making(replicate.number), ignore_errors=True)

    def making(self, number: int) -> Checkpoints:
        """Return the checkpoints of a replicate."""
        return Checkpoints(self._making(number))

    def years_kept(self, replicates: int, years: int) -> int:
        """Return how many years need not be lived again."""
        return sum(
            years if (self._finished(number) / SUMS).exists() else kept_years(self._making(number))
            for number in range(replicates)
        )

    def anything(self) -> bool:
        """Say whether there is anything that would have to be lived again."""
        kept = ("finished/[0-9]*", "making/*/checkpoint.json")
        return any(next(self.folder.glob(pattern), None) is not None for pattern in kept)

    def _finished(self, number: int) -> Path:
        return self.folder / "finished" / f"{number:05d}"

    def _making(self, number: int) -> Path:
        return self.folder / "making" / f"{number:05d}"


class Merging:
    """The three tables of a run, written replicate by replicate, each a row group."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.writers: list[pq.ParquetWriter] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            for writer in self.writers:
                writer.close()
            return
        for writer in self.writers:  # what is wrong is said already, and the file is of no use
            with suppress(OSError, pa.ArrowException):
                writer.close()
        for name in TABLES:
            (self.folder / f"{name}.parquet").unlink(missing_ok=True)

    def add(self, replicate: Replicate) -> None:
        """Add the replicate that comes next."""
        for i, name in enumerate(TABLES):
            table: pa.Table = getattr(replicate, name)
            if len(self.writers) <= i:
                path = self.folder / f"{name}.parquet"
                self.writers.append(pq.ParquetWriter(path, table.schema, compression="zstd"))
            self.writers[i].write_table(table, row_group_size=max(table.num_rows, 1))


def replicates_in(folder: Path, replicates: Sequence[int]) -> Iterator[Replicate]:
    """Yield replicates of a finished run."""
    files = {name: pq.ParquetFile(folder / f"{name}.parquet") for name in TABLES}
    for number in replicates:
        yield Replicate(number, **{name: _group(file, number) for name, file in files.items()})


def _group(file: pq.ParquetFile, number: int) -> pa.Table:
    """Return the rows of a replicate, from the row groups that may hold some."""
    column = file.schema_arrow.get_field_index("replicate")
    groups = []
    for group in range(file.num_row_groups):
        held = file.metadata.row_group(group).column(column).statistics
        if held is None or not held.has_min_max or held.min <= number <= held.max:
            groups.append(group)
    table = file.read_row_groups(groups) if groups else file.schema_arrow.empty_table()
    return table.filter(pc.equal(table["replicate"], number))


def _keep(table: pa.Table, path: Path) -> int:
    """Write a table as it stands in memory; return its fingerprint."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema, options=PACKED) as writer:
        writer.write_table(table)
    data = memoryview(sink.getvalue())
    path.write_bytes(data)
    return fingerprint(data)


def _table_in(path: Path, expected: int) -> pa.Table:
    data = path.read_bytes()
    if fingerprint(data) != expected:
        raise ValueError(f"{path.name} is damaged")
    return pa.ipc.open_file(pa.BufferReader(data)).read_all()
