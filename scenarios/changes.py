"""What a scenario changes: names of levers and parameters, and in which years by how much.

    changes:
      unemployment.norway: +1.0              # one point more, in every year
      arrivals.refuge: {2015..2017: x2, 2018: 9000}
      income_ratio.group2: {2025..: -10%}
      unions_assumed.same_origin: 0.8        # a parameter, by the name of its table and row

A number with a sign is added, x and a number multiplies, a percentage with a sign too, and a
plain number is what the lever is set to. {set: 3}, {add: -1} and {factor: 2} say the same.
"""

import math
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, TypeVar

from sim.agents.columns import LAST_YEAR
from sim.engine import LEVERS
from sim.problems import Problem, shown, suggest
from sim.transitions import parameters
from sim.transitions.levers import ADD, FACTOR, KINDS, SET, Change, Lever
from sim.transitions.sources import CellChange

FIRST_YEAR = 2000
ALL_YEARS = (FIRST_YEAR, LAST_YEAR)
T = TypeVar("T")
Years = tuple[int, int] | None  # None: every year
MOST = 1_000  # changes in one scenario
AMOUNT = "a number, +1 or -1 to add, x1.5 to multiply, or +10%"
YEARS = f"a year, a range such as 2025..2030, or 2025.. for all later, in {FIRST_YEAR}..{LAST_YEAR}"
_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_FACTOR = re.compile(rf"\s*[x*×]\s*({_NUMBER})\s*")
_PERCENT = re.compile(rf"\s*([-+]{_NUMBER[5:]})\s*%\s*")
_SIGNED = re.compile(r"\s*[-+]\s*\d")
_RANGE = re.compile(r"\s*(\d{4})\s*(?:(\.\.)\s*(\d{4})?)?\s*")


@dataclass(frozen=True)
class Told:
    """One change as a scenario tells it: of a lever, or of a parameter.

    years: None if it holds in every year.
    """

    name: str
    years: Years
    kind: str
    number: float

    @property
    def change(self) -> Change | None:
        """Return the change of a lever."""
        if self.name not in levers():
            return None
        first, last = self.years or ALL_YEARS
        return Change(self.name, first, last, self.kind, self.number)

    @cached_property
    def cells(self) -> CellChange | Problem:
        """Return the change of a parameter."""
        return parameters.cell_change(self.name, self.years, self.kind, self.number)


@cache
def levers() -> dict[str, Lever]:
    """Return every lever by name."""
    return {lever.name: lever for lever in LEVERS}


def read_changes(raw: Any, where: str) -> tuple[tuple[Told, ...], list[Problem]]:
    """Return what the field `changes` of a scenario says, and all that is wrong with it.

    What is wrong is not among the changes.
    """

    def read(at: str, name: str, years: Years, said: Any, problems: list[Problem]) -> Told | None:
        amount = read_amount(at, said, problems)
        return Told(name, years, *amount) if amount else None

    def wrong(told: Told) -> list[Problem]:
        return list(wrong_with(where, told))

    form = Form("changes", "names of levers with what they are to be", MOST)
    return read_by_lever(raw, where, form, read, wrong)


@dataclass(frozen=True)
class Form:
    """How a field by levers is written.

    noun: what it holds. allowed: what the whole field must be. most: how many it may hold.
    words, amount: as for `by_years`.
    """

    noun: str
    allowed: str
    most: int
    words: Collection[str] = KINDS
    amount: str = AMOUNT


def read_by_lever(
    raw: Any,
    where: str,
    form: Form,
    read: Callable[[str, str, Years, Any, list[Problem]], T | None],
    wrong: Callable[[T], list[Problem]],
) -> tuple[tuple[T, ...], list[Problem]]:
    """Return what a field says by lever and years, and all that is wrong with it.

    read: returns one entry, or notes what could not be understood. wrong: what is wrong with an
    entry that was understood; such entries are left out.
    """
    if not isinstance(raw, dict):
        return (), [Problem(where, f"is {shown(raw)}", form.allowed)]
    if len(raw) > form.most:
        return (), [Problem(where, f"names {len(raw):,} levers", f"at most {form.most:,}")]
    found: list[T] = []
    problems: list[Problem] = []
    for name, said in raw.items():
        at = f"{where}.{as_written(name)}"
        stranger = unknown(at, name)
        if stranger:
            problems.append(stranger)
            continue
        for years, one in by_years(at, said, problems, form.words, form.amount):
            held = read(f"{at}{in_words(years)}", str(name), years, one, problems)
            found += [] if held is None else [held]
    if len(found) > form.most:
        many = f"has {len(found):,} {form.noun}"
        problems.append(Problem(where, many, f"at most {form.most:,}"))
    sound: list[T] = []
    for entry in found[: form.most]:
        faults = wrong(entry)
        problems += faults
        sound += [] if faults else [entry]
    return tuple(sound), problems


def unknown(at: str, name: Any) -> Problem | None:
    """Return that there is no lever or parameter of this name, or None."""
    if isinstance(name, str) and (name in levers() or parameters.is_parameter(name)):
        return None
    words = [*levers(), *parameters.TABLES, parameters.LOGIT]
    cure = suggest(str(name), words) or "vandring explain --levers lists them all."
    return Problem(at, "is an unknown lever", "a lever or a parameter by its name", cure)


