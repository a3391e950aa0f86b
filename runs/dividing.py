"""Dividing the people of a Parquet file among shards on disk, a batch of rows at a time.

The file is read twice: first identifiers, families and links, so that linked families come to one
shard, then everything. Rows are scattered over buckets that hold whole groups of linked families,
and from there, by the origin of each group, over shards. No more than a batch of rows, a bucket or
a shard is in memory at a time. Each shard is checked as a whole file would be.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from runs.homes import homes_of
from runs.linked import NO_GROUPS, Buckets, Groups, Ints, groups_of, scattered
from sim.agents.checks import rows_of
from sim.agents.columns import COLUMNS, LINKS
from sim.agents.files import from_table, identifiers, readable
from sim.agents.population import Population
from sim.codes import ORIGIN
from sim.problems import InputError, Problem, refuse

BATCH = 262_144  # rows
ROW = "row of the file"
MOST_PROBLEMS = 30  # that are told one by one
CODED = [column.name for column in COLUMNS if column.codes is not None]


class Division:
    """The shards of a file: where families of each origin live, and the people of each shard.

    many: how many shards. folder: an empty one, with room for twice the file, uncompressed.
    """

    def __init__(self, path: str, many: int, folder: Path) -> None:
        self.path, self.many, self.folder = path, many, folder
        self.schema = _checked_schema(path)
        self.problems: list[Problem] = []
        self.persons = np.zeros(len(ORIGIN), dtype=np.int64)
        groups = _groups(self)
        self.homes = homes_of(self.persons.tolist(), many)
        _settle(self, _scatter(self, groups), groups)

    def shards(self) -> Iterator[Population]:
        """Yield the shards one after the other; at the end say everything that is wrong."""
        problems = self.problems
        for k in range(self.many):
            try:
                yield _shard(self.folder / f"{k}.shard", self.schema, self.path)
            except InputError as error:
                known = {problem.where for problem in problems} & {"person", *LINKS}
                problems += [p for p in error.problems if p.where not in known]
        if len(problems) > MOST_PROBLEMS:
            more = len(problems) - MOST_PROBLEMS
            rest = Problem(
                "shards", f"hold {more:,} more problems", "none", "Mend the above first."
            )
            problems = [*problems[:MOST_PROBLEMS], rest]
        refuse(self.path, problems)


def rows_in(path: str) -> int:
    """Return how many persons a file holds."""
    with readable(path):
        return int(pq.ParquetFile(path).metadata.num_rows)


def _checked_schema(path: str) -> pa.Schema:
    """Return the schema; refuse unknown or missing columns, and a file without a year."""
    with readable(path):
        schema = pq.ParquetFile(path).schema_arrow
    from_table(schema.empty_table(), None, path)
    return schema


def _batches(path: str, columns: list[str] | None = None) -> Iterator[tuple[Any, Ints]]:
    """Yield the rows of a file, some at a time, and their numbers."""
    with readable(path):
        coded = [name for name in pq.ParquetFile(path).schema_arrow.names if name in CODED]
        file = pq.ParquetFile(path, read_dictionary=coded, pre_buffer=False)
        there = file.schema_arrow.names if columns is None else columns
        wanted = [name for name in there if name in file.schema_arrow.names]
        batches = file.iter_batches(BATCH, columns=wanted)
    first = 0
    while True:
        with readable(path):
            batch = next(batches, None)
        if batch is None:
            return
        yield batch, np.arange(first, first + len(batch))
        first += len(batch)


def _groups(division: Division) -> Groups:
    """Return the families that are linked; refuse if a shard cannot hold those of one group."""
    path, many, folder = division.path, division.many, division.folder
    buckets = Buckets(folder, many)
    for batch, row in _batches(path, ["person", "family", "origin", *LINKS]):
        found = {name: identifiers(batch[name]) for name in batch.schema.names if name != "origin"}
        person, family = found["person"], found["family"]
        whole = person and family and (person[1] & family[1]).all()
        if not (whole and person and family) or None in found.values():
            return NO_GROUPS  # the shards will say what is wrong
        buckets.add("person", person[0], family[0], row)
        for link in LINKS:
            named = found.get(link)
            if named is not None:
                whom, there = named
                buckets.add(link, whom[there], family[0][there], row[there])
        division.persons += np.bincount(_origins(batch["origin"]), minlength=len(ORIGIN))
    groups = groups_of(buckets, division.problems)
    for file in folder.iterdir():
        file.unlink()
    persons = int(division.persons.sum())
    refuse(path, [] if division.problems else _too_large(groups, persons, many))
    return groups


def _origins(values: Any) -> Ints:
    """Return codes of origin; what is wrong counts as the first, and is told by the shards."""
    text = values.dictionary_decode() if pa.types.is_dictionary(values.type) else values
    if not (pa.types.is_string(text.type) or pa.types.is_large_string(text.type)):
        return np.zeros(len(text), dtype=np.int64)
    found = pc.fill_null(pc.index_in(text, pa.array(ORIGIN.names, text.type)), 0)
    return np.asarray(found.to_numpy(zero_copy_only=False), dtype=np.int64)


def _too_large(groups: Groups, persons: int, many: int) -> Iterator[Problem]:
    if groups.persons * many > 2 * persons:
        yield Problem(
            "--shards",
            f"families of {groups.persons:,} persons hang together by {groups.links:,} links of "
            f"mothers and partners between families, and a shard of {many} has "
            f"{persons // many:,} persons",
            "groups of at most two shards' size",
            f"At most {max(2 * persons // groups.persons, 1)} shards can be made.",
        )


def _scatter(division: Division, groups: Groups) -> Iterator[pa.Table]:
    """Write rows, with their numbers, to buckets by group, and yield one bucket after another."""
    folder, many = division.folder, division.many
    row_field = pa.field(ROW, pa.int64())
    whole = pa.schema([*map(_as_read, division.schema), row_field])
    with _writers(folder, "bucket", many, whole) as writers:
        for batch, row in _batches(division.path):
            table = pa.Table.from_batches([batch]).append_column(row_field, pa.array(row))
            _write(table.cast(whole), scattered(_group(table, groups), many), writers)
    for k in range(many):
        yield _read(folder / f"{k}.bucket")


def _settle(division: Division, buckets: Iterator[pa.Table], groups: Groups) -> None:
    """Write the rows of buckets to the shards where the first person's origin has its home."""
    homes = division.homes
    many = np.array([len(home) for home in homes])
    begins, shards = np.cumsum(many) - many, np.concatenate(homes).astype(np.int64)
    first = next(buckets)
    with _writers(division.folder, "shard", division.many, first.schema) as writers:
        for table in chain([first], buckets):
            group = _group(table, groups)
            known = identifiers(table["person"].combine_chunks())
            person = group if known is None else known[0]
            order = np.lexsort((person, group))
            start = np.flatnonzero(np.diff(group[order], prepend=group[order[:1]] - 1))
            of = np.repeat(start, np.diff(np.append(start, order.size)))
            origin = np.empty(order.size, dtype=np.int64)
            origin[order] = _origins(table["origin"].combine_chunks())[order[of]]
            piece = scattered(group, 2**31) // 2**16 % many[origin]
            _write(table, shards[begins[origin] + piece], writers)


