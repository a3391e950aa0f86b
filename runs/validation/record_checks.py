"""Reading the record strictly: everything that an entry may not say is found and told at once."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields
from typing import Any

from runs.validation.dimensions import (
    CALIBRATIONS,
    CODES,
    DIRECTIONS,
    EVIDENCE,
    KINDS,
    MEANS,
    MEASURES,
    MORE_CODES,
    OTHERS,
    SCOPES,
    STRENGTHS,
)
from runs.validation.quantity import REPORTS
from sim.problems import Problem, suggest

BAND = re.compile(r"\d+-\d+|\d+\+|\d+")
SIDES = ("numerator", "denominator")
STATISTICS = ("change", "per_year_of_age", "absolute")
ONE_OF: Mapping[str, tuple[str, ...]] = {
    "kind": KINDS, "scope": SCOPES, "measure": MEASURES, "minus": MEASURES, "evidence": EVIDENCE,
    "strength": STRENGTHS, "by": tuple(CODES), "model": ("linear", "logit"), "term": tuple(CODES),
    "statistic": STATISTICS,
}  # fmt: skip
NEEDS: Mapping[str, tuple[tuple[str, ...], ...]] = {  # one of these sets must be there
    "value": (("value",), ("values",), ("sign",)),
    "approx": (("value",), ("values",)),
    "range": (("low", "high"),),
    "ordering": (("tiers",), ("rising", "falling")),
    "trend": (("segments",),),
    "ratio": (("numerator", "denominator", "value"), ("numerator", "denominator", "low", "high")),
}


def problems_of(
    raw: Any, pattern: type, expected: type, tolerance: type
) -> Iterator[Problem]:  # fmt: skip
    """Yield what is wrong with the entries of a file; the types say which fields there are."""
    if not isinstance(raw, list):
        yield Problem("the file", "is no list of patterns")
        return
    seen: set[str] = set()
    for number, entry in enumerate(raw, start=1):
        where = _name(entry, number)
        if not isinstance(entry, Mapping):
            yield Problem(where, "is no mapping of fields")
            continue
        if where in seen:
            yield Problem(where, "is there twice")
        seen.add(where)
        found = list(_shape(entry, where, pattern, expected, tolerance))
        yield from found
        if not found:
            yield from _content(entry, where)


def _name(entry: Any, number: int) -> str:
    said = entry.get("id") if isinstance(entry, Mapping) else None
    return str(said) if said else f"pattern {number}"


def _unknown(raw: Any, where: str, made: type) -> Iterator[Problem]:
    if not isinstance(raw, Mapping):
        yield Problem(where, f"is {raw!r}", "a mapping")
        return
    known = [f.name for f in fields(made)]
    for name in raw:
        if name not in known:
            yield Problem(where, f"unknown field {name!r}", ", ".join(known), suggest(name, known))


def _shape(
    entry: Mapping[str, Any], where: str, pattern: type, expected: type, tolerance: type
) -> Iterator[Problem]:  # fmt: skip
    yield from _unknown(entry, where, pattern)
    for field in fields(pattern):
        needed = field.default is MISSING and field.default_factory is MISSING
        if needed and field.name not in entry:
            yield Problem(where, f"field {field.name!r} is missing")
    for name, made in (("expected", expected), ("tolerance", tolerance)):
        if name in entry:
            yield from _unknown(entry[name], f"{where}, {name}", made)


def _content(entry: Mapping[str, Any], where: str) -> Iterator[Problem]:
    if entry["id"].split(".")[0] not in REPORTS:
        yield Problem(where, "the id starts with no report", ", ".join(REPORTS))
    for name, allowed in ONE_OF.items():
        if name in entry and entry[name] not in allowed:
            cure = suggest(str(entry[name]), allowed)
            yield Problem(where, f"{name} is {entry[name]!r}", ", ".join(allowed), cure)
    for name in entry["used_by"]:
        if name not in CALIBRATIONS:
            yield Problem(where, f"used_by names {name!r}", ", ".join(CALIBRATIONS))
    years = entry["years"]
    if not (isinstance(years, list) and len(years) == 2 and years[0] <= years[1]):
        yield Problem(where, f"years are {years!r}", "first and last year")
    yield from _codes_in(entry.get("whom", {}), where)
    yield from _codes_in(entry.get("each", {}), where)
    yield from _kind(entry, where)


def _codes_in(raw: Mapping[str, Any], where: str) -> Iterator[Problem]:
    for name, said in raw.items():
        if name == "measure":
            for measure in said if isinstance(said, list) else [said]:
                if measure not in MEASURES:
                    yield Problem(where, f"measure is {measure!r}", ", ".join(MEASURES))
        elif name not in CODES:
            yield Problem(where, f"unknown variable {name!r}", ", ".join(CODES))
        else:
            yield from _codes(name, said if isinstance(said, list) else [said], where)


def _codes(variable: str, said: list[Any], where: str) -> Iterator[Problem]:
    known = (*CODES[variable], *MORE_CODES.get(variable, ()), *MEANS)
    for code in said:
        if variable == "age" and BAND.fullmatch(str(code)):
            continue
        if variable != "country" and code not in known:
            yield Problem(where, f"{variable} is {code!r}", ", ".join(known))


def _kind(entry: Mapping[str, Any], where: str) -> Iterator[Problem]:
    expected, kind = entry["expected"], entry["kind"]
    if kind in NEEDS and not any(set(names) <= set(expected) for names in NEEDS[kind]):
        ways = " or ".join(" and ".join(names) for names in NEEDS[kind])
        yield Problem(where, f"a {kind} without what is expected", ways)
    if not entry["tolerance"]:
        yield Problem(where, "the tolerance is empty")
    for side in SIDES:
        raw = expected.get(side, {})
        own = {"measure", "years", "growth", "spread"}
        yield from _codes_in({k: v for k, v in raw.items() if k not in own}, where)
    for segment in expected.get("segments", []):
        if segment[2] not in DIRECTIONS:
            yield Problem(where, f"a segment is {segment[2]!r}", ", ".join(DIRECTIONS))
    if "by" in entry and entry["by"] in CODES:
        said = [*expected.get("values", {}), *entry.get("members", [])]
        for names in (*expected.get("tiers", []), expected.get("rising", [])):
            said += names
        said += expected.get("falling", [])
        own_names = {*entry.get("names", {}), OTHERS}
        yield from _codes(entry["by"], [name for name in said if name not in own_names], where)
