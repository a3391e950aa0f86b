"""Parameter artefacts of the trinomial logit: a folder of sourced tables, read and checked.

artefact.json says what the models are and where they come from, coefficients.csv has one
row a coefficient, diagnostics.csv one row a model. Other files may lie beside them. A
published artefact and an estimated one look alike, and a run can use either.
"""

import csv
import json
import math
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.codes import CENTRALITY, SEX
from sim.problems import InputError, Problem, refuse, suggest
from sim.transitions.terms import MOVES, OUTCOMES, POSITION, TERMS, terms_of

SCHEMA_VERSION = 1
PUBLISHED = Path(__file__).with_name("published_2016")
HEAD, COEFFICIENTS, DIAGNOSTICS = "artefact.json", "coefficients.csv", "diagnostics.csv"
ALL = "all"
TYPES = {
    "1": ("pooled", (ALL,), (ALL,)),
    "2": ("by centrality", CENTRALITY.names, (ALL,)),
    "3": ("by centrality and sex", CENTRALITY.names, SEX.names),
}


@dataclass(frozen=True)
class Diagnostics:
    """How well a model fits: persons, log likelihood, scaled R2 and Schwarz's BIC."""

    n: int
    log_likelihood: float
    scaled_r2: float
    bic: float


@dataclass(frozen=True, eq=False)
class Coefficients:
    """One estimated model.

    centrality, sex: whom it was estimated on, None for everybody.
    estimates, std_errors: (terms, moves) as in `TERMS` and `MOVES`. Terms that the model
    lacks have estimate 0; unknown standard errors are nan.
    """

    name: str
    model_type: int
    centrality: int | None
    sex: str | None
    estimates: NDArray[np.float64]
    std_errors: NDArray[np.float64]
    diagnostics: Diagnostics
    source: str

    def __post_init__(self) -> None:
        self.estimates.flags.writeable = False
        self.std_errors.flags.writeable = False


@dataclass(frozen=True, eq=False)
class Artefact:
    """The models of one folder, with what is known about where they come from."""

    name: str
    title: str
    source: str
    estimation: Mapping[str, Any]
    notes: tuple[str, ...]
    models: Mapping[str, Coefficients]


HEAD_KEYS = {
    "schema_version": int,
    "name": str,
    "title": str,
    "source": str,
    "outcomes": list,
    "terms": list,
    "estimation": dict,
    "notes": list,
}
MORE_KEYS = {"provenance": dict}
COLUMNS = {
    COEFFICIENTS: (
        "model",
        "model_type",
        "centrality",
        "sex",
        "term",
        "outcome",
        "estimate",
        "std_error",
        "unit",
        "source",
    ),
    DIAGNOSTICS: ("model", "n", "log_likelihood", "scaled_r2", "bic", "source"),
}
MORE_COLUMNS = {COEFFICIENTS: ("t_value", "std_error_low", "std_error_high"), DIAGNOSTICS: ()}
NUMBERS = ("estimate", "t_value", "std_error", "std_error_low", "std_error_high")
Row = dict[str, str]


def read_artefact(folder: str | os.PathLike[str]) -> Artefact:
    """Read a parameter artefact, or say everything that is wrong with it."""
    path = Path(folder)
    problems = list(_missing_files(path))
    refuse(str(path), problems)
    head = _head(path / HEAD, problems)
    rows = _table(path / COEFFICIENTS, problems)
    fits = _table(path / DIAGNOSTICS, problems)
    refuse(str(path), problems)
    problems += _wrong_coefficients(rows)
    problems += _wrong_diagnostics(fits, {row["model"] for row in rows})
    refuse(str(path), problems)
    diagnostics = {row["model"]: _diagnostics(row) for row in fits}
    models = {
        name: _model([row for row in rows if row["model"] == name], diagnostics[name])
        for name in dict.fromkeys(row["model"] for row in rows)
    }
    return Artefact(
        head["name"],
        head["title"],
        head["source"],
        MappingProxyType(head["estimation"]),
        tuple(head["notes"]),
        MappingProxyType(models),
    )


@cache
def published_artefact() -> Artefact:
    """Return the thirteen models of Rapporter 2016/27."""
    return read_artefact(PUBLISHED)


def _missing_files(path: Path) -> Iterator[Problem]:
    if not path.is_dir():
        needed = f"a folder with {HEAD}, {COEFFICIENTS} and {DIAGNOSTICS}"
        yield Problem("folder", "does not exist", needed, "Is the path right?")
        return
    for name in (HEAD, COEFFICIENTS, DIAGNOSTICS):
        if not (path / name).is_file():
            yield Problem(name, "is missing", "a file of this name in the folder")


