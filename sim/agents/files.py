"""Populations as Parquet files and tables: English codes in, stored numbers inside.

In a file, codes are text, links are person identifiers, and what a person does not have
is null. The population's year and source travel in the file's metadata.
"""

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from sim.agents.checks import broken_truths, rows
from sim.agents.columns import BY_NAME, COLUMNS, FIRST_YEAR, LAST_YEAR, LINKS, Column
from sim.agents.population import Population
from sim.arrow import pc
from sim.problems import InputError, Problem, refuse, shown, suggest

FORMAT = "vandring population 1"
FAMILY_OF_FORMATS = "vandring population"
YEARS = f"a year, {FIRST_YEAR} to {LAST_YEAR - 1}"
YEAR_CURE = 'Add it to the metadata: table.replace_schema_metadata({"year": "2013"}).'
IDENTIFIERS = "identifiers of column person, or nothing"
CONVERT = "Convert the column to whole numbers."
INDEX = "__index_level_"
BEYOND = 2**63  # numbers from here on fit no column


def save(population: Population, path: str | os.PathLike[str]) -> None:
    """Write a population to a Parquet file; the file is whole or absent."""
    target = Path(path)
    unfinished = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        pq.write_table(to_table(population), unfinished, compression="zstd")
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)


def load(path: str | os.PathLike[str], year: int | None = None) -> Population:
    """Read a population from a Parquet file, or say everything that is wrong with it.

    year: overrides (or supplies, for files made elsewhere) the year in the metadata.
    """
    source = str(path)
    with readable(path):
        table = pq.ParquetFile(path).read()
    return from_table(table, year, source)


@contextmanager
def readable(path: str | os.PathLike[str]) -> Iterator[None]:
    """Say in the usual form why a file cannot be read."""
    source = str(path)
    try:
        if Path(path).is_dir():
            raise InputError(source, [Problem("file", "is a folder", "a Parquet file")])
        yield
    except FileNotFoundError:
        raise InputError(source, [Problem("file", "does not exist", "a Parquet file")]) from None
    except PermissionError:
        problem = Problem("file", "no permission to read it", "a file that you may read")
        raise InputError(source, [problem]) from None
    except (OSError, pa.ArrowException) as error:
        found = f"cannot be read as Parquet ({str(error).splitlines()[0]})"
        raise InputError(source, [Problem("file", found, "a Parquet file")]) from None


def to_table(population: Population) -> pa.Table:
    """Return the population as an Arrow table in the form of its file."""
    arrays = [_to_arrow(population, column) for column in COLUMNS]
    meta = {"format": FORMAT, "year": str(population.year), "source": population.source}
    return pa.Table.from_arrays(arrays, schema=file_schema().with_metadata(meta))


def file_schema() -> pa.Schema:
    """Return the schema of a population file, made from the declared columns."""
    return pa.schema([_field(column) for column in COLUMNS])


def _field(column: Column) -> pa.Field:
    kind = pa.from_numpy_dtype(column.dtype)
    if column.codes is not None:
        kind = pa.dictionary(pa.int16(), pa.string())
    elif column.name in LINKS:
        kind = pa.int64()
    meta = {"label_en": column.en, "label_nb": column.nb, "meaning": column.meaning}
    return pa.field(column.name, kind, nullable=column.none is not None, metadata=meta)


def _to_arrow(population: Population, column: Column) -> pa.Array:
    values = population[column.name]
    absent = None if column.none is None else values == column.none
    if column.codes is not None:
        names = pa.array(column.codes.names, pa.string())
        return pa.DictionaryArray.from_arrays(pa.array(values.astype(np.int16)), names)
    if column.name in LINKS:
        values = population["person"][values]
    return pa.array(values, _field(column).type, mask=absent)


def from_table(table: Any, year: int | None = None, source: str = "table") -> Population:
    """Turn an Arrow table or a pandas frame of codes into a checked population."""
    if not isinstance(table, pa.Table):
        table = _from_frame(table, source)
    meta = {_text(key): _text(value) for key, value in (table.schema.metadata or {}).items()}
    problems = [*_wrong_columns(table), *_wrong_format(meta)]
    stands = _year(meta, year, problems)
    once = [column for column in COLUMNS if table.column_names.count(column.name) == 1]
    columns = {c.name: np.full(len(table), c.default or c.low, dtype=c.dtype) for c in COLUMNS}
    for column in once:
        if column.name not in LINKS:
            columns[column.name] = _numbers(table[column.name], column, problems)
    columns["family"] = np.unique(columns["family"], return_inverse=True)[1].astype(np.int32)
    for column in once:
        if column.name in LINKS:
            found = _positions(table[column.name], column.name, columns["person"], problems)
            columns[column.name] = found
    problems += broken_truths(columns, stands, {problem.where for problem in problems})
    refuse(source, problems)
    return Population(columns, stands, meta.get("source", source))


