"""Whom and what the linear models of Rapporter 2016/27, chapter 5, are about.

`TABLES` holds the report's 31 tables as specifications; `Sample.read` checks a user's arrays
and picks the persons of one of them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from calibration.raking import Floats, Ints
from sim.agents.checks import rows
from sim.agents.columns import BY_NAME, OLDEST
from sim.codes import (
    AGE_GROUP,
    AGE_STARTS,
    CENTRALITY,
    DURATION_GROUP,
    DURATION_STARTS,
    EDUCATION,
    REASON,
    SEX,
    STATUS,
    Code,
    CodeList,
)
from sim.geography import COUNTY
from sim.problems import Problem, refuse, suggest
from sim.transitions.terms import OUTCOMES, Factor

AGES = (15, 74)
LARGEST = 5  # families of so many persons or more are one size
DEATH = len(OUTCOMES)
ANY = 2**63 - 1  # the largest whole number there is
Columns = Mapping[str, ArrayLike | None]

_SIZES = (
    Code("1", "One person", "Én person"),
    *(Code(str(n), f"{n} persons", f"{n} personer") for n in range(2, LARGEST)),
    Code("5_plus", "5 persons or more", "5 personer eller flere"),
)
_SCHOOL = Code("upper_secondary", "Upper secondary", "Videregående skole")
_MIXED = Code("mixed", "Same size, also non-immigrants", "Samme størrelse, også ikke-innvandrere")
_LINEAR_EDUCATION = (*EDUCATION.codes[:2], _SCHOOL, *EDUCATION.codes[4:])
SCHOOLS = np.array([0, 1, 2, 2, 3, 4])  # by stored education: both kinds of upper secondary are one

BASE = (
    Factor("sex", SEX, "female"),
    Factor("age", CodeList("age", AGE_GROUP.codes[1:-1]), "62-74"),
    Factor("education", CodeList("education", _LINEAR_EDUCATION), "none"),
    Factor("duration", DURATION_GROUP, "16+"),
    Factor("status", STATUS, "outside"),
    Factor("reason", REASON, "unknown"),
)
SIZE = Factor("family_size", CodeList("family_size", _SIZES), "5_plus")
OF_SEVERAL = Factor("family_size", CodeList("family_size", _SIZES[1:]), "5_plus")
IMMIGRANTS_ONLY = Factor(
    "immigrants_only", CodeList("immigrants_only", (_MIXED, *_SIZES[1:])), "mixed"
)
KINDS: Mapping[str, tuple[Factor, ...]] = MappingProxyType(
    {
        "base": BASE,
        "family_size": (*BASE, SIZE),
        "family_composition": (*BASE, OF_SEVERAL, IMMIGRANTS_ONLY),
        "county_by_reason": BASE,
    }
)


@dataclass(frozen=True)
class Specification:
    """What is estimated and on whom.

    kind: one of `KINDS`; region: stored centrality or, of 'county_by_reason', county; None is
        the whole country.
    """

    kind: str
    region: int | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            cure = suggest(str(self.kind), tuple(KINDS))
            refuse("linear", [Problem("kind", f"is {self.kind!r}", ", ".join(KINDS), cure)])
        if self.region is not None and self.region not in range(len(self.regions)):
            allowed = f"0 to {len(self.regions) - 1}, or None"
            refuse("linear", [Problem(self.regions.name, f"is {self.region!r}", allowed)])

    @classmethod
    def of(cls, kind: str, region: str | None = None) -> "Specification":
        """Return a specification by the codes or names of files: ('base', '4')."""
        regions = cls(kind).regions
        names = {word: i for i, code in enumerate(regions) for word in (code.en, code.name)}
        if region is not None and region not in names:
            cure = suggest(str(region), tuple(names))
            allowed = ", ".join(regions.names)
            refuse("linear", [Problem(regions.name, f"is {region!r}", allowed, cure)])
        return cls(kind, None if region is None else names[region])

    @property
    def factors(self) -> tuple[Factor, ...]:
        """The variables, each a set of dummies."""
        return KINDS[self.kind]

    @property
    def regions(self) -> CodeList:
        """What the country is divided into: levels of centrality or counties."""
        return COUNTY if self.kind == "county_by_reason" else CENTRALITY

    @property
    def outcome(self) -> str:
        """The column that holds the outcome: a move leaves the level, or the county."""
        return "county_outcome" if self.kind == "county_by_reason" else "outcome"

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are read, the outcome, weight and family apart."""
        family = {"family_size": ("family_total",),
                  "family_composition": ("family_total", "family_immigrants")}  # fmt: skip
        place = () if self.region is None else (self.regions.name,)
        return (*(factor.name for factor in BASE), *family.get(self.kind, ()), *place)


