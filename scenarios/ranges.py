"""What a scenario leaves open: levers and parameters with the range in which each may lie.

    ranges:
      unemployment.norway: {2025..: -1.0 to +2.0}
      arrivals.refuge: x0.5 to x2 likely x1
      return: {normal: x1, sd: 0.1}

Both ends are written as the amounts of `changes` are, and on top of them. Every value between
is as likely as any other, unless one is said to be likely (a triangle with its peak there) or
the range is normal (cut two standard deviations off). `vandring sensitivity` varies them.
"""

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from scenarios.changes import Form, Told, in_words, read_amount, read_by_lever, wrong_with
from scenarios.outlook import limit_problems, outlook_of
from sim.problems import Problem, shown, suggest
from sim.transitions.levers import ADD, FACTOR

MOST = 100  # ranges in one scenario
WIDTH = 2.0  # standard deviations from the middle of a normal range to its ends
WORDS = ("from", "to", "likely", "normal", "sd")
UNIFORM, TRIANGULAR, NORMAL = SHAPES = ("uniform", "triangular", "normal")
WRITTEN = "two amounts such as -1 to +2, x0.5 to x2, 4 to 6, or {normal: x1, sd: 0.1}"
_TO = re.compile(r"\s+to\s+")
_LIKELY = re.compile(r"\s*,?\s+likely\s+")


@dataclass(frozen=True)
class Range:
    """A lever or parameter, and between which amounts it may lie.

    kind: whether the amounts are set, added or factors. low, high: the ends.
    shape: how likely the values between are. middle: the likeliest of a triangle.
    """

    name: str
    years: tuple[int, int] | None
    kind: str
    low: float
    high: float
    shape: str = UNIFORM
    middle: float | None = None

    @property
    def label(self) -> str:
        """The lever with its years."""
        return f"{self.name}{in_words(self.years)}"

    def value(self, share: float) -> float:
        """Return the amount below which a share of all values lies: the ends at 0 and 1."""
        if share in (0.0, 1.0):
            return self.high if share else self.low
        width = self.high - self.low
        if self.shape == NORMAL:
            from scipy.special import ndtr, ndtri  # here: it takes a twentieth of a second

            below = ndtr(-WIDTH)
            strays = float(ndtri(below + share * (1 - 2 * below)))
            return (self.low + self.high) / 2 + strays * width / (2 * WIDTH)
        if self.shape == TRIANGULAR and self.middle is not None:
            peak = (self.middle - self.low) / width
            if share < peak:
                return self.low + width * math.sqrt(share * peak)
            return self.high - width * math.sqrt((1 - share) * (1 - peak))
        return self.low + share * width

    def told(self, share: float) -> Told:
        """Return the change that takes the lever to where a share of all values lies below."""
        return Told(self.name, self.years, self.kind, self.value(share))


def read_ranges(raw: Any, where: str) -> tuple[tuple[Range, ...], list[Problem]]:
    """Return what the field `ranges` of a scenario says, and all that is wrong with it."""

    def wrong(one: Range) -> list[Problem]:
        ends = [*wrong_with(where, one.told(0.0)), *wrong_with(where, one.told(1.0))]
        return list(dict.fromkeys(ends))

    form = Form("ranges", "names of levers with their ranges", MOST, WORDS, WRITTEN)
    return read_by_lever(raw, where, form, _range, wrong)


def merged(base: Iterable[Range], own: Iterable[Range]) -> tuple[Range, ...]:
    """Return the ranges of a base, and over those of the same levers a scenario's own."""
    mine = tuple(own)
    named = {one.name for one in mine}
    return (*(one for one in base if one.name not in named), *mine)


def range_problems(
    economy: str, arrivals: str, changes: tuple[Told, ...], ranges: tuple[Range, ...]
) -> Iterator[Problem]:
    """Yield which ranges take a lever or a parameter beyond what it may be.

    Each end is tried alone, then all low and all high ends together.
    """
    every = [(end, (one,)) for one in ranges for end in (0.0, 1.0)]
    together = [(end, ranges) for end in (0.0, 1.0) if len(ranges) > 1]
    seen: set[str] = set()
    for end, some in (*every, *together):
        told = tuple(one.told(end) for one in some)
        outlook = outlook_of(economy, arrivals)
        known = {str(problem) for problem in limit_problems(outlook, changes)}
        outlook = outlook_of(economy, arrivals)
        for problem in limit_problems(outlook, (*changes, *told)):
            if str(problem) in known or problem.where in seen:
                continue
            seen.add(problem.where)
            side = "low" if end == 0.0 else "high"
            also = "" if len(some) == 1 else f" with all other {side} ends"
            place = problem.where.replace("changes.", "ranges.", 1)
            yield replace(problem, where=place, found=f"{problem.found} at its {side} end{also}")


