"""Observed figures from a JSON-stat 2.0 data set, as statistical offices' interfaces give them.

A data set is a cube: dimensions with categories, and one value for each combination. Its names
and codes are an office's own; a mapping in YAML says what they mean here:

    measure: emigration_count        # unless a dimension says it
    unit: persons
    dimensions:
      Tid: year                      # codes as they are
      Kjonn: {to: sex, codes: {"1": men, "2": women}, leave_out: ["0"]}
      ContentsCode: {to: measure, codes: {Utvandring: emigration_count}}
      Region: {to: none, keep: "0"}  # one category, of which all figures are

Names and codes may be an office's codes or labels. Whatever is left unsaid is listed.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from math import prod
from pathlib import Path
from typing import Any

import yaml

from runs.validation.against import (
    EVERYBODY,
    LONGEST_NAME,
    MEASURES,
    MOST_ROWS,
    VARIABLES,
    Found,
    Row,
    code_problem,
    named_few,
    plain_name,
)
from sim.problems import InputError, Problem, refuse, suggest

MOST_BYTES = 16 * 2**20
MOST_VALUE = 1e15  # nothing that is counted here is more
MEANINGS = ("measure", "year", "none", *VARIABLES)
FIELDS = ("measure", "unit", "dimensions")
FIELDS_OF = ("to", "codes", "leave_out", "keep")


@dataclass(frozen=True)
class Dimension:
    """A dimension of the cube: codes in the order of the values, and what people call them."""

    name: str
    label: str
    codes: tuple[str, ...]
    labels: Mapping[str, str]


@dataclass(frozen=True)
class Meaning:
    """What a dimension is here: of each code the code that it stands for, None if left out."""

    to: str
    codes: tuple[str | None, ...]


def read_jsonstat(path: Path, mapping: Path | None = None) -> Found:
    """Read a data set; everything that its mapping lacks is refused at once."""
    raw = _json(path)
    refuse(path.name, _shape(raw))
    dimensions = [_dimension(name, raw["dimension"][name]) for name in raw["id"]]
    said = _mapping(mapping) if mapping else {}
    problems: list[Problem] = []
    meanings = [_meaning(one, said.get("dimensions", {}), problems) for one in dimensions]
    problems += _unknown_names(said, dimensions)
    problems += _unsaid(said, meanings)
    refuse(path.name, problems)
    return _rows(raw, dimensions, meanings, said)


def _json(path: Path) -> Any:
    try:
        if not path.is_file():
            refuse(path.name, [Problem("file", "is no file", "a JSON-stat data set")])
        if path.stat().st_size > MOST_BYTES:
            cure = "Ask the office for fewer codes or years."
            refuse(path.name, [Problem("file", "is too large", f"{MOST_BYTES:,} bytes", cure)])
        return json.loads(path.read_text("utf-8-sig"))
    except InputError:
        raise
    except (OSError, ValueError, RecursionError) as error:
        found = f"cannot be read ({type(error).__name__})"
        raise InputError(path.name, [Problem("file", found, "JSON in UTF-8")]) from None


def _shape(raw: Any) -> Iterator[Problem]:
    """Yield what makes a file no data set of JSON-stat 2.0."""
    if not isinstance(raw, Mapping) or raw.get("class") != "dataset":
        cure = "Ask for the format json-stat2; version 1 wraps its data sets."
        yield Problem("file", "is no data set", "class dataset of JSON-stat 2.0", cure)
        return
    names, sizes, dimensions = (raw.get(key) for key in ("id", "size", "dimension"))
    if not (isinstance(names, list) and isinstance(sizes, list) and len(names) == len(sizes)
            and isinstance(dimensions, Mapping)
            and all(isinstance(name, str) and name in dimensions for name in names)
            and all(type(size) is int and size > 0 for size in sizes)):  # fmt: skip
        yield Problem("file", "id, size and dimension do not fit together")
        return
    odd = [name for name in names if not _is_dimension(dimensions[name])]
    if odd:
        allowed = "category with index (a list, or 0, 1, 2 ... by code) and label"
        yield from (Problem(name, "is no dimension of JSON-stat", allowed) for name in odd)
        return
    cells = prod(sizes)
    if cells > MOST_ROWS:
        cure = "Ask the office for fewer codes or years."
        yield Problem("size", f"{cells:,} figures", f"at most {MOST_ROWS:,}", cure)
    for name, size in zip(names, sizes, strict=True):
        if len(_dimension(name, dimensions[name]).codes) != size:
            yield Problem(str(name), f"has not the {size} categories that size says")
    values = raw.get("value")
    if not isinstance(values, list | Mapping):
        yield Problem("value", "is missing", "a list of numbers, or an object")
    elif isinstance(values, list) and len(values) != cells:
        yield Problem("value", f"has {len(values):,} figures", f"{cells:,}, one for each cell")


def _is_dimension(raw: Any) -> bool:
    """Say whether a dimension has categories in a form that can be read."""
    category = raw.get("category") if isinstance(raw, Mapping) else None
    if not isinstance(category, Mapping) or not isinstance(category.get("label") or {}, Mapping):
        return False
    index = category.get("index") or []
    if isinstance(index, Mapping):
        return all(type(k) is int for k in index.values()) and set(index.values()) == set(
            range(len(index))
        )
    return isinstance(index, list) and all(isinstance(code, str | int) for code in index)


def _dimension(name: str, raw: Any) -> Dimension:
    category = raw.get("category", {}) if isinstance(raw, Mapping) else {}
    labels = category.get("label") or {}
    index = category.get("index")
    if isinstance(index, Mapping):
        codes = sorted(index, key=lambda code: index[code])
    else:
        codes = list(index or labels)
    said = str(raw.get("label", name)) if isinstance(raw, Mapping) else name
    return Dimension(
        name, said, tuple(map(str, codes)), {str(k): str(v) for k, v in labels.items()}
    )


def _mapping(path: Path) -> Mapping[str, Any]:
    """Read a mapping; unknown fields are refused."""
    try:
        raw = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        found = f"cannot be read ({type(error).__name__})"
        raise InputError(str(path), [Problem("file", found, "YAML in UTF-8")]) from None
    if not isinstance(raw, Mapping) or not isinstance(raw.get("dimensions", {}), Mapping):
        refuse(path.name, [Problem("file", "is no mapping of fields", ", ".join(FIELDS))])
    problems = [Problem(str(name), "unknown field", ", ".join(FIELDS), suggest(str(name), FIELDS))
                for name in raw if name not in FIELDS]  # fmt: skip
    for name, entry in raw.get("dimensions", {}).items():
        fields = {"to": entry} if isinstance(entry, str) else entry
        if not isinstance(fields, Mapping) or "to" not in fields:
            problems.append(Problem(str(name), "says not what it is", "to: and codes:"))
            continue
        problems += [Problem(f"{name}", f"unknown field {key!r}", ", ".join(FIELDS_OF))
                     for key in fields if key not in FIELDS_OF]  # fmt: skip
        if not isinstance(fields.get("codes") or {}, Mapping):
            problems.append(Problem(str(name), "codes are no pairs", "codes: {theirs: ours}"))
        if not isinstance(fields.get("leave_out") or [], list):
            problems.append(Problem(str(name), "leave_out is no list", "leave_out: [code, code]"))
        if str(fields["to"]) not in MEANINGS:
            problems.append(Problem(str(name), f"is to be {fields['to']!r}", ", ".join(MEANINGS),
                                    suggest(str(fields["to"]), MEANINGS)))  # fmt: skip
    if "measure" in raw and raw["measure"] not in MEASURES:
        problems.append(Problem("measure", f"is {raw['measure']!r}", ", ".join(MEASURES),
                                suggest(str(raw["measure"]), MEASURES)))  # fmt: skip
    refuse(path.name, problems)
    return dict(raw)


def _meaning(one: Dimension, said: Mapping[str, Any], problems: list[Problem]) -> Meaning:
    """Return what a dimension means; say which of its codes nobody has explained."""
    entry = next((said[name] for name in (one.name, one.label) if name in said), None)
    if entry is None:
        to = next((name for name in map(plain_name, (one.name, one.label)) if name in MEANINGS), "")
        entry = {"to": to}
    fields: Mapping[str, Any] = {"to": entry} if isinstance(entry, str) else entry
    to, own = fields["to"], {str(k): str(v) for k, v in (fields.get("codes") or {}).items()}
    left = {str(code) for code in fields.get("leave_out") or ()}
    if not to:
        shown = named_few(f"{code} ({one.labels.get(code, code)})" for code in one.codes)
        found, cure = f"is not in the mapping; it has {shown}", "Give --mapping with its meaning."
        problems.append(Problem(f"dimension {one.name}", found, ", ".join(MEANINGS), cure))
        return Meaning("none", (None,) * len(one.codes))
    if to == "none":
        return _fixed(one, str(fields.get("keep", "")), problems)
    codes = tuple(_code(one, code, to, own, left) for code in one.codes)
    pairs = zip(one.codes, codes, strict=True)
    strange = [f"{c} ({one.labels.get(c, c)})" for c, meant in pairs if meant == UNKNOWN]
    if strange:
        found, cure = f"unknown as {to}: {', '.join(strange)}", "Add to codes, or to leave_out."
        problems.append(Problem(f"dimension {one.name}", found, _allowed(to), cure))
    return Meaning(to, codes)


UNKNOWN = "\0unknown"


def _code(
    one: Dimension, code: str, to: str, own: Mapping[str, str], left: set[str]
) -> str | None:  # fmt: skip
    """Return what a category stands for: as the mapping says, or by its own name."""
    label = one.labels.get(code, code)
    if {code, label} & left:
        return None
    meant = own.get(code, own.get(label, ""))
    for word in (meant,) if meant else (code, label, plain_name(label)):
        if to == "year":
            if word.isascii() and word.isdigit() and len(word) == 4:
                return word
        elif to == "measure":
            if word in MEASURES:
                return word
        elif word.casefold() in EVERYBODY or code_problem(to, word) is None:
            return word
    return UNKNOWN


def _fixed(one: Dimension, keep: str, problems: list[Problem]) -> Meaning:
    """Return the meaning of a dimension of which one category is kept."""
    kept = tuple("" if keep in (code, one.labels.get(code)) or len(one.codes) == 1 else None
                 for code in one.codes)  # fmt: skip
    if kept.count("") != 1:
        shown = named_few(f"{code} ({one.labels.get(code, code)})" for code in one.codes)
        found, cure = f"keeps {keep[:LONGEST_NAME]!r}", "Say keep: and the code of the total."
        problems.append(Problem(f"dimension {one.name}", found, f"one of {shown}", cure))
    return Meaning("none", kept)


def _allowed(to: str) -> str:
    if to == "year":
        return "years of four digits"
    wrong = code_problem(to, UNKNOWN) if to != "measure" else (", ".join(MEASURES), "")
    assert wrong is not None
    return wrong[0]


def _unknown_names(said: Mapping[str, Any], dimensions: list[Dimension]) -> Iterator[Problem]:
    there = [name for one in dimensions for name in (one.name, one.label)]
    for name in said.get("dimensions", {}):
        if name not in there:
            known = ", ".join(one.name for one in dimensions)
            found = f"{name!r} is no dimension of the data set"
            yield Problem("mapping", found, known, suggest(str(name), there))


def _unsaid(said: Mapping[str, Any], meanings: list[Meaning]) -> Iterator[Problem]:
    """Yield what every figure needs and nothing says; and what several dimensions say."""
    tos = [one.to for one in meanings if one.to != "none"]
    if "measure" not in tos and "measure" not in said:
        yield Problem("mapping", "says not what is measured", "measure: " + ", ".join(MEASURES))
    if "year" not in tos:
        yield Problem("mapping", "says not which dimension is the year", "a dimension: year")
    for to in sorted({to for to in tos if tos.count(to) > 1}):
        yield Problem("mapping", f"two dimensions are {to}", "one")


def _is_number(value: Any) -> bool:
    """Say whether a value is a number that can be reckoned with."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return bool(abs(value) < MOST_VALUE)


def _rows(
    raw: Mapping[str, Any], dimensions: list[Dimension], meanings: list[Meaning],
    said: Mapping[str, Any],
) -> Found:  # fmt: skip
    """Return the figures of the cube; those without a value are said."""
    found, values = Found(), raw["value"]
    for k, place in enumerate(product(*(range(len(one.codes)) for one in dimensions))):
        told = [(m.to, m.codes[i]) for m, i in zip(meanings, place, strict=True)]
        if any(code is None for _, code in told):
            continue
        where = "cell " + "/".join(d.codes[i] for d, i in zip(dimensions, place, strict=True))
        value = values[k] if isinstance(values, list) else values.get(str(k))
        if not _is_number(value):
            cure = "Put the codes of empty figures into leave_out."
            found.say(where, f"value is {str(value)[:LONGEST_NAME]}", "a number", cure)
            continue
        given = {to: str(code) for to, code in told if to != "none"}
        measure = given.pop("measure", said.get("measure", ""))
        year = int(given.pop("year"))
        codes = {name: code for name, code in given.items() if code.casefold() not in EVERYBODY}
        unit = str(said.get("unit", ""))
        found.rows.append(Row(where, measure, year, codes, float(value), unit=unit))
    return found
