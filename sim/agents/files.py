"""Populations as Parquet files and tables: English codes in, stored numbers inside.

In a file, codes are text, links are person identifiers, and what a person does not have
is null. The population's year and source travel in the file's metadata.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from sim.agents.checks import rows
from sim.agents.columns import COLUMNS, LINKS, Column
from sim.agents.population import Population
from sim.problems import InputError, Problem, refuse, suggest

FORMAT = "vandring population 1"
YEAR_CURE = "Give the year whose 1 January the persons are described on."


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
    try:
        table = pq.read_table(path)
    except FileNotFoundError:
        raise InputError(source, [Problem("file", "does not exist", "a Parquet file")]) from None
    except (OSError, pa.ArrowInvalid) as error:
        found = f"cannot be read as Parquet ({str(error).splitlines()[0]})"
        raise InputError(source, [Problem("file", found, "a Parquet file")]) from None
    return from_table(table, year, source)


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
        table = pa.Table.from_pandas(table, preserve_index=False)
    meta = {k.decode(): v.decode() for k, v in (table.schema.metadata or {}).items()}
    if year is None and meta.get("year", "").isdigit():
        year = int(meta["year"])
    problems = list(_wrong_columns(table))
    if year is None:
        problems.append(Problem("year", "is not in the file's metadata", "a year", YEAR_CURE))
    columns: dict[str, NDArray[Any]] = {}
    for column in COLUMNS:
        if column.name in table.column_names and column.name not in LINKS:
            columns[column.name] = _numbers(table[column.name], column, problems)
    refuse(source, problems)
    assert year is not None
    for link in LINKS:
        if link in table.column_names:
            columns[link] = _positions(table[link], link, columns["person"], problems)
    refuse(source, problems)
    columns["family"] = np.unique(columns["family"], return_inverse=True)[1]
    named = meta.get("source", source)
    try:
        return Population.build(year, named, columns)
    except InputError as error:
        raise InputError(source, error.problems) from None


def _wrong_columns(table: pa.Table) -> Iterator[Problem]:
    known = [column.name for column in COLUMNS]
    for name in table.column_names:
        if name not in known:
            yield Problem(
                name,
                "is an unknown column",
                "the columns of the codebook",
                suggest(name, known) or "Remove it.",
            )
        elif table.column_names.count(name) > 1:
            yield Problem(name, "appears more than once", "one column of a name")
    for column in COLUMNS:
        if column.name not in table.column_names and column.default is None:
            yield Problem(column.name, "is missing", f"a column: {column.meaning.lower()}")


def _numbers(chunks: pa.ChunkedArray, column: Column, problems: list[Problem]) -> NDArray[Any]:
    """Return the stored numbers of one column; what is wrong goes into `problems`."""
    values = chunks.combine_chunks()
    if column.codes is not None:
        return _coded(values, column, problems)
    empty = pc.is_null(values, nan_is_null=True).to_numpy(zero_copy_only=False)
    if column.none is None and empty.any():
        problems.append(Problem(column.name, f"{rows(empty)} are empty", "a number in every row"))
    fallback = column.low if column.none is None else column.none
    if not (pa.types.is_integer(values.type) or pa.types.is_floating(values.type)):
        if not empty.all():
            found = f"holds {values.type}, not numbers"
            problems.append(Problem(column.name, found, "whole numbers"))
        return np.full(len(values), fallback, dtype=column.dtype)
    numbers = np.where(empty, fallback, values.to_numpy(zero_copy_only=False))
    return _whole(numbers, column, problems)


def _whole(found: NDArray[Any], column: Column, problems: list[Problem]) -> NDArray[Any]:
    """Check that numbers are whole and within the declared span (and so fit the type)."""
    if column.name == "family":  # any numbers will do; they are replaced by 0, 1, 2 ...
        return found.astype(np.int64)
    wrong = ~((found >= column.low) & (found <= column.largest)) | (found != np.floor(found))
    if column.none is not None:
        wrong &= found != column.none
    if wrong.any():
        unit = f" {column.unit}" if column.unit else ""
        allowed = f"whole numbers, {column.low} to {column.largest}{unit}"
        example = f"{rows(wrong)} hold such values as {found[wrong.argmax()]:g}"
        problems.append(Problem(column.name, example, allowed))
        found = np.where(wrong, column.low, found)
    numbers: NDArray[Any] = found.astype(column.dtype)
    return numbers


def _coded(values: pa.Array, column: Column, problems: list[Problem]) -> NDArray[Any]:
    assert column.codes is not None
    if pa.types.is_integer(values.type) and column.name == "municipality":
        values = pc.utf8_lpad(pc.cast(values, pa.string()), 4, "0")
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if not (pa.types.is_string(values.type) or pa.types.is_large_string(values.type)):
        problems.append(Problem(column.name, f"holds {values.type}, not codes", _allowed(column)))
        return np.zeros(len(values), dtype=column.dtype)
    found = pc.index_in(values, pa.array(column.codes.names, values.type))
    wrong = found.is_null().to_numpy(zero_copy_only=False)
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
            where = rows(values.is_null().to_numpy(zero_copy_only=False))
            yield Problem(column.name, f"{where} are empty", _allowed(column))
            continue
        where = rows(pc.equal(values, word).fill_null(False).to_numpy(zero_copy_only=False))
        cure = suggest(word, column.codes.names)
        yield Problem(column.name, f"{where} hold {word!r}", _allowed(column), cure)
    if len(counts) > 5:
        yield Problem(column.name, f"{len(counts) - 5} more unknown codes", _allowed(column))


def _allowed(column: Column) -> str:
    assert column.codes is not None
    names = column.codes.names
    return ", ".join(names) if len(names) < 30 else f"{len(names)} codes, {names[0]} to {names[-1]}"


def _positions(
    chunks: pa.ChunkedArray, link: str, person: NDArray[Any], problems: list[Problem]
) -> NDArray[Any]:
    """Translate identifiers of linked persons into positions, -1 for none."""
    values = chunks.combine_chunks()
    if pa.types.is_null(values.type):
        return np.full(len(values), -1, dtype=np.int32)
    found = pc.index_in(pc.cast(values, pa.int64(), safe=False), pa.array(person))
    lost = pc.and_(values.is_valid(), found.is_null()).to_numpy(zero_copy_only=False)
    if lost.any():
        example = values[int(lost.argmax())].as_py()
        problems.append(
            Problem(
                link,
                f"{rows(lost)} name persons who are not in the file, such as {example}",
                "identifiers of column person, or nothing",
            )
        )
    positions: NDArray[Any] = found.fill_null(-1).to_numpy(zero_copy_only=False)
    return positions.astype(np.int32)