def _group(table: pa.Table, groups: Groups) -> Ints:
    """Return the group of linked families of each row; wrong ones are told by the shards."""
    known = identifiers(table["family"].combine_chunks())
    return np.arange(len(table)) if known is None else groups.of(known[0])


@contextmanager
def _writers(folder: Path, kind: str, many: int, schema: pa.Schema) -> Iterator[list[Any]]:
    with ExitStack() as stack:
        yield [
            stack.enter_context(pa.ipc.new_stream(str(folder / f"{k}.{kind}"), schema))
            for k in range(many)
        ]


def _write(table: pa.Table, where: Ints, writers: list[Any]) -> None:
    """Write each row to one of the writers."""
    order = np.argsort(where, kind="stable")
    ends = np.searchsorted(where[order], np.arange(len(writers) + 1))
    for k in np.flatnonzero(np.diff(ends)):
        writers[k].write_table(table.take(pa.array(order[ends[k] : ends[k + 1]])))


def _read(path: Path) -> pa.Table:
    """Read a bucket or a shard, and take its file away."""
    with pa.ipc.open_stream(str(path)) as reader:
        table = reader.read_all()
    path.unlink()
    return table


def _as_read(field: pa.Field) -> pa.Field:
    """Return a field as it is read: text of codes comes as a dictionary."""
    text = pa.types.is_string(field.type) or pa.types.is_large_string(field.type)
    if field.name in CODED and text:
        return pa.field(field.name, pa.dictionary(pa.int32(), field.type))
    return field.remove_metadata()


def _shard(path: Path, schema: pa.Schema, source: str) -> Population:
    """Return the persons of one shard, checked; its file is taken away."""
    table = _read(path)
    number = table[ROW].to_numpy()
    table = table.drop_columns([ROW]).replace_schema_metadata(schema.metadata)
    with rows_of(number):
        return from_table(table, None, source)
