"""Who finds a partner and who parts, on bare arrays; rows and flows as `families_kernel` has."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.jit import inlined, kernel

FAMILIES, LARGEST, ORIGINS = 44, 8, 19
FIRST_BIRTH = 1800
ALONE, PAIRED, MIXED, AT_HOME, AT_HOME_MIXED = 0, 1, 2, 3, 4
FEMALE, MALE = 0, 1
LARGEST_MOVE = 3


class Ages(NamedTuple):
    """At what ages people seek, and how those who fit each other are told by age."""

    youngest: int
    oldest: int
    man_older: int
    years_apart: int


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
def part(
    rows: Any,
    year: int,
    ages: Ages,
    hers: NDArray[np.float64],
    his: NDArray[np.float64],
    leave: NDArray[np.float64],
    moving: NDArray[np.float64],
    apart: float,
    flows: Any,
) -> int:
    """Let couples part, at the woman's rate or since one of them moved away; mixed ones too.

    hers: chance by a woman's age; his: that of men's partners, by region, sex, year of birth.
    leave: chance of leaving a partner who is no person, by sex and age. moving: chance of a
    move, by row. apart: how often one moves without the other, for each time that one moves.
    """
    source, key, shares, n = flows.source, flows.key, flows.share, 0
    roles, regions, sexes, births = rows.role, rows.region, rows.sex, rows.birth
    own, sizes, same, first, least = rows.own, rows.size, rows.same, rows.first, rows.least
    for r in range(roles.size):
        if least[r] >= 1.0:
            continue
        sex, age = sexes[r], year - births[r] - ages.youngest
        if roles[r] == MIXED and 0 <= age <= ages.oldest - ages.youngest:
            persons = max(same[r], 1)  # a man loses all who are none, a woman her partner
            left = persons if sex == MALE else sizes[r] - 1
            to = first[r] + (MIXED if left > persons else ALONE) * FAMILIES
            to += _class_of(left, same[r])
            n = _go(source, key, shares, n, r, to, leave[sex, age], least[r])
        elif roles[r] == PAIRED:
            rate = his[regions[r], MALE, births[r] - FIRST_BIRTH]
            if sex == FEMALE:
                rate = hers[age] if 0 <= age < hers.size else 0.0
            moved = 2.0 * moving[r] * apart if r < moving.size else 0.0
            rate = 1.0 - (1.0 - rate) * (1.0 - min(moved, 1.0))
            leaves = 0.5 if sizes[r] <= 2 else 0.0 if sex == FEMALE else 1.0
            to, one = first[r] + ALONE * FAMILIES, _class_of(1, own[r])
            others = _class_of(sizes[r] - 1, max(same[r] - 1, own[r]))
            leaves = 0.0 if others == one else leaves  # both are left alone
            n = _go(source, key, shares, n, r, to + one, rate * leaves, least[r])
            n = _go(source, key, shares, n, r, to + others, rate * (1.0 - leaves), least[r])
    return n


@kernel
def seekers(rows: Any, year: int, ages: Ages, found: NDArray[np.int64]) -> int:
    """Write the rows of singles of an age to seek a partner; return how many they are."""
    roles, births, least, n = rows.role, rows.birth, rows.least, 0
    for r in range(roles.size):
        single = roles[r] in (ALONE, AT_HOME, AT_HOME_MIXED) and least[r] < 2.0
        if single and ages.youngest <= year - births[r] <= ages.oldest:
            found[n] = r
            n += 1
    return n


@inlined
def _band(sex: int, age: int, man_older: int, years_apart: int) -> int:
    """Return the band of age in which people look for each other."""
    older = man_older if sex == MALE else 0
    return max(age - older, 0) // years_apart


@kernel
def seek(
    rows: Any,
    who: NDArray[np.int64],
    year: int,
    ages: Ages,
    within: NDArray[np.float64],
    origins: NDArray[np.float64],
    same_origin: float,
    both: NDArray[np.float64],
) -> None:
    """Count who seeks a partner: by own (born in Norway first), sex, age, origin sought.

    Ages are bands; the last origin is that of those who seek anybody.
    """
    sexes, births, groups, persons = rows.sex, rows.birth, rows.group, rows.persons
    own = rows.own
    for r in who:
        sex, age, group = sexes[r], year - births[r], groups[r]
        band = _band(sex, age, ages.man_older, ages.years_apart)
        seeking = persons[r] * within[sex, age - ages.youngest]
        for origin in range(ORIGINS):
            both[own[r], sex, band, origin] += seeking * same_origin * origins[group, origin]
        both[own[r], sex, band, ORIGINS] += seeking * (1.0 - same_origin)


@kernel
def meet(
    rows: Any,
    who: NDArray[np.int64],
    year: int,
    ages: Ages,
    within: NDArray[np.float64],
    origins: NDArray[np.float64],
    same_origin: float,
    success: NDArray[np.float64],
    of_born: NDArray[np.float64],
    found: NDArray[np.float64],
    come: NDArray[np.float64],
) -> None:
    """Write the chances of finding a partner by row: an immigrant, and one born in Norway.

    success: share of those who seek that find somebody, as `seek` counts them; of_born: share
    of whom they find that is born in Norway. come: immigrants who come, by sex and members whom
    they bring along with themselves.
    """
    sexes, births, groups, persons = rows.sex, rows.birth, rows.group, rows.persons
    roles, sizes, own = rows.role, rows.size, rows.own
    for r in who:
        sex, age, group = sexes[r], year - births[r], groups[r]
        band = _band(sex, age, ages.man_older, ages.years_apart)
        share = (1.0 - same_origin) * success[sex, band, ORIGINS]
        born = share * of_born[sex, band, ORIGINS]
        for origin in range(ORIGINS):
            more = same_origin * origins[group, origin] * success[sex, band, origin]
            share += more
            born += more * of_born[sex, band, origin]
        seeking = within[sex, age - ages.youngest] / max(share, 1.0)
        found[r, 0] = seeking * (share - born)
        found[r, 1] = seeking * born
        if own[r] > 0:
            members = min(sizes[r], LARGEST_MOVE) if roles[r] == ALONE else 1
            come[sex, members] += seeking * share * persons[r]


@kernel
def unite(
    rows: Any,
    who: NDArray[np.int64],
    year: int,
    ages: Ages,
    outside: NDArray[np.float64],
    found: NDArray[np.float64],
    coming: NDArray[np.float64],
    flows: Any,
) -> int:
    """Let singles find partners: outside the population, and each other.

    found: chances by row of finding one inside, an immigrant or one born in Norway, who comes
    alone. coming: of immigrants who come, by the sex of whom they come to, the share of each
    number of members, all of them immigrants.
    """
    source, key, shares, n = flows.source, flows.key, flows.share, 0
    roles, sexes, births = rows.role, rows.sex, rows.birth
    own, sizes, immigrants, first, least = rows.own, rows.size, rows.same, rows.first, rows.least
    for r in who:
        sex, alone = sexes[r], roles[r] == ALONE
        size = sizes[r] if alone else 1
        same = immigrants[r] if alone else own[r]
        share = outside[sex, year - births[r] - ages.youngest]
        to = first[r] + MIXED * FAMILIES + _class_of(size + 1, same)
        n = _go(source, key, shares, n, r, to, share, least[r])
        if found[r, 0] + found[r, 1] <= least[r]:
            continue
        to = first[r] + PAIRED * FAMILIES
        for more in range(1, LARGEST_MOVE + 1):
            there = to + _class_of(size + more, same + 1)
            share = found[r, 0] * coming[sex, more]
            n = _go(source, key, shares, n, r, there, share, least[r])
        there = to + _class_of(size + 1, same)
        n = _go(source, key, shares, n, r, there, found[r, 1], least[r])
    return n