def _range(
    at: str, name: str, years: tuple[int, int] | None, said: Any, problems: list[Problem]
) -> Range | None:
    """Return one range, or None with what is wrong among the problems."""
    words = _in_words(said) if isinstance(said, str) else said
    if not isinstance(words, dict) or not words or not set(words) <= set(WORDS):
        problems.append(Problem(at, f"is {shown(said)}", WRITTEN, _cure(said)))
        return None
    if "normal" in words:
        return _normal(at, name, years, words, problems)
    if "sd" in words or not {"from", "to"} <= set(words):
        cure = "sd belongs to {normal: ..., sd: ...}." if "sd" in words else "Give both ends."
        problems.append(Problem(at, f"is {shown(said)}", WRITTEN, cure))
        return None
    parts = ("from", "to", *(["likely"] if "likely" in words else []))
    read = [read_amount(f"{at}, {part}", words[part], problems) for part in parts]
    amounts = [one for one in read if one is not None]
    if len(amounts) < len(parts) or not _of_one_kind(at, said, amounts, problems):
        return None
    low, high = (number for _, number in amounts[:2])
    middle = amounts[2][1] if len(amounts) > 2 else None
    if not _in_order(at, said, low, high, middle, problems):
        return None
    shape = UNIFORM if middle is None else TRIANGULAR
    return Range(name, years, amounts[0][0], low, high, shape, middle)


def _in_words(said: str) -> dict[str, str] | None:
    """Return 'x0.5 to x2 likely x1' in parts."""
    ends, *likely = _LIKELY.split(said.strip())
    parts = _TO.split(ends)
    if len(parts) != 2 or len(likely) > 1:
        return None
    return dict(zip(("from", "to", "likely"), [*parts, *likely], strict=False))


def _of_one_kind(
    at: str, said: Any, amounts: list[tuple[str, float]], problems: list[Problem]
) -> bool:
    """Say whether all amounts are set, or all added, or all factors."""
    kinds = {kind for kind, _ in amounts}
    if len(kinds) == 1:
        return True
    cure = "Write x or a percentage in all." if FACTOR in kinds else ""
    if ADD in kinds and FACTOR not in kinds:
        cure = "Write a sign before each to add (+0 for nothing), or before none."
    problems.append(Problem(at, f"is {shown(said)}", "ends of one kind", cure))
    return False


def _in_order(
    at: str, said: Any, low: float, high: float, middle: float | None, problems: list[Problem]
) -> bool:
    """Say whether a range goes upwards and holds what is likely."""
    if low >= high:
        found = "goes downwards" if low > high else "has two equal ends"
        cure = "The smaller end comes first." if low > high else "Use changes for one amount."
        problems.append(Problem(at, f"{shown(said)} {found}", "a smaller and a larger end", cure))
        return False
    if middle is not None and not low <= middle <= high:
        problems.append(Problem(at, f"{shown(said)} has its likely value outside", "one between"))
        return False
    return True


def _normal(
    at: str,
    name: str,
    years: tuple[int, int] | None,
    words: dict[str, Any],
    problems: list[Problem],
) -> Range | None:
    """Return a range that is normal, cut where its ends are."""
    middle = read_amount(f"{at}, normal", words["normal"], problems)
    sd = words.get("sd")
    plain = isinstance(sd, int | float) and not isinstance(sd, bool)
    if set(words) != {"normal", "sd"} or not plain or not 0 < float(sd or 0) < math.inf:
        allowed = "an amount and a standard deviation above 0: {normal: +0, sd: 0.5}"
        problems.append(Problem(at, f"is {shown(words)}", allowed))
        return None
    if middle is None:
        return None
    kind, number = middle
    low, high = number - WIDTH * float(sd or 0), number + WIDTH * float(sd or 0)
    if kind == FACTOR and low < 0:
        cure = f"At most {number / WIDTH:g} for a factor of {number:g}."
        problems.append(Problem(at, f"has sd {sd:g}", "a factor not below 0 at its low end", cure))
        return None
    return Range(name, years, kind, low, high, NORMAL)


def _cure(said: Any) -> str:
    """Say how a range that was not understood is written."""
    if isinstance(said, list) and len(said) == 2:
        return f"Write {said[0]} to {said[1]}."
    if isinstance(said, dict):
        strange = next((word for word in said if word not in WORDS), "")
        return suggest(str(strange), WORDS)
    dashed = re.fullmatch(r"\s*(\S+?)\s*(?:\.\.|–|—| - )\s*(\S+)\s*", str(said))
    if dashed:
        return f"Write {dashed[1]} to {dashed[2]}."
    return "Use changes for one amount." if isinstance(said, int | float) else ""