def _from_frame(frame: Any, source: str) -> pa.Table:
    names = [str(name) for name in frame.columns]
    twice = sorted({name for name in names if names.count(name) > 1})
    refuse(source, [_twice(name) for name in twice])
    columns, problems = {}, []
    for name, own in zip(names, frame.columns, strict=True):
        try:
            columns[name] = pa.array(frame[own], from_pandas=True)
        except (pa.ArrowException, TypeError, ValueError, OverflowError):
            allowed = "numbers only, or text only"
            problems.append(Problem(name, "holds values of several kinds", allowed))
    refuse(source, problems)
    return pa.table(columns)


def _text(raw: bytes) -> str:
    return raw.decode(errors="replace")


def _twice(name: str) -> Problem:
    return Problem(name, "appears more than once", "one column of a name")


def _wrong_format(meta: dict[str, str]) -> Iterator[Problem]:
    found = meta.get("format", "")
    if found.startswith(FAMILY_OF_FORMATS) and found != FORMAT:
        yield Problem(
            "format", f"is {shown(found)}", FORMAT, "Was the file made by another Vandring?"
        )


def _year(meta: dict[str, str], given: int | None, problems: list[Problem]) -> int:
    """Return the year that is given or else in the metadata; 0 if there is a problem with it."""
    if given is None and "year" not in meta:
        problems.append(Problem("year", "is not in the file's metadata", YEARS, YEAR_CURE))
        return 0
    word = meta["year"].strip() if given is None else str(given)
    if not (word.isascii() and word.isdigit() and len(word) <= 6):
        who = "the metadata holds" if given is None else "is"
        problems.append(Problem("year", f"{who} {shown(word)}, which is no year", YEARS))
        return 0
    if not FIRST_YEAR <= int(word) < LAST_YEAR:
        problems.append(Problem("year", f"is {int(word)}", YEARS))
        return 0
    return int(word)


def _wrong_columns(table: pa.Table) -> Iterator[Problem]:
    known = [column.name for column in COLUMNS]
    for name in dict.fromkeys(table.column_names):
        if name not in known:
            cure = suggest(name, known, cutoff=0.8) or "Remove it."
            if name.startswith(INDEX):
                cure = "Write the frame without its index (index=False)."
            yield Problem(name, "is an unknown column", "the columns of the codebook", cure)
        elif table.column_names.count(name) > 1:
            yield _twice(name)
    for column in COLUMNS:
        if column.name not in table.column_names and column.default is None:
            meaning = column.meaning[0].lower() + column.meaning[1:]
            yield Problem(column.name, "is missing", f"a column: {meaning}")


def _plain(chunks: pa.ChunkedArray) -> pa.Array:
    values = chunks.combine_chunks()
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    return values.cast(pa.string()) if pa.types.is_string_view(values.type) else values


def _is_numeric(values: pa.Array) -> bool:
    return bool(pa.types.is_integer(values.type) or pa.types.is_floating(values.type))


def _as_numpy(values: pa.Array) -> NDArray[Any]:
    """Return numbers as int64, uint64 or float64; what is empty becomes 0."""
    kind = pa.uint64() if values.type == pa.uint64() else pa.int64()
    if pa.types.is_floating(values.type):
        kind = pa.float64()
    found: NDArray[Any] = pc.fill_null(values.cast(kind), 0).to_numpy(zero_copy_only=False)
    return np.where(np.isnan(found), 0, found)


def identifiers(values: pa.Array) -> tuple[NDArray[np.int64], NDArray[np.bool_]] | None:
    """Return numbers and where they stand; None if these are no whole numbers of 64 bits."""
    if not _is_numeric(values):
        return None
    found, there = _as_numpy(values), ~_empty(values)
    if not ((found >= -BEYOND) & (found < BEYOND) & (found == np.floor(found)))[there].all():
        return None
    return found.astype(np.int64), there


def _empty(values: pa.Array) -> NDArray[Any]:
    """Say where nothing stands; NaN is nothing."""
    floats = pa.types.is_floating(values.type)
    empty: NDArray[Any] = values.is_null(nan_is_null=floats).to_numpy(zero_copy_only=False)
    return empty


def _numbers(chunks: pa.ChunkedArray, column: Column, problems: list[Problem]) -> NDArray[Any]:
    """Return the stored numbers of one column; what is wrong goes into `problems`."""
    values = _plain(chunks)
    if column.codes is not None:
        return _coded(values, column, problems)
    empty = _empty(values)
    if column.none is None and empty.any():
        problems.append(Problem(column.name, f"{rows(empty)} are empty", "a number in every row"))
    fallback = column.low if column.none is None else column.none
    if not _is_numeric(values):
        if not empty.all():
            kind = f"holds {values.type}, not numbers"
            problems.append(Problem(column.name, kind, "whole numbers", CONVERT))
        return np.full(len(values), fallback, dtype=column.dtype)
    numbers = _as_numpy(values)
    if empty.any():
        numbers = np.where(empty, fallback, numbers)
    if column.name == "family":  # any numbers will do; they are replaced by 0, 1, 2 ...
        return _whole(numbers, column, -BEYOND, BEYOND, "whole numbers", problems)
    unit = f" {column.unit}" if column.unit else ""
    allowed = f"whole numbers, {column.low} to {column.largest}{unit}"
    found = _whole(numbers, column, column.low, column.largest + 1, allowed, problems)
    return found.astype(column.dtype)


