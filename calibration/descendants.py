"""Norwegian-born to two immigrant parents: children in the families, and grown-ups.

Where a family has no non-immigrant partner, its members who are no immigrants are these
children. Their ages follow the published cohorts and never exceed the mother's stay. Who no
longer lives with parents is given a household of one. Work and education are assumed.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from calibration import start_years
from calibration.raking import Floats, Ints, Margin, deal, rake, whole_numbers
from calibration.structure import REGION_OF_ORIGIN, REGIONS
from sim.codes import EDUCATION, ORIGIN, STATUS
from sim.geography import COUNTY

OLDEST_AT_HOME = 29
# Share with their parents below an age.
AT_HOME = ((18, 1.0), (19, 0.9), (20, 0.8), (22, 0.65), (25, 0.4), (30, 0.15), (101, 0.0))
YOUNGEST_MOTHER, OLDEST_MOTHER = 17, 45  # at a birth
MOTHERS_AGE, MOTHERS_SPREAD = 29.5, 5.5  # at a birth: assumed mean and standard deviation
LATEST_BIRTH = 50  # who was older lives with a child of others: its mother is unknown
GROWN = 18
# Assumed, by first age: shares of the levels of education and of the statuses.
SCHOOLING = (
    (0, (1, 0, 0, 0, 0, 0)), (15, (0, 1, 0, 0, 0, 0)), (19, (0, 0.35, 0.05, 0.6, 0, 0)),
    (23, (0, 0.22, 0.05, 0.38, 0.3, 0.05)), (28, (0, 0.2, 0.05, 0.33, 0.3, 0.12)),
)  # fmt: skip
WORK = (
    (0, (1, 0, 0, 0, 0)), (15, (0.03, 0.05, 0.2, 0.7, 0.02)), (19, (0.1, 0.35, 0.25, 0.25, 0.05)),
    (25, (0.14, 0.68, 0.08, 0.05, 0.05)), (62, (0.6, 0.38, 0, 0, 0.02)), (75, (1, 0, 0, 0, 0)),
)  # fmt: skip


@dataclass(frozen=True)
class Homes:
    """Families with Norwegian-born children.

    number: of children in each; family: their family numbers; mother: position of the
        mother, -1 if she is unknown; stay, age: of the mother, or of the eldest member;
    origin: of the mother, or of the first member.
    """

    number: Ints
    family: Ints
    mother: Ints
    stay: Ints
    age: Ints
    origin: Ints


def at_home(year: int) -> Floats:
    """Return Norwegian-born by single year of age who live with their parents (assumed)."""
    share, lowest = np.zeros(101), 0
    for end, living in AT_HOME:
        share[lowest:end], lowest = living, end
    return start_years.norwegian_born_by_age(year) * share


def norwegian_born(
    homes: Homes, year: int, scale: float, rng: np.random.Generator
) -> Mapping[str, Ints]:
    """Return columns of the Norwegian-born: age, sex, origin, mother, family, education, status.

    family is -1 for those in a household of their own.
    """
    total = round(float(start_years.norwegian_born(year).sum()) * scale)
    child = np.repeat(np.arange(homes.number.size), homes.number)
    by_age = start_years.norwegian_born_by_age(year) * scale
    age = _ages(homes, child, at_home(year), rng)
    alone = max(total - child.size, 0)
    left = np.maximum(by_age - np.bincount(age, minlength=by_age.size), 0)
    left[:GROWN] = 0
    own_age = rng.permutation(np.repeat(np.arange(left.size), whole_numbers(left, alone)))
    own_origin = _origins(homes.origin[child], year, scale, alone, rng)
    every_age = np.r_[age, own_age]
    sexes = start_years.norwegian_born(year).sum(axis=1)
    none = np.full(alone, -1)
    hers = homes.age[child] - age <= LATEST_BIRTH
    return {
        "age": every_age,
        "sex": deal(np.zeros(every_age.size, dtype=np.int64), sexes[None, :], rng),
        "origin": np.r_[homes.origin[child], own_origin],
        "mother": np.r_[np.where(hers, homes.mother[child], -1), none],
        "family": np.r_[homes.family[child], none],
        "education": _by_age(SCHOOLING, every_age, len(EDUCATION), rng),
        "status": _by_age(WORK, every_age, len(STATUS), rng),
    }


def _ages(homes: Homes, child: Ints, living: Floats, rng: np.random.Generator) -> Ints:
    """Give children ages that the mother's stay and age allow, in the published proportions.

    Within that, births are likelier at some ages of the mother than at others.
    """
    if not child.size:
        return child
    most = np.minimum(homes.stay, homes.age - YOUNGEST_MOTHER).clip(0, OLDEST_AT_HOME)
    least = np.minimum((homes.age - OLDEST_MOTHER).clip(0, OLDEST_AT_HOME), most)
    mother = homes.age.clip(0, 99)
    kinds, row = np.unique(mother[child] * 100 + most[child], return_inverse=True)
    age = np.arange(OLDEST_AT_HOME + 1)
    hers, high = np.divmod(kinds, 100)
    low = np.minimum((hers - OLDEST_MOTHER).clip(0, OLDEST_AT_HOME), high)
    possible = (age >= low[:, None]) & (age <= high[:, None])
    target = np.where(possible.any(axis=0), living[: OLDEST_AT_HOME + 1], 0.0)
    at_birth = (hers[:, None] - age - MOTHERS_AGE) / MOTHERS_SPREAD
    size = np.bincount(row, minlength=kinds.size).astype(np.float64)
    margins = [
        Margin("age", age[None, :], target * (child.size / max(float(target.sum()), 1e-12))),
        Margin("mother", np.arange(kinds.size)[:, None], size),
    ]
    start = np.where(possible, target * np.exp(-(at_birth**2) / 2) + 1e-12, 0.0)
    ages = deal(row, rake(start, margins, rounds=60, closeness=1e-4), rng)
    return _apart(ages, child, least, most)


def _apart(age: Ints, home: Ints, least: Ints, most: Ints) -> Ints:
    """Move children of one age in a family apart, a year up and a year down in turn."""
    age = age.copy()
    several = np.flatnonzero(np.bincount(home)[home] > 1)
    home_of = home[several] * (OLDEST_AT_HOME + 1)
    for turn in range(6):
        of_age = home_of + age[several]
        order = np.argsort(of_age, kind="stable")
        twin = several[order[np.diff(of_age[order], prepend=-1) == 0]]
        step = np.where((np.arange(twin.size) + turn) % 2 == 0, 1, -1) * (1 + turn // 2)
        moved = age[twin] + step
        fits = (moved >= least[home[twin]]) & (moved <= most[home[twin]])
        age[twin[fits]] = moved[fits]
    return age


def _origins(at_home: Ints, year: int, scale: float, alone: int, rng: np.random.Generator) -> Ints:
    """Return origins of those alone: what children leave of the published regions."""
    region = REGION_OF_ORIGIN.copy()
    wanted = start_years.norwegian_born_by_origin(year) * scale
    there = np.bincount(region[at_home], minlength=len(REGIONS))
    left = np.maximum(wanted - there, 0.01 * wanted + 1e-9)
    inside = np.bincount(at_home, minlength=len(ORIGIN)) + 1e-9
    share = inside * (left / np.bincount(region, inside, len(REGIONS)))[region]
    return deal(np.zeros(alone, dtype=np.int64), share[None, :], rng)


def _by_age(
    shares: tuple[tuple[int, tuple[float, ...]], ...], age: Ints, k: int, rng: np.random.Generator
) -> Ints:
    starts = [start for start, _ in shares]
    table = np.array([row for _, row in shares], dtype=np.float64)
    return deal(np.searchsorted(starts, age, side="right") - 1, table.reshape(-1, k), rng)


def counties_left(year: int, scale: float, there: Ints, alone: int) -> Ints:
    """Return how many of those alone live in each county: what children leave of the stock."""
    wanted = start_years.norwegian_born(year).sum(axis=0) * scale
    left = np.maximum(wanted - np.bincount(there, minlength=len(COUNTY)), 1e-6)
    return whole_numbers(left, alone)
