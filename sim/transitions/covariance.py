"""How uncertain the coefficients of a logit are together: covariances, and their file.

A file holds one row a pair of coefficients of one model, each pair once: the lower triangle.
Format and source stand in its metadata. Reading says everything that is wrong with it.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from sim.agents.checks import rows
from sim.arrow import pc
from sim.problems import InputError, Problem, refuse, shown, suggest
from sim.transitions.artefact import PUBLISHED, Coefficients, model_named, published_artefact
from sim.transitions.terms import MOVES, POSITION, TERMS, terms_of

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

FORMAT = "vandring covariance 1"
PUBLISHED_FILE = PUBLISHED / "covariances.parquet"
NUMBER = "covariance"
CODED = ("model", "outcome", "term", "other_outcome", "other_term")
COLUMNS = (*CODED, NUMBER)
SIDES = ("", "other_")
SHOWN = 5  # mistakes of a kind that are quoted
UNEVEN = 1e-6  # of a correlation: what rounding may do to the symmetry of an inverse


@dataclass(frozen=True, eq=False)
class Covariance:
    """The covariance of the coefficients of one model.

    terms: those that the model has, in the order of `TERMS`.
    matrix: (2 terms, 2 terms), all terms of moving before all terms of emigrating.
    source: where it comes from, as a report should cite it.
    """

    model: str
    terms: tuple[str, ...]
    matrix: Floats
    source: str

    def __post_init__(self) -> None:
        size = len(MOVES) * len(self.terms)
        assert self.matrix.shape == (size, size), f"{self.model}: shape {self.matrix.shape}"
        scale = np.sqrt(np.abs(np.diag(self.matrix)))
        uneven = np.abs(self.matrix - self.matrix.T) > UNEVEN * np.outer(scale, scale)
        assert not uneven.any(), f"{self.model}: not symmetric"
        self.matrix.flags.writeable = False

    @property
    def positions(self) -> Integers:
        """The places of the terms in `TERMS`."""
        return np.array([POSITION[term] for term in self.terms], dtype=np.int64)

    @property
    def std_errors(self) -> Floats:
        """Standard errors in the layout of `Coefficients`; nan for terms of other models."""
        found = np.full((len(TERMS), len(MOVES)), np.nan)
        found[self.positions] = np.sqrt(np.diag(self.matrix)).reshape(len(MOVES), -1).T
        return found

    @property
    def root(self) -> Floats:
        """The lower triangle L of which the matrix is L L'."""
        return np.asarray(np.linalg.cholesky(self.matrix), dtype=np.float64)

    def rescaled(self, std_errors: Floats) -> "Covariance":
        """Return the same correlations with other standard errors, where these are usable.

        std_errors: (terms, moves) as in `Coefficients`; what is nan or 0 changes nothing.
        """
        wanted = std_errors[self.positions].T.ravel()
        usable = np.isfinite(wanted) & (wanted > 0)
        own = np.sqrt(np.diag(self.matrix))
        factor = np.where(usable, wanted, own) / own
        return replace(self, matrix=self.matrix * np.outer(factor, factor))

    def check(self, model: Coefficients) -> None:
        """Raise InputError if this is not the covariance of the coefficients of a model."""
        where = f"covariance of model {self.model}"
        if model.name != self.model:
            refuse(where, [Problem("model", f"is asked about model {model.name}", self.model)])
        held = np.flatnonzero(model.estimates.any(axis=1))
        lacking = ", ".join(TERMS[i] for i in np.setdiff1d(held, self.positions))
        if lacking:
            refuse(where, [Problem("terms", f"lack {lacking}", "every term of the model")])


def write_covariances(path: str | os.PathLike[str], covariances: Sequence[Covariance]) -> None:
    """Write covariances of one source to a Parquet file; the file is whole or absent.

    What could not be read again is refused.
    """
    refuse(str(path), _unwritable(covariances))
    table = pa.concat_tables([_rows_of(covariance) for covariance in covariances])
    table = table.replace_schema_metadata({"format": FORMAT, "source": covariances[0].source})
    _from_table(table, str(path))
    target = Path(path)
    unfinished = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        pq.write_table(table, unfinished, compression="zstd")
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)


