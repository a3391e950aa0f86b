"""The clean copy of an extract: Parquet in our names and codes, and a list of dropped rows."""

import csv
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from calibration.extract import Examination, Mapped, Part, examine
from calibration.extract_columns import CARRIED, CLEAN, CODES
from calibration.extract_plan import FORMAT


def clean_schema(names: set[str], meta: dict[str, str], text: tuple[str, ...] = ()) -> pa.Schema:
    """Return the schema of a clean file; text: identifiers that are not whole numbers."""
    fields = []
    for name in CLEAN:
        if name in names:
            kind = pa.dictionary(pa.int16(), pa.string()) if name in CODES else pa.int16()
            if name in ("person", "family"):
                kind = pa.string() if name in text else pa.int64()
            if name == "weight":
                kind = pa.float64()
            fields.append(pa.field(name, kind, nullable=False))
    return pa.schema(fields, metadata={"format": FORMAT, **meta})


def clean_batch(
    columns: dict[str, Any], own: dict[str, pa.Array], schema: pa.Schema
) -> pa.RecordBatch:
    """Return stored numbers as a batch of a clean file."""
    arrays = []
    for field in schema:
        if pa.types.is_string(field.type):
            arrays.append(own[field.name].cast(pa.string()))
        elif field.name in CODES:
            codes = pa.array(CODES[field.name], pa.string())
            numbers = pa.array(np.asarray(columns[field.name]).astype(np.int16))
            arrays.append(pa.DictionaryArray.from_arrays(numbers, codes))
        else:
            arrays.append(pa.array(columns[field.name]).cast(field.type))
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


class Cleaner:
    """Writes what `examine` hands on; nothing is there under its name until it is whole."""

    def __init__(self, out: Path) -> None:
        self.out, self.beside = out, out.with_name(f"{out.stem}.dropped.csv")
        self._parts = [p.with_name(f".{p.name}.{os.getpid()}.part") for p in (out, self.beside)]
        self._writer: pq.ParquetWriter | None = None
        self._listing: TextIO | None = None
        self._schema = pa.schema([])

    def begin(self, found: Examination) -> None:
        """Open the files, now that the columns are known."""
        plan, meta = found.plan, dict(found.source.meta)
        names = {*plan.ways, *(name for name in CARRIED if name in plan.columns)}
        text = tuple(name for name, whole in found.whole.items() if not whole)
        told = {key: meta[key] for key in ("synthetic",) if key in meta}
        told["source"] = meta.get("source", found.source.path.name)
        if plan.year is not None:
            told["year"] = str(plan.year)
        self._schema = clean_schema(names, told, text)
        self._writer = pq.ParquetWriter(self._parts[0], self._schema, compression="zstd")
        self._listing = self._parts[1].open("w", encoding="utf-8", newline="")
        self._listing.write("row,column,reason\n")

    def keep(self, part: Part) -> None:
        """Write the right rows of a batch, and list the others."""
        assert self._writer is not None
        assert self._listing is not None
        if part.size:
            self._writer.write_batch(clean_batch(part.columns, part.identifiers, self._schema))
        csv.writer(self._listing, lineterminator="\n").writerows(part.drops)

    def finish(self, *, whole: bool) -> bool:
        """Close the files; give them their names if the file is whole."""
        for file in (self._writer, self._listing):
            if file is not None:
                file.close()
        whole = whole and self._listing is not None
        for part, path in zip(self._parts, (self.out, self.beside), strict=True):
            if whole:
                part.replace(path)
            part.unlink(missing_ok=True)
        return whole


@contextmanager
def _finishing(cleaner: Cleaner) -> Iterator[None]:
    try:
        yield
    except BaseException:
        cleaner.finish(whole=False)
        raise


def clean(
    path: str | Path, out: str | Path, mapping: Mapped = None, *, examples: int = 3
) -> tuple[Examination, Path | None]:
    """Examine an extract and write its right rows; return what was found and the list's path.

    The list is beside the file, as OUT.dropped.csv. Nothing is written, and None returned,
    if a column lacks or no row is right.
    """
    cleaner = Cleaner(Path(out))
    with _finishing(cleaner):
        found = examine(path, mapping, examples=examples, keep=cleaner.keep, begin=cleaner.begin)
    written = cleaner.finish(whole=found.kept > 0)
    return found, cleaner.beside if written else None
