"""An extract as a stream of batches: CSV or Parquet, never whole in memory."""

import codecs
import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv
import pyarrow.parquet as pq
from numpy.typing import NDArray

from sim.problems import InputError, Problem, refuse, shown

BLOCK = 2**20  # bytes of CSV at a time; the reader holds some thirty blocks
ROWS = 2**16  # rows of Parquet at a time
MOST_HEADER = 2**20  # bytes; a longer first line is no header
MOST_RAGGED = 10_000  # lines of a wrong length that are remembered
FILE = "a CSV file in UTF-8 (comma or semicolon) or a Parquet file"
Columns = dict[str, pa.Array]


@dataclass
class Source:
    """An extract that can be read several times, a few columns at a time.

    high: columns with about as many values as rows, kept as they are; others come as
        dictionaries.
    ragged: lines of CSV with a wrong number of fields, found by the first full reading.
    """

    path: Path
    names: tuple[str, ...]
    separator: str = ""  # of CSV; empty for Parquet
    meta: dict[str, str] = field(default_factory=dict)
    ragged: dict[int, int] = field(default_factory=dict)

    def batches(self, wanted: Sequence[str], plain: Sequence[str]) -> Iterator[tuple[int, Columns]]:
        """Yield the number of the first row and the columns wanted, batch by batch.

        plain: columns with about as many values as rows; the others come as dictionaries.
        """
        start = 0
        try:
            for batch in self._csv(wanted, plain) if self.separator else self._parquet(wanted):
                if batch.num_rows:
                    yield start, {name: batch.column(name) for name in wanted}
                    start += batch.num_rows
        except UnicodeDecodeError:
            raise _not_utf8(str(self.path)) from None
        except (OSError, pa.ArrowException) as error:
            text = str(error).splitlines()[0]
            found = f"cannot be read on after row {start:,} ({text})"
            raise InputError(str(self.path), [Problem("file", found, FILE)]) from None

    def _csv(self, wanted: Sequence[str], plain: Sequence[str]) -> Iterator[pa.RecordBatch]:
        coded = pa.dictionary(pa.int32(), pa.string())
        kinds = {name: pa.string() if name in plain else coded for name in wanted}
        convert = arrow_csv.ConvertOptions(
            column_types=kinds,
            include_columns=list(wanted),
            strings_can_be_null=False,
            check_utf8=False,  # `_Text` has looked
        )
        read = arrow_csv.ReadOptions(
            use_threads=False, block_size=BLOCK, column_names=list(self.names), skip_rows=1
        )
        parse = arrow_csv.ParseOptions(delimiter=self.separator, invalid_row_handler=self._note)
        if self._empty():
            return
        with self.path.open("rb") as file:
            yield from arrow_csv.open_csv(
                pa.PythonFile(_Text(file), "r"),
                read_options=read,
                parse_options=parse,
                convert_options=convert,
            )

    def _note(self, row: Any) -> str:
        """Remember a line with a wrong number of fields, and skip it."""
        if len(self.ragged) < MOST_RAGGED:
            self.ragged[int(row.number or 0)] = int(row.actual_columns)
        return "skip"

    def _empty(self) -> bool:
        with self.path.open("rb") as file:
            file.readline()
            return not any(line.strip() for line in file)

    def _parquet(self, wanted: Sequence[str]) -> Iterator[pa.RecordBatch]:
        file = pq.ParquetFile(self.path, pre_buffer=False)
        yield from file.iter_batches(batch_size=ROWS, columns=list(wanted), use_threads=False)

    def rows(self, positions: NDArray[Any]) -> NDArray[np.int64]:
        """Return row numbers as people count them: from 1, with the lines that were skipped."""
        numbers = positions.astype(np.int64) + 1
        for line in sorted(self.ragged):
            numbers += numbers >= line - 1
        return numbers


class _Text:
    """A file of bytes that must be UTF-8: the reader would fail at them in other ways."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self.closed = False

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes; raise UnicodeDecodeError unless they are UTF-8."""
        found = self._file.read(size)
        self._decoder.decode(found, final=not found)
        return found

    def close(self) -> None:
        """Nothing: the file belongs to who opened it."""
        self.closed = True


def _not_utf8(source: str) -> InputError:
    cure = "Save the file as UTF-8."
    return InputError(source, [Problem("file", "is not UTF-8", FILE, cure)])


def open_source(path: str | Path) -> Source:
    """Look into an extract; raise InputError if it cannot be read at all."""
    where = Path(path)
    source = str(path)
    if where.is_dir():
        raise InputError(source, [Problem("file", "is a folder", FILE)])
    try:
        with where.open("rb") as file:
            begin = file.read(4)
        opened = _open_parquet(where) if begin == b"PAR1" else _open_csv(where)
    except FileNotFoundError:
        raise InputError(source, [Problem("file", "does not exist", FILE)]) from None
    except UnicodeDecodeError:
        raise _not_utf8(source) from None
    except (OSError, pa.ArrowException, csv.Error) as error:
        found = f"cannot be read ({getattr(error, 'strerror', None) or str(error).splitlines()[0]})"
        raise InputError(source, [Problem("file", found, FILE)]) from None
    refuse(source, _header_problems(opened.names))
    return opened


def _open_parquet(path: Path) -> Source:
    schema = pq.ParquetFile(path).schema_arrow
    meta = {
        key.decode(errors="replace"): value.decode(errors="replace")
        for key, value in (schema.metadata or {}).items()
    }
    return Source(path, tuple(schema.names), meta=meta)


def _open_csv(path: Path) -> Source:
    with path.open("rb") as file:
        first = file.readline(MOST_HEADER).decode("utf-8-sig").rstrip("\r\n")
    separator = ";" if first.count(";") > first.count(",") else ","
    names = next(csv.reader([first], delimiter=separator, strict=True), [])
    return Source(path, tuple(name.strip() for name in names), separator)


def _header_problems(names: Sequence[str]) -> Iterator[Problem]:
    if not any(names):
        yield Problem("file", "has no header", "a first line with the names of the columns")
        return
    for name in dict.fromkeys(names):
        if names.count(name) > 1:
            found = f"{names.count(name)} columns are called {shown(name)}"
            yield Problem("header", found, "one column of a name")