def read_covariances(path: str | os.PathLike[str]) -> dict[str, Covariance]:
    """Read the covariances of a file by model, or say everything that is wrong with it."""
    try:
        if Path(path).is_dir():
            raise IsADirectoryError
        table = pq.ParquetFile(path).read()
    except (OSError, pa.ArrowException) as error:
        known = {FileNotFoundError: "does not exist", IsADirectoryError: "is a folder"}
        text = f"cannot be read as Parquet ({(str(error).splitlines() or ['damaged'])[0]})"
        problem = Problem("file", known.get(type(error), text), "a Parquet file")
        raise InputError(str(path), [problem]) from None
    return _from_table(table, str(path))


def published_covariance(model: str) -> Covariance:
    """Return the covariance of a published model: '6.1', 'D1'-'D4', 'E1'-'E8'.

    The publication does not print it; the file's source says how it was reconstructed.
    """
    return _published()[model_named(published_artefact(), model).name]


@cache
def _published() -> Mapping[str, Covariance]:
    return read_covariances(PUBLISHED_FILE)


def _unwritable(covariances: Sequence[Covariance]) -> Iterator[Problem]:
    if not covariances:
        yield Problem("covariances", "are none", "one model or more")
    sources = dict.fromkeys(covariance.source for covariance in covariances)
    if len(sources) > 1:
        yield Problem("source", f"is one of {', '.join(map(shown, sources))}", "one a file")


def _rows_of(covariance: Covariance) -> pa.Table:
    """Return the lower triangle of a covariance, one row a pair."""
    one, other = np.tril_indices(len(covariance.matrix))
    outcomes = np.repeat(MOVES, len(covariance.terms))
    terms = np.tile(covariance.terms, len(MOVES))
    columns = {
        "model": [covariance.model] * one.size,
        "outcome": outcomes[one],
        "term": terms[one],
        "other_outcome": outcomes[other],
        "other_term": terms[other],
        NUMBER: covariance.matrix[one, other],
    }
    return pa.table({name: pa.array(values) for name, values in columns.items()})


def _from_table(table: pa.Table, source: str) -> dict[str, Covariance]:
    meta = {_text(key): _text(word) for key, word in (table.schema.metadata or {}).items()}
    refuse(source, [*_wrong_format(meta), *_wrong_columns(table)])
    models = published_artefact().models
    problems: list[Problem] = []
    numbers = _numbers(table[NUMBER].combine_chunks(), problems)
    known = dict(zip(CODED, (tuple(models), MOVES, TERMS, MOVES, TERMS), strict=True))
    places = {name: _coded(table[name], name, known[name], problems) for name in CODED}
    if not len(table):
        problems.append(Problem("file", "has no rows", "one model or more"))
    refuse(source, problems)
    terms, matrices = {}, {}
    for number in dict.fromkeys(places["model"].tolist()):
        here, name = places["model"] == number, known["model"][number]
        terms[name] = terms_of(models[name].model_type)
        some = {column: place[here] for column, place in places.items()}
        matrices[name] = _matrix(name, terms[name], some, numbers[here], problems)
    refuse(source, problems)
    return {name: Covariance(name, terms[name], matrices[name], meta["source"]) for name in terms}


def _text(raw: bytes) -> str:
    return raw.decode(errors="replace")


def _wrong_format(meta: Mapping[str, str]) -> Iterator[Problem]:
    for key, allowed in (("format", FORMAT), ("source", "where the covariances come from")):
        if key not in meta:
            yield Problem(key, "is not in the file's metadata", allowed)
        elif key == "format" and meta[key] != FORMAT:
            cure = "Was the file made by another Vandring?"
            yield Problem(key, f"is {shown(meta[key])}", FORMAT, cure)


def _wrong_columns(table: pa.Table) -> Iterator[Problem]:
    allowed = ", ".join(COLUMNS)
    for name in dict.fromkeys(table.column_names):
        if name not in COLUMNS:
            cure = suggest(name, COLUMNS) or "Remove it."
            yield Problem(shown(name), "is an unknown column", allowed, cure)
        elif table.column_names.count(name) > 1:
            yield Problem(name, "appears more than once", "one column of a name")
    for name in COLUMNS:
        if name not in table.column_names:
            yield Problem(name, "is missing", allowed)