def _whole(
    found: NDArray[Any],
    column: Column,
    low: int,
    end: int,
    allowed: str,
    problems: list[Problem],
) -> NDArray[Any]:
    """Check that numbers are whole, not below `low` and below `end`; return them as int64."""
    wrong = ~((found >= low) & (found < end)) | (found != np.floor(found))
    if column.none is not None:
        wrong &= found != column.none
    if wrong.any():
        example = f"{rows(wrong)} hold such values as {found[wrong.argmax()]:g}"
        problems.append(Problem(column.name, example, allowed))
        found = np.where(wrong, 0, found)
    numbers: NDArray[Any] = found.astype(np.int64)
    return numbers


def _coded(values: pa.Array, column: Column, problems: list[Problem]) -> NDArray[Any]:
    assert column.codes is not None
    if pa.types.is_integer(values.type) and column.name == "municipality":
        values = pc.utf8_lpad(pc.cast(values, pa.string()), 4, "0")
    if not (pa.types.is_string(values.type) or pa.types.is_large_string(values.type)):
        problems.append(Problem(column.name, f"holds {values.type}, not codes", _allowed(column)))
        return np.zeros(len(values), dtype=column.dtype)
    found = pc.index_in(values, pa.array(column.codes.names, values.type))
    wrong = _empty(found)
    if wrong.any():
        problems.extend(_wrong_codes(values, wrong, column))
    numbers: NDArray[Any] = found.fill_null(0).to_numpy(zero_copy_only=False)
    return numbers.astype(column.dtype)


def _wrong_codes(values: pa.Array, wrong: NDArray[Any], column: Column) -> Iterator[Problem]:
    assert column.codes is not None
    counts = pc.value_counts(values.filter(pa.array(wrong))).to_pylist()
    for entry in sorted(counts, key=lambda e: (-e["counts"], str(e["values"])))[:5]:
        word = entry["values"]
        if word is None:
            where = rows(_empty(values))
            yield Problem(column.name, f"{where} are empty", _allowed(column))
            continue
        where = rows(pc.equal(values, word).fill_null(False).to_numpy(zero_copy_only=False))
        cure = suggest(word, column.codes.names, _labels(column))
        yield Problem(column.name, f"{where} hold {shown(word)}", _allowed(column), cure)
    if len(counts) > 5:
        yield Problem(column.name, f"{len(counts) - 5} more unknown codes", _allowed(column))


def _allowed(column: Column) -> str:
    assert column.codes is not None
    names = column.codes.names
    return ", ".join(names) if len(names) < 30 else f"{len(names)} codes, {names[0]} to {names[-1]}"


def _labels(column: Column) -> dict[str, str]:
    """Return the code that each label means; labels of several codes are left out."""
    assert column.codes is not None
    pairs = {(label, code.name) for code in column.codes for label in (code.en, code.nb)}
    counts = Counter(label for label, _ in pairs)
    return {label: name for label, name in sorted(pairs) if counts[label] == 1}


def _positions(
    chunks: pa.ChunkedArray, link: str, person: NDArray[Any], problems: list[Problem]
) -> NDArray[Any]:
    """Translate identifiers of linked persons into positions, -1 for none."""
    values = _plain(chunks)
    empty = _empty(values)
    nobody = np.full(len(values), -1, dtype=np.int32)
    if empty.all():
        return nobody
    if not _is_numeric(values):
        found = f"holds {values.type}, not numbers"
        problems.append(Problem(link, found, IDENTIFIERS, CONVERT))
        return nobody
    before = len(problems)
    allowed = f"whole numbers, {IDENTIFIERS}"
    named = _whole(_as_numpy(values), BY_NAME[link], -BEYOND, BEYOND, allowed, problems)
    if len(problems) > before or any(problem.where == "person" for problem in problems):
        return nobody
    found = pc.index_in(pa.array(named), pa.array(person))
    lost = ~empty & _empty(found)
    if lost.any():
        example = named[lost.argmax()]
        strangers = f"{rows(lost)} name persons who are not in the file, such as {example}"
        problems.append(Problem(link, strangers, IDENTIFIERS))
    positions: NDArray[Any] = found.fill_null(-1).to_numpy(zero_copy_only=False)
    return np.where(empty, -1, positions).astype(np.int32)