def _tables() -> Iterator[tuple[str, Specification]]:
    for first, kind in ((1, "base"), (5, "family_size"), (9, "family_composition")):
        for level in range(len(CENTRALITY)):
            yield f"5.{first + level}", Specification(kind, level)
    for county in range(len(COUNTY)):
        yield f"5.{13 + county}", Specification("county_by_reason", county)


TABLES: Mapping[str, Specification] = MappingProxyType(dict(_tables()))


@dataclass(frozen=True, eq=False)
class Sample:
    """The persons that a specification is about.

    numbers: stored numbers by factor; outcome: (n,) codes or (n, 4) probabilities.
    """

    specification: Specification
    numbers: tuple[Ints, ...]
    outcome: NDArray[Any]
    weight: Floats
    family: Ints
    outside: int

    @classmethod
    def read(
        cls,
        columns: Columns,
        chosen: Specification,
        outcome: str,
        *,
        clustered: bool,
    ) -> "Sample":
        """Return the persons of a specification; outcome: the column to take outcomes from."""
        table = _Reader(columns)
        read = {name: table.numbers(name) for name in chosen.columns}
        outcomes = table.outcomes(outcome)
        weight = table.weights()
        family = table.families(outcomes) if clustered else np.zeros(table.size, np.int64)
        refuse("linear", [*table.problems, *_families_too_small(read, table.problems)])
        aged = (read["age"] >= AGES[0]) & (read["age"] <= AGES[1])
        here = aged & (weight > 0)
        if chosen.region is not None:
            here &= read[chosen.regions.name] == chosen.region
        if chosen.kind == "family_composition":
            here &= read["family_total"] > 1
        some = {name: values[here] for name, values in read.items()}
        numbers = tuple(_number(factor, chosen, some) for factor in chosen.factors)
        found = cls(chosen, numbers, outcomes[here], weight[here],
                    family[here], int((~aged).sum()))  # fmt: skip
        refuse("linear", found.empty(outcome))
        return found

    def by_outcome(self, code: Ints, size: int) -> Floats:
        """Return weighted persons by code and outcome (size, 4)."""
        if self.outcome.ndim == 2:
            return np.column_stack(
                [np.bincount(code, self.weight * p, size) for p in self.outcome.T]
            )
        both = code * (DEATH + 1) + self.outcome
        counts = np.bincount(both, self.weight, size * (DEATH + 1))
        return counts.astype(np.float64).reshape(size, -1)

    def empty(self, column: str) -> Iterator[Problem]:
        """Yield a problem if nobody is here, or an outcome happens to nobody."""
        who = f"{self.specification.kind}, ages {AGES[0]}-{AGES[1]}"
        if not self.weight.size:
            cure = "Give more persons, or another region."
            yield Problem(_place(self.specification), f"has nobody ({who})", "persons", cure)
            return
        persons = self.by_outcome(np.zeros(self.weight.size, dtype=np.int64), 1)[0]
        for name, number in zip(OUTCOMES, persons[:DEATH], strict=True):
            if number <= 0:
                cure = "Give more persons or years, or another region."
                where = f"{column} {name}"
                yield Problem(where, f"happens to none of {persons.sum():,.0f}", "one person", cure)


def _place(chosen: Specification) -> str:
    if chosen.region is None:
        return "country"
    return f"{chosen.regions.name} {chosen.regions.codes[chosen.region].name}"


def _families_too_small(read: Mapping[str, Ints], problems: list[Problem]) -> Iterator[Problem]:
    if problems or "family_immigrants" not in read:
        return
    wrong = read["family_immigrants"] > read["family_total"]
    if wrong.any():
        cure = "Are the two columns exchanged?"
        found = f"{rows(wrong)} exceed family_total"
        yield Problem("family_immigrants", found, "1 to family_total", cure)


def _number(factor: Factor, chosen: Specification, some: Mapping[str, Ints]) -> Ints:
    """Return everybody's stored number of a factor, pointing into its own codes."""
    if factor.name == "age":
        return np.searchsorted(AGE_STARTS[2:-1], some["age"], side="right").astype(np.int64)
    if factor.name == "duration":
        return np.searchsorted(DURATION_STARTS, some["duration"], side="right").astype(np.int64) - 1
    if factor.name == "education":
        return SCHOOLS[some["education"]]
    if factor in BASE:
        return some[factor.name]
    smallest = 1 if chosen.kind == "family_size" else 2
    size = np.minimum(some["family_total"], LARGEST) - smallest
    if factor.name == "family_size":
        return size
    return np.where(some["family_immigrants"] == some["family_total"], size + 1, 0)


