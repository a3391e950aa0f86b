"""How levers, changes and numbers are told to people."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from scenarios.changes import ALL_YEARS, Told, levers
from scenarios.outlook import YEARS
from scenarios.ranges import TRIANGULAR, UNIFORM, Range
from sim.codes import BACKGROUND, ORIGIN, REASON, SPONSOR_REASON, CodeList
from sim.economy import SERIES
from sim.transitions.economy_levers import ALL_RATIOS, name_of
from sim.transitions.levers import ADD, FACTOR, SET

Floats = NDArray[np.float64]
PEOPLE = {"work": "labour immigrants", "refuge": "refugees", "family": "family immigrants",
          "education": "immigrants who come to study", "nordic": "Nordic immigrants",
          "unknown": "immigrants of unknown reason"}  # fmt: skip
assert set(PEOPLE) == set(REASON.names)
FACTORS = {"return": "The yearly rate of return of emigrants", "births": "The chance of a birth",
           "deaths": "The death rate", "emigration": "The odds of emigrating",
           "domestic": "The odds of moving to another centrality level"}  # fmt: skip
UNITS = {"percent": " percent", "persons a year": " persons", "ratio": "", "factor": ""}
TIMES = {0.25: "a quarter as {}", 0.5: "half as {}", 2.0: "twice as {}", 3.0: "three times as {}",
         4.0: "four times as {}"}  # fmt: skip

NOTABLY = 1.01  # times as much as in the first and the last year is worth telling


def _labels(codes: CodeList) -> dict[str, str]:
    return {code.name: code.en for code in codes}


def subject(lever: str) -> tuple[str, bool]:
    """Return what a lever is in words, and whether these are plural."""
    word, _, rest = lever.partition(".")
    if word == "unemployment":
        return f"Unemployment in {'Norway' if rest == 'norway' else group(rest)}", False
    if lever == ALL_RATIOS:
        return "The income ratios of Norway to all country groups", True
    if word == ALL_RATIOS:
        return f"The income ratio of Norway to {group(rest)}", False
    if word == "arrivals":
        return f"First arrivals{_who(rest)}", True
    return f"{FACTORS[word]}{_who(rest)}", word in ("emigration", "domestic")


def group(word: str) -> str:
    """Return a country group in words: group1 is country group 1."""
    return f"country group {word.removeprefix('group')}"


def _who(rest: str) -> str:
    """Return whom a lever is about: nothing for everybody."""
    if not rest:
        return ""
    first, _, second = rest.partition(".")
    if first.startswith("group"):
        return f" of immigrants of {group(first)}"
    if first in _labels(BACKGROUND):
        return f" (background: {_labels(BACKGROUND)[first]})"
    people = PEOPLE.get(first, "immigrants")
    if second.startswith("to_"):
        joined = _labels(SPONSOR_REASON)[second.removeprefix("to_")]
        return f" of {people} who {joined[0].lower()}{joined[1:]}"
    origin = second or ("" if first in PEOPLE else first)
    return f" of {people}{f' from {_labels(ORIGIN)[origin]}' if origin else ''}"


def series_name(series: str) -> str:
    """Return the words for a series of the economy."""
    return subject(name_of(series))[0]


assert all(map(series_name, SERIES))


def number(value: float, unit: str, finer: int = 0) -> str:
    """Return a number as a reader wants it; finer: digits more than usual."""
    if unit == "persons a year":
        return f"{value:,.{finer}f}"
    if unit == "factor":
        return f"{value:.{3 + finer}g}"
    return f"{value:.{(1 if unit == 'percent' else 2) + finer}f}"


def amount(told: Told, unit: str) -> str:
    """Return what is done to a lever: '1 percentage point higher'."""
    value = told.number
    if told.kind == SET:
        return f"set to {value:,.10g}{UNITS[unit] if unit != 'factor' else ' times the usual'}"
    if told.kind == ADD:
        size = f"{abs(value):,.10g}"
        if unit == "persons a year":
            return f"{size} persons a year {'more' if value >= 0 else 'fewer'}"
        points = f" percentage point{'' if abs(value) == 1 else 's'}" if unit == "percent" else ""
        usual = " times the usual" if unit == "factor" else ""
        return f"{size}{points}{usual} {'higher' if value >= 0 else 'lower'}"
    return times(value, many=unit == "persons a year")


def times(factor: float, *, many: bool) -> str:
    """Return a factor in words: 'twice as many', '10 percent higher'."""
    if factor in TIMES:
        return TIMES[factor].format("many" if many else "high")
    if factor == 0:
        return "none at all" if many else "zero"
    if factor > 2:
        return f"{factor:g} times as {'many' if many else 'high'}"
    percent = f"{abs(round(100 * (factor - 1), 10)):g} percent"
    more, less = ("more", "fewer") if many else ("higher", "lower")
    return f"{percent} {more if factor >= 1 else less}"


def span(years: tuple[int, int] | None) -> str:
    """Return years in words."""
    if years is None or years == ALL_YEARS:
        return "in every year"
    first, last = years
    if first == last:
        return f"in {first}"
    return f"from {first} on" if last == ALL_YEARS[1] else f"in {first} to {last}"


def clauses(told: Sequence[Told], unit: str) -> str:
    """Return the changes of one lever one after the other, alike ones joined."""
    return "; ".join(f"{amount(one, unit)} {span(one.years)}" for one in told)


def in_a_sentence(one: Range) -> str:
    """Return a range as a sentence: between what a lever lies, and how likely that is."""
    lever = levers().get(one.name)
    words = subject(one.name) if lever else (f"The parameter {one.name}", False)
    when = f" {span(one.years)}" if lever or one.years else ""
    ends = f"{amount_of_range(one, 0.0)} and {amount_of_range(one, 1.0)}"
    return f"{words[0]} {'are' if words[1] else 'is'} between {ends}{when} ({likelihood(one)})."


def amount_of_range(one: Range, share: float) -> str:
    """Return an amount of a range in words: '1 percentage point lower'."""
    return _alone(one.told(share))


def _alone(told: Told) -> str:
    """Return an amount as it stands in a range: nothing to add is 'as it is'."""
    lever = levers().get(told.name)
    if (told.kind, told.number) in ((ADD, 0.0), (FACTOR, 1.0)):
        return "as it is"
    return amount(told, lever.unit if lever else "ratio").removeprefix("set to ")


def likelihood(one: Range) -> str:
    """Say how likely the values of a range are."""
    if one.shape == UNIFORM:
        return "all values equally likely"
    if one.shape == TRIANGULAR:
        told = Told(one.name, one.years, one.kind, one.middle or 0.0)
        return f"a triangle, likeliest {_alone(told)}"
    return "normal, cut two standard deviations off its middle"


def spread(before: Floats, after: Floats, years: Iterable[int], unit: str) -> str:
    """Return the values before and after in the first and the last year, and the most changed.

    Nothing if they do not differ in these years.
    """
    known = [year for year in years if _differ(before[year - YEARS[0]], after[year - YEARS[0]])]
    if not known:
        return ""
    gap = {year: abs(after[year - YEARS[0]] - before[year - YEARS[0]]) for year in known}
    largest, ends = max(known, key=gap.__getitem__), {known[0], known[-1]}
    if gap[largest] > NOTABLY * max(gap[year] for year in ends):
        ends.add(largest)
    pairs = [(year, before[year - YEARS[0]], after[year - YEARS[0]]) for year in sorted(ends)]
    finer = 0
    while finer < 3 and any(number(a, unit, finer) == number(b, unit, finer) for _, a, b in pairs):
        finer += 1
    shown = [
        f"{year}: {number(a, unit, finer)} -> {number(b, unit, finer)}" for year, a, b in pairs
    ]
    return ", ".join(shown) + UNITS[unit]


def _differ(a: float, b: float) -> bool:
    """Say whether two values differ by more than rounding; what is unknown does not."""
    return bool(abs(a - b) > 1e-9 * max(abs(a), abs(b)))


def differing(before: Floats, after: Floats, years: Iterable[int]) -> list[int]:
    """Return the years in which two courses differ."""
    return [year for year in years if _differ(before[year - YEARS[0]], after[year - YEARS[0]])]


def unit_of(lever: str) -> str:
    """Return the unit of a lever."""
    return levers()[lever].unit
