"""The cells that a population starts with, and what it tells of couples and parents.

Everything that follows from who lives with whom, and that cells cannot hold, is measured here
once: how partners' ages lie apart, how often one of a couple goes without the other, and how
old mothers are when children are born.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.agents.families import Families, children_and_adults
from sim.agents.population import ABROAD, RESIDENT, Population
from sim.codes import EDUCATION, SEX
from sim.transitions.county_moves import CountyMoves
from sim.transitions.emigration import DEGREE
from sim.transitions.expected import Chances
from sim.transitions.leaving_home import OLDEST, with_parents
from sim.transitions.mobility import YOUNGEST
from sim.transitions.returning import LONGEST as LONGEST_ABROAD
from sim.transitions.together import CORRELATION
from sim.transitions.unions import at_home
from sim.twin.cells import Cells
from sim.twin.kids import NOBODY, Kids, parents_of
from sim.twin.kinds import (
    ALONE,
    AT_HOME,
    AT_HOME_MIXED,
    BORN,
    IMMIGRANT,
    KINDS,
    LATEST_SCHOOL,
    MIXED,
    PAIRED,
    PLACE_OF,
    Floats,
    Ints,
    arrival_of,
    family_class,
    kind_of,
    level_of,
)
from sim.twin.numbers import Numbers

GAPS = np.arange(-15, 31)  # years by which a man is older than his partner
GENERATIONS = np.arange(15, 51)  # years by which a mother is older than her child


@dataclass(frozen=True)
class Couples:
    """What the start tells of couples, and of mothers.

    gaps: shares of GAPS. apart_leaving, apart_moving: how often a partner goes alone, for each
        time that the partner goes; by the sex of who stays. immigrant_father: by the mother's
        kind, share of partners who are immigrants, where another of the family is one.
        generations: shares of GENERATIONS.
    """

    gaps: Floats
    apart_leaving: Floats
    apart_moving: float
    immigrant_father: Floats
    generations: Floats


@dataclass(frozen=True)
class Absent:
    """Persons abroad at the start, one by one: what they are, when they left, and where to."""

    parts: dict[str, Ints]
    origin: Ints
    left: Ints
    destination: Ints
    degree: Ints
    alone: Ints
    kid: NDArray[np.bool_]


def type_parts(people: Population, who: NDArray[np.int64]) -> dict[str, Ints]:
    """Return the parts of the types of some persons."""
    column = {name: people[name][who].astype(np.int64) for name in (
        "background", "reason", "origin", "sex", "birth_year", "first_arrival_year")}  # fmt: skip
    age_at_arrival = column["first_arrival_year"] - column["birth_year"]
    return {
        "kind": kind_of(column["background"], column["reason"], column["origin"]),
        "sex": column["sex"],
        "birth": column["birth_year"],
        "arrival": arrival_of(people.year, column["first_arrival_year"]),
        "background": column["background"],
        "schooled": (age_at_arrival <= LATEST_SCHOOL).astype(np.int64),
    }


def states_of(people: Population, who: NDArray[np.int64]) -> Ints:
    """Return status and education together."""
    return np.asarray(people["status"][who].astype(np.int64) * len(EDUCATION)
                      + people["education"][who])  # fmt: skip


def roles_of(people: Population, who: NDArray[np.int64], families: Families) -> Ints:
    """Return the role that residents play in their families."""
    persons, _ = at_home(people, who, families)
    family, place = people["family"], people["place"]
    birth, partner, mother = (people[name][who] for name in ("birth_year", "partner", "mother"))
    single = partner < 0
    paired = ~single & (place[partner] == RESIDENT)
    known = np.flatnonzero(mother >= 0)  # few of the grown
    hers = mother[known]
    with_mother = np.zeros(who.size, dtype=np.bool_)
    with_mother[known] = (family[hers] == family[who[known]]) & (place[hers] == RESIDENT)
    young = people.year - birth <= OLDEST
    beside = with_parents(people, who, people.year, families)
    home = single & (with_mother | (young & beside))
    total = people["family_total"][who]
    others = total > persons
    role = np.where(others, MIXED, ALONE)
    role = np.where(home, np.where(others, AT_HOME_MIXED, AT_HOME), role)
    return np.where(paired, PAIRED, role)


def fill(cells: Cells, people: Population, who: NDArray[np.int64], families: Families) -> Ints:
    """Put resident adults into cells; return the type of each."""
    types = cells.find(type_parts(people, who))
    cells.homes.add(cells.group[types], people["origin"][who].astype(np.int64),
                    PLACE_OF[people["municipality"][who]], np.ones(who.size))  # fmt: skip
    level = level_of(people["municipality"][who], cells.levels)
    family = family_class(people["family_total"][who], people["family_immigrants"][who])
    rows = cells.rows(types, level, roles_of(people, who, families), family)
    cells.add(rows, states_of(people, who), np.ones(who.size))
    return types


def adults_of(people: Population) -> NDArray[np.int64]:
    """Return the residents who are asked themselves."""
    grown = people["birth_year"] <= people.year - 1 - YOUNGEST
    return np.flatnonzero(grown & (people["place"] == RESIDENT))


def kids_of(people: Population, families: Families, *, follow: bool) -> tuple[Kids, Ints, Ints]:
    """Return resident children, a row each, their positions and those of their adults (or -1)."""
    born_by = people.year - 1 - YOUNGEST
    young = np.flatnonzero((people["birth_year"] > born_by) & (people["place"] == RESIDENT))
    adult = np.full(len(people), -1)
    if follow:
        children, adults = children_and_adults(people, born_by, families)
        adult[children] = adults
    adult = adult[young]
    return kids_from(people, young, adult), young, adult


def kids_from(people: Population, young: Ints, adult: Ints) -> Kids:
    """Return a row for each of these children, with these adults (or -1) as parents."""
    parts = type_parts(people, young)
    theirs = type_parts(people, np.maximum(adult, 0))
    parents = np.where(adult < 0, NOBODY, parents_of(theirs["kind"], theirs["arrival"]))
    return Kids(**parts, origin=people["origin"][young].astype(np.int64),
                state=states_of(people, young), parents=parents,
                persons=np.ones(young.size))  # fmt: skip


def couples_of(
    people: Population, chances: Chances, county: CountyMoves, *, together: bool
) -> Couples:
    """Measure what the start tells of couples and mothers. county: says who moves to another."""
    partner, place = people["partner"], people["place"]
    paired = np.flatnonzero((partner >= 0) & (place == RESIDENT) & (place[partner] == RESIDENT))
    theirs, sex = partner[paired], people["sex"][paired]
    share = CORRELATION if together else 0.0
    leave = chances.leave[paired], chances.leave[theirs]
    move = chances.move[paired], chances.move[theirs]
    lost = share * np.maximum(leave[1] - leave[0], 0) + (1 - share) * leave[1] * (1 - leave[0])
    parted = share * np.abs(move[1] - move[0]) + (1 - share) * (move[0] + move[1])
    here, away_of = 1 - chances.move[paired] - chances.leave[paired], np.zeros(len(people))
    away_of[paired] = county.chances_of(people, paired) * here
    away = away_of[paired], away_of[theirs]
    parted += share * np.abs(away[1] - away[0]) + (1 - share) * (away[0] + away[1])
    apart = np.array([_part(lost[sex == s], leave[1][sex == s]) for s in range(len(SEX))])
    men = sex == SEX.index("male")
    older = people["birth_year"][theirs[men]].astype(np.int64) - people["birth_year"][paired[men]]
    gaps = np.bincount(np.clip(older - GAPS[0], 0, GAPS.size - 1), minlength=GAPS.size)
    women = paired[~men]
    kind = _kinds(people, women)
    immigrant = people["background"][partner[women]] != BORN
    fathers = np.bincount(kind, immigrant, KINDS) + IMMIGRANT * 1e-9
    own = (people["background"][women] != BORN).astype(np.int64)
    others = people["family_immigrants"][women] > own
    mothers = np.bincount(kind[others], minlength=KINDS) + 1e-9
    child = np.flatnonzero(people["mother"] >= 0)
    ages = people["birth_year"][child] - people["birth_year"][people["mother"][child]]
    ages = np.clip(ages.astype(np.int64) - GENERATIONS[0], 0, GENERATIONS.size - 1)
    generations = np.bincount(ages, minlength=GENERATIONS.size)
    return Couples(_shares(gaps), apart, _part(parted, move[0] + move[1] + away[0] + away[1]),
                   fathers / mothers, _shares(generations))  # fmt: skip


def _kinds(people: Population, who: Ints) -> Ints:
    return kind_of(people["background"][who], people["reason"][who], people["origin"][who])


def _part(part: Floats, whole: Floats) -> float:
    return float(part.sum() / whole.sum()) if whole.sum() > 0 else 0.0


def _shares(number: NDArray[np.int64]) -> Floats:
    even = np.full(number.size, 1 / number.size)
    return np.asarray(number / number.sum()) if number.sum() else even


def who_may_return(people: Population) -> Ints:
    """Return those abroad who may come back; no child without an adult who left with it."""
    away = (people["place"] == ABROAD) & (people["left_year"] >= people.year - LONGEST_ABROAD)
    who = np.flatnonzero(away)
    left = people["left_year"][who].astype(np.int64)
    child = people["birth_year"][who] > left - 1 - YOUNGEST
    still = people["birth_year"][who] > people.year - 1 - YOUNGEST
    together = people["family"][who].astype(np.int64) * 4096 + left
    families = Numbers()
    families.find(together[~child])
    known = families.count
    return who[~still | (families.find(together)[0] < known)]


def absent_of(people: Population, who: Ints) -> Absent:
    """Return what is known of those abroad who may come back."""
    left = people["left_year"][who].astype(np.int64)
    young = people["birth_year"][who] > left - 1 - YOUNGEST
    return Absent(
        type_parts(people, who), people["origin"][who].astype(np.int64), left,
        people["destination"][who].astype(np.int64),
        (people["education"][who] >= DEGREE).astype(np.int64),
        (people["family_total"][who] == 1).astype(np.int64), young,
    )  # fmt: skip
