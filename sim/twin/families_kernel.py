"""Who goes to families of another role and size, on bare arrays.

A flow is a share of what a row holds, and the key of the row where it goes: of the usual type
of its neighbours, in another role or family. Arrays are taken out of `Rows` before a loop: in
it each look into a tuple would cost more than all else.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.jit import inlined, kernel

FAMILIES, ROLES, LARGEST, IMMIGRANT_KINDS, ORIGINS = 44, 5, 8, 18, 19
FIRST_BIRTH = 1800
ALONE, PAIRED, MIXED, AT_HOME, AT_HOME_MIXED = 0, 1, 2, 3, 4
FEMALE, MALE = 0, 1


class Rows(NamedTuple):
    """What rows are, and how many persons they hold.

    own: 1 for immigrants, else 0. size, same: members of the family, immigrants among them.
    first: key of the first row of the usual type at the same level. least: the smallest share
    that goes; 2 of rows that stay as they are.
    """

    kind: NDArray[np.int32]
    sex: NDArray[np.int32]
    birth: NDArray[np.int32]
    arrival: NDArray[np.int32]
    group: NDArray[np.int32]
    region: NDArray[np.int32]
    own: NDArray[np.int32]
    role: NDArray[np.int32]
    size: NDArray[np.int32]
    same: NDArray[np.int32]
    first: NDArray[np.int64]
    least: NDArray[np.float64]
    persons: NDArray[np.float64]


class Flows(NamedTuple):
    """Room for flows: the row that they come from, the key of where they go, the share."""

    source: NDArray[np.int64]
    key: NDArray[np.int64]
    share: NDArray[np.float64]


@inlined
def _class_of(size: int, same: int) -> int:
    """Return the class of families of so many members, so many of them immigrants."""
    n = min(max(size, 1), LARGEST)
    return (n - 1) * (n + 2) // 2 + min(max(same, 0), n)


@inlined
def _go(
    source: NDArray[np.int64],
    key: NDArray[np.int64],
    shares: NDArray[np.float64],
    n: int,
    r: int,
    to: int,
    share: float,
    least: float,
) -> int:
    """Note a flow of a share, if it is more than the least; return how many flows there are."""
    if share > 0.0 and share > least:
        source[n], key[n], shares[n] = r, to, share
        n += 1
    return n


@kernel
def look(
    types: NDArray[np.int32],
    places: NDArray[np.int16],
    parts: NDArray[np.int64],
    of_family: NDArray[np.int64],
    region_of: NDArray[np.int64],
    width: int,
    few: float,
    smallest: float,
    persons: NDArray[np.float64],
    found: NDArray[np.int32],
    first: NDArray[np.int64],
    least: NDArray[np.float64],
) -> None:
    """Write what rows are, as `Rows` has it, in its order.

    parts: kind, sex, year of birth and of arrival, group and usual type, by type. of_family:
    members and immigrants, by class. few: persons in rows that stay as they are. smallest:
    persons in a flow that goes.
    """
    for r in range(types.size):
        t, place = types[r], places[r]
        kind, house = parts[0, t], place % (ROLES * FAMILIES)
        for k in range(5):
            found[k, r] = parts[k, t]
        found[5, r] = region_of[kind]
        found[6, r] = 1 if kind < IMMIGRANT_KINDS else 0
        found[7, r] = house // FAMILIES
        found[8, r] = of_family[0, house % FAMILIES]
        found[9, r] = of_family[1, house % FAMILIES]
        first[r] = parts[5, t] * width + place - house
        stays = persons[r] <= few or persons[r] <= 0.0
        least[r] = 2.0 if stays else smallest / persons[r]


@kernel
def by_partner(
    rows: Rows,
    before: NDArray[np.float64],
    doing: NDArray[np.float64],
    found: NDArray[np.float64],
) -> None:
    """Write how many of couples there were, and do something: by region, sex, year of birth."""
    roles, regions, sexes, births = rows.role, rows.region, rows.sex, rows.birth
    for r in range(roles.size):
        if roles[r] == PAIRED:
            at = births[r] - FIRST_BIRTH
            found[0, regions[r], sexes[r], at] += before[r]
            found[1, regions[r], sexes[r], at] += doing[r]


@kernel
def of_partners(
    by_age: NDArray[np.float64],
    gaps: NDArray[np.int64],
    shares: NDArray[np.float64],
    found: NDArray[np.float64],
) -> None:
    """Write means over the partners' years of birth: by region, own sex, own year of birth.

    gaps: years by which men are older. by_age: of partners, as found, by region and sex.
    """
    births = by_age.shape[2]
    for region in range(by_age.shape[0]):
        for birth in range(births):
            his, hers = 0.0, 0.0
            for g in range(gaps.size):
                wife, husband = birth + gaps[g], birth - gaps[g]
                if 0 <= wife < births:
                    his += shares[g] * by_age[region, FEMALE, wife]
                if 0 <= husband < births:
                    hers += shares[g] * by_age[region, MALE, husband]
            found[region, MALE, birth] = his
            found[region, FEMALE, birth] = hers


@kernel
def lose_partner(
    rows: Rows,
    going: NDArray[np.float64],
    childless: NDArray[np.bool_],
    flows: Flows,
) -> int:
    """Let people be left by a partner.

    going: chance by region, sex, year of birth. childless: by sex, whether the one who goes
    takes the children along.
    """
    source, key, shares, n = flows.source, flows.key, flows.share, 0
    roles, regions, sexes, births = rows.role, rows.region, rows.sex, rows.birth
    own, sizes, same, first, least = rows.own, rows.size, rows.same, rows.first, rows.least
    for r in range(roles.size):
        if roles[r] == PAIRED and least[r] < 1.0:
            share = min(going[regions[r], sexes[r], births[r] - FIRST_BIRTH], 1.0)
            left = _class_of(sizes[r] - 1, max(same[r] - 1, own[r]))
            if childless[sexes[r]]:
                left = _class_of(1, own[r])
            to = first[r] + ALONE * FAMILIES + left
            n = _go(source, key, shares, n, r, to, share, least[r])
    return n


@kernel
def bear(
    rows: Rows,
    year: int,
    ages: tuple[int, int],
    union_of: NDArray[np.int64],
    table: NDArray[np.float64],
    origins: NDArray[np.float64],
    rate: NDArray[np.float64],
    mothers: NDArray[np.float64],
) -> None:
    """Write the chance that women of each row have a child, and how many do.

    table: by union, whether they came this year, origin (last: Norwegian-born) and age from
    the first of ages on. origins: shares by group.
    """
    roles, sexes, births, arrivals = rows.role, rows.sex, rows.birth, rows.arrival
    own, groups, persons, least = rows.own, rows.group, rows.persons, rows.least
    for r in range(roles.size):
        age = year - births[r]
        rate[r] = mothers[r] = 0.0
        if sexes[r] == FEMALE and ages[0] <= age <= ages[1] and least[r] < 2.0:
            came = 1 if arrivals[r] == year else 0
            union, chance = union_of[roles[r]], 0.0
            if own[r] == 0:
                chance = table[union, came, ORIGINS, age - ages[0]]
            else:
                for origin in range(ORIGINS):
                    share = origins[groups[r], origin]
                    chance += share * table[union, came, origin, age - ages[0]]
            rate[r] = chance
            mothers[r] = chance * persons[r]


@kernel
def count_children_in(
    rows: Rows,
    union_of: NDArray[np.int64],
    mixed_union: int,
    in_couples: NDArray[np.float64],
    in_no_union: float,
    his: NDArray[np.float64],
    rate: NDArray[np.float64],
    children: NDArray[np.float64],
    flows: Flows,
) -> int:
    """Let the families of mothers, and of fathers in couples, count their new children.

    in_couples: how often a couple's father is an immigrant, by the mother's kind; in_no_union:
    that of others. his: the chance of men's partners. children: those who are persons, of
    mothers of each row: those of an immigrant mother and an immigrant father.
    """
    source, key, shares, n = flows.source, flows.key, flows.share, 0
    roles, regions, sexes, births = rows.role, rows.region, rows.sex, rows.birth
    own, sizes, same, first, least = rows.own, rows.size, rows.same, rows.first, rows.least
    kinds, persons = rows.kind, rows.persons
    for r in range(roles.size):
        role, chance, children[r] = roles[r], rate[r], 0.0
        man = role == PAIRED and sexes[r] == MALE and least[r] < 2.0
        if man:
            chance = his[regions[r], MALE, births[r] - FIRST_BIRTH]
        if chance <= 0.0:
            continue
        father = in_no_union
        if role == PAIRED:  # immigrants beside her: the partner, or children of earlier unions
            father = in_couples[kinds[r]] if same[r] > own[r] else 0.0
        if union_of[role] == mixed_union:
            father = 0.0
        if not man:
            children[r] = chance * persons[r] * father * own[r]
        to = first[r] + _class_of(sizes[r] + 1, same[r])
        stay = chance * (father * own[r] if role in (ALONE, AT_HOME) else 1.0)
        other = AT_HOME_MIXED if role == AT_HOME else MIXED
        n = _go(source, key, shares, n, r, to + role * FAMILIES, stay, least[r])
        n = _go(source, key, shares, n, r, to + other * FAMILIES, chance - stay, least[r])
    return n


@kernel
def leave_home(
    rows: Rows,
    year: int,
    youngest: int,
    rate: NDArray[np.float64],
    by_parent: NDArray[np.float64],
    flows: Flows,
) -> int:
    """Let the young leave their parents, and the parents' families count them out.

    rate: by sex and age from the youngest on. by_parent: how often a child at home leaves, by
    the parent's sex and age.
    """
    source, key, shares, n = flows.source, flows.key, flows.share, 0
    roles, sexes, births, sizes, same = rows.role, rows.sex, rows.birth, rows.size, rows.same
    own, first, least = rows.own, rows.first, rows.least
    for r in range(roles.size):
        if least[r] >= 1.0:
            continue
        role, age, sex = roles[r], year - births[r], sexes[r]
        if role in (AT_HOME, AT_HOME_MIXED):
            if age >= youngest:
                share = rate[sex, min(age - youngest, rate.shape[1] - 1)]
                to = first[r] + ALONE * FAMILIES + _class_of(1, own[r])
                n = _go(source, key, shares, n, r, to, share, least[r])
            continue
        immigrant = max(same[r] - own[r] - (1 if role == PAIRED else 0), 0)
        others = 0 if role == MIXED else sizes[r] - same[r] - (1 - own[r])
        every = immigrant + others
        if every > 0:
            hazard = by_parent[sex, min(max(age, 0), by_parent.shape[1] - 1)]
            one = (1.0 - (1.0 - hazard) ** every) / every
            for gone, part in ((1, one * immigrant), (0, one * others)):
                to = first[r] + role * FAMILIES + _class_of(sizes[r] - 1, same[r] - gone)
                n = _go(source, key, shares, n, r, to, part, least[r])
    return n