def by_years(
    at: str,
    said: Any,
    problems: list[Problem],
    words: Collection[str] = KINDS,
    allowed: str = AMOUNT,
) -> Iterator[tuple[tuple[int, int] | None, Any]]:
    """Yield the years and amounts of one lever; ranges may not overlap.

    words: of an amount that is itself said in words. allowed: what an amount looks like.
    """
    if not isinstance(said, dict) or (said and set(said) <= set(words)):
        yield None, said
        return
    if not said:
        problems.append(Problem(at, "says nothing", allowed))
    if len(said) > LAST_YEAR - FIRST_YEAR + 1:
        problems.append(Problem(at, f"names {len(said):,} times", "each year once"))
        return
    taken: list[tuple[int, int]] = []
    for key, amount in said.items():
        years = _years(key)
        if years is None:
            span = _RANGE.fullmatch(str(key))
            backwards = span is not None and span[3] is not None and span[1] > span[3]
            dashed = re.fullmatch(r"\s*(\d{4})\s*[-–:]\s*(\d{4})\s*", str(key))
            cure = "The first year comes first." if backwards else ""
            cure = f"Write {dashed[1]}..{dashed[2]}." if dashed else cure
            cure = cure or suggest(str(key), words)
            problems.append(Problem(at, f"has the years {shown(key)}", YEARS, cure))
            continue
        if any(years[0] <= last and first <= years[1] for first, last in taken):
            problems.append(Problem(at, f"names a year of {key} twice", "each year once"))
        taken.append(years)
        yield years, amount


def _years(key: Any) -> tuple[int, int] | None:
    found = _RANGE.fullmatch(str(key)) if isinstance(key, int | str) else None
    if found is None or isinstance(key, bool):
        return None
    first = int(found[1])
    last = int(found[3]) if found[3] else LAST_YEAR if found[2] else first
    return (first, last) if FIRST_YEAR <= first <= last <= LAST_YEAR else None


def read_amount(at: str, said: Any, problems: list[Problem]) -> tuple[str, float] | None:
    """Return how and by how much a lever is altered."""
    if isinstance(said, dict) and len(said) == 1 and set(said) <= set(KINDS):
        ((kind, number),) = said.items()
        plain = isinstance(number, int | float) and not isinstance(number, bool)
        if plain or (isinstance(number, str) and re.fullmatch(rf"\s*{_NUMBER}\s*", number)):
            return _finite(at, kind, float(number), said, problems)
    elif isinstance(said, int | float) and not isinstance(said, bool):
        signed = getattr(said, "signed", False) or said < 0
        return _finite(at, ADD if signed else SET, float(said), said, problems)
    elif isinstance(said, str):
        read = _from_text(said)
        if read:
            return _finite(at, *read, said, problems)
    problems.append(Problem(at, f"is {shown(said)}", AMOUNT, _likely(said)))
    return None


def _likely(said: Any) -> str:
    """Say how an amount that was not understood is written."""
    plain = str(said).strip()
    if re.fullmatch(rf"{_NUMBER}\s*%", plain):
        number = plain.rstrip("% ")
        return f"Write {number} for {number} percent, or +{number}% for so much more."
    if re.fullmatch(r"[-+]?\d{1,3}(,\d{3})+", plain):
        return f"Write {plain.replace(',', '')}."
    if re.fullmatch(r"[-+]?\d+,\d+", plain):
        return f"Write {plain.replace(',', '.')}."
    if isinstance(said, dict) and len(said) > 1 and set(said) & set(KINDS):
        return "One of set, add and factor at a time."
    if isinstance(said, dict) and len(said) == 1 and not set(said) & set(KINDS):
        return suggest(str(*said), KINDS)
    return ""


def _from_text(said: str) -> tuple[str, float] | None:
    if found := _FACTOR.fullmatch(said):
        return FACTOR, float(found[1])
    if found := _PERCENT.fullmatch(said):
        return FACTOR, 1 + float(found[1]) / 100
    if re.fullmatch(rf"\s*{_NUMBER}\s*", said):
        return (ADD if _SIGNED.match(said) else SET), float(said)
    return None


def _finite(
    at: str, kind: str, number: float, said: Any, problems: list[Problem]
) -> tuple[str, float] | None:
    if math.isfinite(number) and not (kind == FACTOR and number < 0):
        return kind, number
    problems.append(Problem(at, f"is {shown(said)}", f"{AMOUNT}, finite, factors not negative"))
    return None


def wrong_with(where: str, told: Told) -> Iterator[Problem]:
    """Yield what is wrong with a change whose words were understood."""
    at = f"{where}.{told.name}{in_words(told.years)}"
    lever = levers().get(told.name)
    if lever is None:
        found = told.cells
        if isinstance(found, Problem):
            yield Problem(
                f"{where}.{as_written(found.where, 100)}", found.found, found.allowed, found.cure
            )
        return
    if told.kind != SET:
        return
    if not lever.least <= told.number <= lever.most:
        allowed = f"{lever.least:g} to {lever.most:,.10g} ({lever.unit})"
        yield Problem(at, f"is {told.number:g}", allowed, _other_unit(lever, told.number))


def _other_unit(lever: Lever, number: float) -> str:
    """Say what was probably meant by a number in another unit."""
    if lever.unit == "percent" and lever.least <= number * 100 <= lever.most:
        return f"Did you mean {number * 100:g} percent?"
    if lever.unit == "ratio" and lever.least <= number / 100 <= lever.most:
        return f"Did you mean {number / 100:g}, for {number:g} percent?"
    if lever.unit == "factor" and lever.least <= number / 100 <= lever.most:
        return f"Did you mean x{number / 100:g}, for {number:g} percent?"
    return ""


def as_written(name: Any, most: int = 60) -> str:
    """Return a key of a file as a message shows it: quoted and cut if it is no plain word."""
    text = str(name)
    return text if text.isprintable() and 0 < len(text) <= most else shown(name, most)


def in_words(years: tuple[int, int] | None) -> str:
    """Return the years of a change as a message shows them; nothing for all."""
    if years is None:
        return ""
    return f" in {years[0]}" if years[0] == years[1] else f" in {years[0]}..{years[1]}"
