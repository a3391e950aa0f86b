"""The mapping file of an extract: whose column is which, and which code means what.

    year: 2013
    columns: {sex: KJONN, birth_year: FODT}
    codes: {sex: {1: male, 2: female}}

All is optional: what already bears our name and codes needs no line.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from calibration.extract_columns import FIELDS, FLAG_WORDS, Field
from sim.agents.columns import FIRST_YEAR, LAST_YEAR
from sim.problems import Problem, refuse, shown, suggest

MISSING = ("", ".", "NA", "NaN", "NULL")
KEYS = ("year", "columns", "codes", "empty", "missing", "ignore")
CODED = {"code", "flag", "nus", "count"}


@dataclass(frozen=True)
class ExtractMapping:
    """What a mapping file says, checked.

    columns: our name -> the column of the file; codes: our name -> {word of the file: ours}.
    empty: our name -> what an empty field means; missing: words that mean an empty field.
    ignore: columns of the file that are left alone without a warning.
    """

    year: int | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    codes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    empty: Mapping[str, str] = field(default_factory=dict)
    missing: tuple[str, ...] = MISSING
    ignore: tuple[str, ...] = ()


def as_mapping(data: object, source: str = "mapping") -> ExtractMapping:
    """Turn the parsed YAML of a mapping file into a mapping; raise InputError with all problems."""
    if data is None:
        return ExtractMapping()
    if not isinstance(data, Mapping):
        refuse(source, [Problem("file", f"holds {shown(data)}", f"keys: {', '.join(KEYS)}")])
    assert isinstance(data, Mapping)
    problems = [_unknown(key, KEYS, "a key") for key in data if key not in KEYS]
    columns = _section(data, "columns", problems)
    problems += _twice(columns)
    codes = {
        name: _codes(name, value, problems)
        for name, value in _known(data, "codes", problems).items()
    }
    empty = _section(data, "empty", problems)
    for name, code in empty.items():
        problems += _wrong_target(f"empty, {name}", FIELDS[name], code)
    made = ExtractMapping(
        _year(data.get("year"), problems),
        columns,
        codes,
        empty,
        _words(data, "missing", MISSING, problems),
        _words(data, "ignore", (), problems),
    )
    refuse(source, problems)
    return made


def plain(value: object) -> str:
    """Return a word of YAML or Parquet as text: 1.0 is '1' and true is 'true'."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _unknown(key: object, known: Any, what: str) -> Problem:
    word = str(key)
    cure = suggest(word, known)
    return Problem(shown(word), f"is unknown as {what}", ", ".join(known), cure)


def _known(data: Mapping[Any, Any], key: str, problems: list[Problem]) -> dict[str, Any]:
    """Return a section whose keys are names of ours."""
    section = data.get(key)
    if section is None:
        return {}
    if not isinstance(section, Mapping):
        problems.append(Problem(key, f"holds {shown(section)}", "lines of 'our name: ...'"))
        return {}
    bad = [name for name in section if name not in FIELDS]
    problems += [_unknown(name, FIELDS, f"a column under {key}") for name in bad]
    return {str(name): value for name, value in section.items() if name in FIELDS}


def _section(data: Mapping[Any, Any], key: str, problems: list[Problem]) -> dict[str, str]:
    found = _known(data, key, problems)
    for name, value in found.items():
        if isinstance(value, (Mapping, list)) or value is None:
            problems.append(Problem(f"{key}, {name}", f"holds {shown(value)}", "one word"))
    return {n: plain(v) for n, v in found.items() if not isinstance(v, (Mapping, list))}


def _twice(columns: Mapping[str, str]) -> Iterator[Problem]:
    """Two of our columns may not come from the same column of the file."""
    for name, own in columns.items():
        others = [other for other, value in columns.items() if value == own and other != name]
        if others and name < others[0]:
            found = f"{own!r} is named for {', '.join([name, *others])}"
            yield Problem("columns", found, "one column of ours")


def _codes(name: str, value: object, problems: list[Problem]) -> dict[str, str]:
    declared = FIELDS[name]
    where = f"codes, {name}"
    if declared.kind not in CODED:
        problems.append(Problem(where, "cannot be recoded", "columns of codes or whole numbers"))
        return {}
    if not isinstance(value, Mapping):
        problems.append(Problem(where, f"holds {shown(value)}", "lines of 'your code: ours'"))
        return {}
    found = {plain(own): plain(ours) for own, ours in value.items()}
    for own, ours in found.items():
        problems += _wrong_target(f"{where}, {own}", declared, ours)
    return found


def _wrong_target(where: str, declared: Field, code: str) -> Iterator[Problem]:
    if number_of(declared, code) is None:
        cure = suggest(code, declared.codes, dict(declared.labels))
        yield Problem(where, f"is {shown(code)}", declared.allowed, cure)


def number_of(declared: Field, word: str) -> int | None:
    """Return the stored number of one of our words, or None if it is none."""
    if declared.kind == "flag":
        return FLAG_WORDS.get(word.casefold())
    if declared.kind == "code":
        if word in declared.codes:
            return declared.codes.index(word)
        return _by_number(declared, word)
    if declared.kind == "nus":
        return int(word[0]) if word.isascii() and word.isdecimal() and len(word) <= 6 else None
    number = _whole(word)
    return number if number is not None and declared.low <= number <= declared.high else None


def _by_number(declared: Field, word: str) -> int | None:
    """Codes that are numbers may have lost their leading zero: 301 is '0301'."""
    number = _whole(word)
    width = len(declared.codes[0])
    if number is None or number < 0 or not declared.codes[0].isdecimal():
        return None
    padded = str(number).zfill(width)
    return declared.codes.index(padded) if padded in declared.codes else None


def _whole(word: str) -> int | None:
    """Read a whole number, also one written as 34.0 or 34,0."""
    head, _, tail = word.replace(",", ".").partition(".")
    sign = head.removeprefix("-")
    if not (sign.isascii() and sign.isdecimal() and len(sign) <= 9) or tail.strip("0"):
        return None
    return int(head)


def _year(value: object, problems: list[Problem]) -> int | None:
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool) and FIRST_YEAR < value <= LAST_YEAR:
        return value
    allowed = f"the year of the outcomes, {FIRST_YEAR + 1} to {LAST_YEAR}"
    problems.append(Problem("year", f"is {shown(value)}", allowed))
    return None


def _words(
    data: Mapping[Any, Any], key: str, default: tuple[str, ...], problems: list[Problem]
) -> tuple[str, ...]:
    value = data.get(key)
    if value is None:
        return default
    if not isinstance(value, list) or any(isinstance(word, (Mapping, list)) for word in value):
        problems.append(Problem(key, f"holds {shown(value)}", "a list of words: [A, B]"))
        return default
    return tuple("" if word is None else plain(word) for word in value)