def _numbers(values: pa.Array, problems: list[Problem]) -> Floats:
    """Return the covariances; what is wrong goes into `problems`."""
    if not pa.types.is_floating(values.type):
        problems.append(Problem(NUMBER, f"holds {values.type}", "decimal numbers"))
        return np.zeros(len(values))
    numbers: Floats = values.cast(pa.float64()).to_numpy(zero_copy_only=False)
    wrong = ~np.isfinite(numbers)  # what is empty became nan
    if wrong.any():
        problems.append(Problem(NUMBER, f"{rows(wrong)} hold no finite number", "finite numbers"))
    return numbers


def _coded(
    chunks: pa.ChunkedArray, name: str, known: tuple[str, ...], problems: list[Problem]
) -> Integers:
    """Return the places of codes among the known ones; what is wrong goes into `problems`."""
    values = chunks.combine_chunks()
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    allowed = ", ".join(known)
    if not (pa.types.is_string(values.type) or pa.types.is_large_string(values.type)):
        problems.append(Problem(name, f"holds {values.type}, not codes", allowed))
        return np.zeros(len(values), dtype=np.int64)
    words = values.unique().to_pylist()
    strange = [word for word in words if word not in known]
    for word in strange[:SHOWN]:
        same = values.is_null() if word is None else pc.equal(values, word).fill_null(False)
        said = "are empty" if word is None else f"hold {shown(word)}"
        where = rows(np.asarray(same, dtype=np.bool_))
        problems.append(Problem(name, f"{where} {said}", allowed, suggest(word or "", known)))
    if len(strange) > SHOWN:
        problems.append(Problem(name, f"{len(strange) - SHOWN} more unknown codes", allowed))
    found = pc.index_in(values, pa.array(known, values.type)).fill_null(0)
    return np.asarray(found, dtype=np.int64)


def _matrix(
    model: str,
    terms: tuple[str, ...],
    places: Mapping[str, Integers],
    numbers: Floats,
    problems: list[Problem],
) -> Floats:
    """Return the full matrix of a model; what is wrong goes into `problems`."""
    own = np.full(len(TERMS), -1)
    own[[POSITION[term] for term in terms]] = np.arange(len(terms))
    where, size = f"model {model}", len(MOVES) * len(terms)
    matrix, times = np.zeros((size, size)), np.zeros((size, size), dtype=np.int64)
    pair = [places[f"{side}outcome"] * len(terms) + own[places[f"{side}term"]] for side in SIDES]
    used = np.unique([places[f"{side}term"] for side in SIDES])
    if (own[used] < 0).any():
        found = f"has {', '.join(TERMS[i] for i in used if own[i] < 0)}"
        problems.append(Problem(where, found, f"terms of its own: {', '.join(terms)}"))
        return matrix
    below = np.maximum(*pair), np.minimum(*pair)
    np.add.at(times, below, 1)
    matrix[below] = matrix[below[::-1]] = numbers
    names = [f"{term} ({outcome})" for outcome in MOVES for term in terms]
    wrong = list(_wrong_pairs(where, times, names))
    problems.extend(wrong or _impossible(where, matrix, names))
    return matrix


def _wrong_pairs(where: str, times: Integers, names: list[str]) -> Iterator[Problem]:
    """Yield pairs that are missing or repeated; times: how often each is there, one below other."""
    lower = np.tril(np.ones(times.shape, dtype=np.bool_))
    for wrong, verb in ((lower & (times == 0), "lacks"), (times > 1, "repeats")):
        if wrong.any():
            one, other = np.argwhere(wrong)[0]
            many = f"{wrong.sum():,} {'pair' if wrong.sum() == 1 else 'pairs'}"
            found = f"{verb} {many}, such as {names[one]} with {names[other]}"
            yield Problem(where, found, "every pair of coefficients once")


def _impossible(where: str, matrix: Floats, names: list[str]) -> Iterator[Problem]:
    """Yield why a matrix is the covariance of nothing."""
    variance = np.diag(matrix)
    none = np.flatnonzero(variance <= 0)
    root = np.sqrt(np.where(variance > 0, variance, 1))
    least = float(np.linalg.eigvalsh(matrix / np.outer(root, root))[0])
    if least <= 0:
        found = f"is not positive definite (least eigenvalue of the correlations {least:.2g})"
        cure = f"The variance of {names[none[0]]} is {variance[none[0]]:g}." if none.size else ""
        yield Problem(where, found, "a covariance matrix", cure)