def _column_spans() -> Iterator[tuple[str, tuple[int, int, str]]]:
    members = BY_NAME["family_total"].high
    yield "age", (0, OLDEST, "")
    yield "duration", (0, OLDEST, "Give whole years since first immigration.")
    yield "centrality", (0, len(CENTRALITY) - 1, "Are these levels 1-4? Subtract 1.")
    yield "county", (0, len(COUNTY) - 1, "Are these county numbers? Give COUNTY.index('03').")
    for name, codes in (("sex", SEX), ("education", EDUCATION), ("status", STATUS),
                        ("reason", REASON)):  # fmt: skip
        yield name, (0, len(codes) - 1, f"They are positions in {', '.join(codes.names)}.")
    for name in ("family_total", "family_immigrants"):
        yield name, (1, members, "")


SPANS = MappingProxyType(dict(_column_spans()))


class _Reader:
    """A user's arrays, checked one by one; what is wrong is kept in `problems`."""

    def __init__(self, columns: Columns) -> None:
        given = {name: np.asarray(c) for name, c in columns.items() if c is not None}
        self.columns = {n: c.astype(np.int8) if c.dtype == bool else c for n, c in given.items()}
        self.problems: list[Problem] = []
        lengths = (len(c) for n, c in self.columns.items() if n in SPANS and c.ndim)
        self.size = max(lengths, default=0)

    def numbers(self, name: str) -> Ints:
        """Return a column of whole numbers."""
        low, high, cure = SPANS[name]
        return self._whole(name, low, high, cure)

    def outcomes(self, name: str) -> NDArray[Any]:
        """Return codes 0 to 3, or (n, 4) probabilities with those of dying last."""
        cure = "0 stayed, 1 moved, 2 emigrated, 3 died."
        given = self.columns.get(name)
        if given is None or given.ndim != 2:
            return self._whole(name, 0, DEATH, cure)
        allowed = "probabilities of staying, moving and emigrating"
        before = len(self.problems)
        found = self._numeric(name, (self.size, DEATH), allowed).astype(np.float64)
        if len(self.problems) > before:
            return np.zeros(self.size, dtype=np.int64)
        death = 1 - found.sum(axis=1)
        wrong = ~((found >= 0).all(axis=1) & (death >= -1e-9))
        if wrong.any():
            what = f"{rows(wrong)} hold what are no probabilities"
            self._say(name, what, "0 or more, at most 1 together")
        return np.column_stack([found, np.maximum(death, 0)])

    def weights(self) -> Floats:
        """Return weights, 1 each if there are none."""
        if "weight" not in self.columns:
            return np.ones(self.size)
        found = self._numeric("weight", (self.size,), "one number a person")
        wrong = ~(np.isfinite(found) & (found >= 0))
        if wrong.any():
            what = f"{rows(wrong)} hold such values as {found[wrong.argmax()]:g}"
            cure = "A weight says how many equal persons a row stands for."
            self._say("weight", what, "finite numbers, 0 or more", cure)
        return np.where(wrong, 1.0, found)

    def families(self, outcomes: NDArray[Any]) -> Ints:
        """Return family numbers, for errors clustered by them."""
        if outcomes.ndim == 2:
            cure = "Use other errors, or outcomes that happened."
            self._say("outcome", "is probabilities, and errors are by family", "codes", cure)
        return self._whole("family", -ANY - 1, ANY, "One number for each family.")

    def _whole(self, name: str, low: int, high: int, cure: str) -> Ints:
        allowed = "whole numbers" if high == ANY else f"whole numbers, {low} to {high}"
        found = self._numeric(name, (self.size,), allowed)
        with np.errstate(invalid="ignore"):
            right = (found >= low) & (found <= high)
            if found.dtype.kind == "f":
                right &= found == np.floor(found)
        if not right.all():
            what = f"{rows(~right)} hold such values as {found[right.argmin()]:g}"
            self._say(name, what, allowed, cure)
        harmless = found.dtype.type(max(low, 0))
        return np.where(right, found, harmless).astype(np.int64)

    def _numeric(self, name: str, shape: tuple[int, ...], allowed: str) -> NDArray[Any]:
        """Return a column of numbers, or what stands in for one that is not."""
        found = self.columns.get(name)
        if found is None:
            cure = suggest(name, tuple(self.columns))
            if name == "county_outcome":
                cure = "Say with `outcome` which column to use instead, if you mean it."
            self._say(name, "is missing", allowed, cure)
        elif found.dtype.kind not in "iuf":
            self._say(name, f"holds {found.dtype}, not numbers", allowed)
        elif found.shape != shape:
            size = " x ".join(f"{side:,}" for side in shape)
            self._say(name, f"has shape {found.shape}", f"{size} values, as the longest column")
        else:
            return found
        return np.full(shape, 1)

    def _say(self, name: str, found: str, allowed: str, cure: str = "") -> None:
        self.problems.append(Problem(name, found, allowed, cure))