def _head(path: Path, problems: list[Problem]) -> dict[str, Any]:
    try:
        head = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        problems.append(Problem(HEAD, f"cannot be read as JSON ({error})", "a JSON object"))
        return {}
    if not isinstance(head, dict):
        problems.append(Problem(HEAD, f"holds a {type(head).__name__}", "a JSON object"))
        return {}
    version = head.get("schema_version")
    if version != SCHEMA_VERSION:
        found = f"schema_version is {version!r}"
        cure = "Was it written by another version of Vandring?"
        problems.append(Problem(HEAD, found, str(SCHEMA_VERSION), cure))
        return {}
    problems += _wrong_head(head)
    return head


def _wrong_head(head: dict[str, Any]) -> Iterator[Problem]:
    known = HEAD_KEYS | MORE_KEYS
    for key, value in head.items():
        if key not in known:
            cure = suggest(key, known) or "Put what else is to be told under provenance."
            yield Problem(HEAD, f"has the unknown key {key!r}", ", ".join(known), cure)
        elif not isinstance(value, known[key]):
            yield Problem(HEAD, f"{key} is a {type(value).__name__}", known[key].__name__)
    for key in HEAD_KEYS:
        if key not in head:
            yield Problem(HEAD, f"{key} is missing", f"a key {key}")
    for key, allowed in (("outcomes", OUTCOMES), ("terms", TERMS)):
        listed = head.get(key)
        if isinstance(listed, list):
            yield from _wrong_list(key, listed, allowed)


def _wrong_list(key: str, listed: list[Any], allowed: tuple[str, ...]) -> Iterator[Problem]:
    for word in listed:
        if word not in allowed:
            yield Problem(
                HEAD,
                f"{key} holds the unknown {word!r}",
                ", ".join(allowed),
                suggest(str(word), allowed),
            )
        elif listed.count(word) > 1:
            yield Problem(HEAD, f"{key} holds {word!r} more than once", "each once")


def _table(path: Path, problems: list[Problem]) -> list[Row]:
    """Return the rows of a CSV file, each with its line number under 'line'."""
    name = path.name
    try:
        text = path.read_text("utf-8-sig")  # Excel puts a mark before the first column
    except UnicodeDecodeError:
        cure = "Save it as CSV UTF-8."
        problems.append(Problem(name, "cannot be read as text", "a CSV file in UTF-8", cure))
        return []
    reader = csv.DictReader(text.splitlines())
    header = list(reader.fieldnames or ())
    rows = [{**row, "line": str(reader.line_num)} for row in reader]
    problems += _wrong_header(name, header)
    if any(None in row or None in row.values() for row in rows):
        problems.append(Problem(name, "has rows of different length", f"{len(header)} cells"))
    if not rows:
        problems.append(Problem(name, "has no rows", "one row or more"))
    return rows


def _wrong_header(name: str, header: list[str]) -> Iterator[Problem]:
    known = COLUMNS[name] + MORE_COLUMNS[name]
    for column in header:
        if column not in known:
            found = f"has the unknown column {column!r}"
            yield Problem(name, found, ", ".join(known), suggest(column, known))
    for column in COLUMNS[name]:
        if column not in header:
            yield Problem(name, f"has no column {column}", ", ".join(COLUMNS[name]))


def _wrong_coefficients(rows: list[Row]) -> Iterator[Problem]:
    seen: dict[tuple[str, str, str], str] = {}
    groups: dict[str, tuple[str, str, str]] = {}
    for row in rows:
        where = f"{COEFFICIENTS} line {row['line']}"
        yield from _wrong_cells(where, row)
        key = row["model"], row["term"], row["outcome"]
        if key in seen:
            found = f"repeats {' '.join(key)} of line {seen[key]}"
            yield Problem(where, found, "one row a coefficient")
        seen.setdefault(key, row["line"])
        group = row["model_type"], row["centrality"], row["sex"]
        if groups.setdefault(row["model"], group) != group:
            found = f"calls model {row['model']} {_words(group)}"
            yield Problem(where, found, f"{_words(groups[row['model']])}, as above")
    for model, group in groups.items():
        yield from _wrong_model(model, group, {key[1:] for key in seen if key[0] == model})


def _words(group: tuple[str, str, str]) -> str:
    return "type {}, centrality {}, sex {}".format(*group)


def _wrong_cells(where: str, row: Row) -> Iterator[Problem]:
    for column, known in (("term", TERMS), ("outcome", MOVES), ("model_type", tuple(TYPES))):
        if row[column] not in known:
            found = f"{column} is {row[column]!r}"
            yield Problem(where, found, ", ".join(known), suggest(row[column], known))
    for column in NUMBERS:
        text = row.get(column, "")
        needed = column == "estimate"
        if (text or needed) and math.isnan(_number(text)):
            can = "a finite number" if needed else "a finite number, or nothing"
            yield Problem(where, f"{column} is {text!r}", can)
        elif column.startswith("std_error") and _number(text) < 0:
            yield Problem(where, f"{column} is {text}", "0 or more", "Is it a t value?")


def _number(text: str) -> float:
    """Return a finite number, or nan for anything else."""
    try:
        number = float(text)
    except ValueError:
        return math.nan
    return number if math.isfinite(number) else math.nan


def _wrong_model(
    model: str, group: tuple[str, str, str], found: set[tuple[str, ...]]
) -> Iterator[Problem]:
    where = f"{COEFFICIENTS} model {model}"
    model_type, centrality, sex = group
    if model_type not in TYPES:
        return
    words, levels, sexes = TYPES[model_type]
    for column, value, allowed in (("centrality", centrality, levels), ("sex", sex, sexes)):
        if value not in allowed:
            can = f"{', '.join(allowed)} (type {model_type} is {words})"
            yield Problem(where, f"{column} is {value!r}", can, suggest(value, allowed))
    needed = terms_of(int(model_type))
    for outcome in MOVES:
        missing = [term for term in needed if (term, outcome) not in found]
        if missing:
            yield Problem(where, f"lacks {', '.join(missing)} ({outcome})", "every term once")
        for term in TERMS:
            if term not in needed and (term, outcome) in found:
                can = f"no {term} term in type {model_type}, {words}"
                yield Problem(where, f"has {term} ({outcome})", can)


def _wrong_diagnostics(rows: list[Row], models: set[str]) -> Iterator[Problem]:
    listed = [row["model"] for row in rows]
    for row in rows:
        where = f"{DIAGNOSTICS} line {row['line']}"
        if row["model"] not in models:
            found = f"names {row['model']!r}, which {COEFFICIENTS} does not have"
            yield Problem(where, found, ", ".join(sorted(models)), suggest(row["model"], models))
        for field in fields(Diagnostics):
            number = _number(row[field.name])
            if math.isnan(number) or (field.name == "n" and (number < 1 or number % 1)):
                can = "a whole number, 1 or more" if field.name == "n" else "a finite number"
                yield Problem(where, f"{field.name} is {row[field.name]!r}", can)
    for model in sorted(models):
        if listed.count(model) != 1:
            found = f"has {listed.count(model)} rows for model {model}"
            yield Problem(DIAGNOSTICS, found, "one row a model")


def _diagnostics(row: Row) -> Diagnostics:
    n = int(float(row["n"]))
    return Diagnostics(n, float(row["log_likelihood"]), float(row["scaled_r2"]), float(row["bic"]))


def _model(rows: list[Row], diagnostics: Diagnostics) -> Coefficients:
    estimates = np.zeros((len(TERMS), len(MOVES)))
    std_errors = np.full(estimates.shape, np.nan)
    for row in rows:
        cell = POSITION[row["term"]], MOVES.index(row["outcome"])
        estimates[cell] = float(row["estimate"])
        std_errors[cell] = _number(row["std_error"])
    first = rows[0]
    return Coefficients(
        name=first["model"],
        model_type=int(first["model_type"]),
        centrality=None if first["centrality"] == ALL else int(first["centrality"]),
        sex=None if first["sex"] == ALL else first["sex"],
        estimates=estimates,
        std_errors=std_errors,
        diagnostics=diagnostics,
        source=first["source"],
    )


def model_named(artefact: Artefact, name: str) -> Coefficients:
    """Return a model by name: 'E5', 'e5', 'E.5' and 'Table E.5' all mean the same."""
    word = str(name).strip().upper().removeprefix("TABLE").strip()
    known = {key.upper(): model for key, model in artefact.models.items()}
    for key in (word, word.replace(".", "")):
        if key in known:
            return known[key]
    found = f"{name!r} is not the name of a model"
    cure = suggest(word, known)
    raise InputError(artefact.name, [Problem("model", found, ", ".join(artefact.models), cure)])
