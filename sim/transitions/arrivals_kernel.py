"""Residents who may be joined, and who joins whom, on bare arrays."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.jit import inlined, kernel

RESIDENT = 0
STEP = np.uint64(1)
JOINS_PARTNER, JOINS_PARENT = 1, 2
START, SIZE, ORIGIN, JOINS, OTHERS, CELL = range(6)  # of a unit
SEX, AGE, EDUCATION, STATUS, MOTHER, PARTNER = range(6)  # of a member


@kernel
def mark(
    words: NDArray[np.uint32],
    limits: NDArray[np.uint32],
    came_from: NDArray[np.int16],
    born_from: np.int16,
    born_by: np.int16,
    marks: NDArray[np.uint8],
    birth_year: NDArray[np.int16],
    first_arrival_year: NDArray[np.int16],
    family_total: NDArray[np.uint8],
    place: NDArray[np.uint8],
) -> None:
    """Mark residents of an age in one-person families whose word is not above the limit.

    limits: descending, of three groups by the year of arrival; came_from: the first year of
    the first and of the second group.
    """
    latest, later, all_others = limits
    for j in range(words.size):
        low = (
            (words[j] <= all_others)
            | ((words[j] <= later) & (first_arrival_year[j] >= came_from[1]))
            | ((words[j] <= latest) & (first_arrival_year[j] >= came_from[0]))
        )
        marks[j] = (
            low & (family_total[j] == 1) & (place[j] == RESIDENT)
            & (birth_year[j] >= born_from) & (birth_year[j] <= born_by)
        )  # fmt: skip


@kernel
def who_waits(
    waiting: NDArray[np.int64],
    words: NDArray[np.uint32],
    for_partner: NDArray[np.uint32],
    came_from: NDArray[np.int16],
    kind: NDArray[np.int64],
    year: int,
    shape: tuple[int, int, int, int, int],
    youngest: int,
    band: int,
    sought: NDArray[np.bool_],
    rings: NDArray[np.int64],
    birth_year: NDArray[np.int16],
    first_arrival_year: NDArray[np.int16],
    partner: NDArray[np.int32],
    reason: NDArray[np.uint8],
    sex: NDArray[np.uint8],
    origin: NDArray[np.uint8],
) -> int:
    """Keep those who wait on rings that are sought, and write the rings; return how many do.

    for_partner: limits of waiting for a partner, as above. kind: by reason; shape: of the rings,
    by what they wait for, kind, sex, origin and age in bands from the youngest on.
    """
    count = 0
    for k in range(waiting.size):
        i = np.uint64(waiting[k])
        came = first_arrival_year[i]
        group = np.int64(came < came_from[0]) + np.int64(came < came_from[1])
        ring = np.int64(words[k] > for_partner[group]) * shape[1] + kind[reason[i]]
        ring = (ring * shape[2] + sex[i]) * shape[3] + origin[i]
        waiting[count] = i
        rings[count] = ring * shape[4] + (year - birth_year[i] - youngest) // band
        count += (partner[i] < 0) & sought[rings[count]]
    return count


@kernel
def where_to_begin(bounds: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return from where on to look for luck in each part of the span from 0 to 1.

    bounds: ascending, of at most 1. The span is cut into as many parts as there are bounds;
    each search begins at the first bound that is in the part or above.
    """
    parts, last = bounds.size, bounds.size - 1
    begins = np.empty(parts + 1, dtype=np.int64)
    at = 0
    for part in range(parts + 1):
        while at < last and bounds[at] * parts < part:
            at += 1
        begins[part] = at
    return begins


class Likeness(NamedTuple):
    """Whom arriving units may be like: donors by stream, one stream after the other.

    unit: which donor; bound: up to which luck it stands for; search: where to begin looking (see
    `where_to_begin`); first: where each stream begins, and where the last ends.
    """

    unit: NDArray[np.int64]
    bound: NDArray[np.float64]
    search: NDArray[np.int64]
    first: NDArray[np.int64]


@kernel
def arriving(
    words: NDArray[np.uint32],
    like: Likeness,
    size: NDArray[np.int64],
    persons: NDArray[np.float64],
    donor: NDArray[np.int64],
    stream: NDArray[np.int64],
    number: NDArray[np.int64],
    person: NDArray[np.int64],
) -> int:
    """Keep the units that arrive, first in all lists, and write their donors; return how many.

    A unit is like the donor with the first bound that is no less than its luck, or the last of
    its stream. It arrives if more than half of it is within the number of persons of the
    stream. size: by donor. number: 0, 1 ... in each stream.
    """
    count, so_far, full = 0, 0, False
    for j in range(words.size):
        s = np.uint64(stream[j])
        if number[j] == 0:
            so_far, full = 0, False
        if full:
            continue
        at, end = np.uint64(like.first[s]), np.uint64(like.first[s + STEP])
        parts, luck = like.first[s + STEP] - like.first[s], (words[j] + 0.5) * 2.0**-32
        search = like.search[at + s + np.uint64(np.int64(luck * parts))]
        at += np.uint64(max(search - 1, 0))
        while at + STEP < end and like.bound[at] < luck:
            at += STEP
        unit = np.uint64(like.unit[at])
        so_far += size[unit]
        full = so_far - size[unit] / 2 >= persons[s]
        if not full:
            donor[count], stream[count] = unit, s
            number[count], person[count] = number[j], person[j]
            count += 1
    return count


@inlined
def _first_free(seat: np.uint64, following: NDArray[np.int64]) -> np.uint64:
    """Return the first seat from `seat` on that is free, shortening the way there."""
    while np.uint64(following[seat]) != seat:
        following[seat] = following[np.uint64(following[seat])]
        seat = np.uint64(following[seat])
    return seat


@kernel
def seat(
    words: NDArray[np.uint32],
    wanted: NDArray[np.int64],
    begins: NDArray[np.int64],
    host_words: NDArray[np.uint32],
    following: NDArray[np.int64],
    host: NDArray[np.int64],
) -> None:
    """Give each arriving unit, in order, one of the hosts, or -1.

    wanted: (units, lists) the lists of hosts that a unit would take, the best first, -1 none.
    begins: where each list begins, and at last where all end; host_words ascend in each list.
    A unit takes the free host whose word follows its own most closely, the list being a ring.
    following: 0, 1 ... as many as hosts and one more; used up.
    """
    for u in range(words.size):
        host[u] = -1
        for k in range(wanted.shape[1]):
            if wanted[u, k] < 0:
                continue
            which = np.uint64(wanted[u, k])
            begin, end = np.uint64(begins[which]), np.uint64(begins[which + STEP])
            if begin == end:
                continue
            low, high = begin, end
            while low < high:
                middle = (low + high) >> STEP
                if host_words[middle] < words[u]:
                    low = middle + STEP
                else:
                    high = middle
            found = _first_free(low, following)
            if found >= end:
                found = _first_free(begin, following)
            if found < end:
                host[u] = found
                following[found] = found + STEP
                break


class Units(NamedTuple):
    """Arriving units: what they are like, their first person, and whom they join (-1 nobody).

    family: that of a unit that joins nobody; place: the word that tells where it goes to live.
    """

    donor: NDArray[np.int64]
    stream: NDArray[np.int64]
    person: NDArray[np.int64]
    host: NDArray[np.int64]
    family: NDArray[np.int32]
    place: NDArray[np.uint32]


class Donors(NamedTuple):
    """What units are like, a row each, and their members.

    unit: by START, SIZE, ORIGIN, JOINS, OTHERS and CELL; member: by SEX, AGE, EDUCATION, STATUS,
    MOTHER and PARTNER.
    """

    unit: NDArray[np.int32]
    member: NDArray[np.int8]


class Tables(NamedTuple):
    """Reason and sponsor's reason by stream; municipalities by cell, and where each begins."""

    reason: NDArray[np.uint8]
    sponsor_reason: NDArray[np.uint8]
    municipality: NDArray[np.int64]
    begins: NDArray[np.int64]


class Hosts(NamedTuple):
    """What must be known of those who are joined, and altered, as columns of everybody."""

    family: NDArray[np.int32]
    municipality: NDArray[np.int16]
    background: NDArray[np.uint8]
    sex: NDArray[np.uint8]
    birth_year: NDArray[np.int16]
    family_total: NDArray[np.uint8]
    family_immigrants: NDArray[np.uint8]
    partner: NDArray[np.int32]


class Rules(NamedTuple):
    """What is assumed of ages, and the codes that are written.

    adult: from this age persons have a status and an education; child_arrival: oldest age of
    those who come as children; mother_from, mother_to: ages between which a host may have
    become a mother; others: codes of backgrounds, of women and of having neither
    education nor status.
    """

    adult: int
    child_arrival: int
    mother_from: int
    mother_to: int
    came_as_child: int
    norwegian_born: int
    woman: int
    no_education: int
    outside: int


class Newcomers(NamedTuple):
    """The columns of newcomers, to be written."""

    person: NDArray[np.int64]
    birth_year: NDArray[np.int16]
    sex: NDArray[np.uint8]
    background: NDArray[np.uint8]
    origin: NDArray[np.uint8]
    reason: NDArray[np.uint8]
    sponsor_reason: NDArray[np.uint8]
    education: NDArray[np.uint8]
    status: NDArray[np.uint8]
    municipality: NDArray[np.int16]
    family: NDArray[np.int32]
    family_total: NDArray[np.uint8]
    family_immigrants: NDArray[np.uint8]
    mother: NDArray[np.int32]
    partner: NDArray[np.int32]


@kernel
def settle(
    units: Units,
    donors: Donors,
    tables: Tables,
    hosts: Hosts,
    rules: Rules,
    year: int,
    first: int,
    new: Newcomers,
) -> None:
    """Write everything about the members of arriving units, who stand from `first` on.

    A host lived alone, so that nobody else's family changes. Children who find nobody live
    with somebody who is no person. Of the municipalities of a cell all are alike.
    """
    unit, member, j = donors.unit, donors.member, 0
    for u in range(units.donor.size):
        d, host, head = np.uint64(units.donor[u]), units.host[u], np.int64(first + j)  # eldest
        start, size, joins = unit[d, START], unit[d, SIZE], unit[d, JOINS]
        family, cell, s = units.family[u], np.uint64(unit[d, CELL]), np.uint64(units.stream[u])
        here, many = tables.begins[cell], tables.begins[cell + STEP] - tables.begins[cell]
        luck = (units.place[u] + 0.5) * 2.0**-32
        municipality = tables.municipality[np.uint64(here + np.int64(luck * many))]
        total, immigrants, mother_from, mother_to = size + unit[d, OTHERS], size, year, year
        if host >= 0:
            h = np.uint64(host)
            family, municipality = hosts.family[h], np.int64(hosts.municipality[h])
            total = size + 1
            immigrants += hosts.background[h] != rules.norwegian_born
            woman, born = hosts.sex[h] == rules.woman, hosts.birth_year[h]
            mother_from = born + rules.mother_from  # of children born in these years
            mother_to = born + rules.mother_to + 1 if woman else mother_from
            hosts.family_total[h], hosts.family_immigrants[h] = total, immigrants
            hosts.partner[h] = head if joins == JOINS_PARTNER else hosts.partner[h]
        elif member[np.uint64(start), AGE] < rules.adult:
            total += 1
        for k in range(size):
            m, i = np.uint64(start + k), np.uint64(j)
            age = np.int64(member[m, AGE])
            born, grown = year - age, age >= rules.adult
            new.person[i], new.birth_year[i] = units.person[u] + k, born
            new.sex[i], new.origin[i] = member[m, SEX], unit[d, ORIGIN]
            new.background[i] = rules.came_as_child if age <= rules.child_arrival else 0
            new.education[i] = member[m, EDUCATION] if grown else rules.no_education
            new.status[i] = member[m, STATUS] if grown else rules.outside
            new.reason[i], new.sponsor_reason[i] = tables.reason[s], tables.sponsor_reason[s]
            new.municipality[i], new.family[i] = municipality, family
            new.family_total[i], new.family_immigrants[i] = total, immigrants
            child = (k > 0) | (joins == JOINS_PARENT)
            theirs = child & (mother_from <= born) & (born < mother_to)
            mother, partner = member[m, MOTHER], member[m, PARTNER]
            new.mother[i] = head + mother if mother >= 0 else host if theirs else -1
            joining = (joins == JOINS_PARTNER) & (k == 0)
            new.partner[i] = head + partner if partner >= 0 else host if joining else -1
            j += 1


@kernel
def rings_wanted(
    words: NDArray[np.uint32],
    donor: NDArray[np.int64],
    stream: NDArray[np.int64],
    donors: Donors,
    kind_of: NDArray[np.int64],
    shape: tuple[int, int, int, int, int],
    youngest: int,
    band: int,
    older: tuple[int, int],
    near: NDArray[np.int64],
    joining: NDArray[np.int64],
    wanted: NDArray[np.int64],
) -> int:
    """List the units that join somebody, and the rings each would take; return how many do.

    older: by how much parents are older than the eldest child, and husbands than wives. near:
    groups of ages that are tried, the best first. Children might be joined to somebody
    too young: two groups younger is tried for no one.
    """
    count = 0
    for u in range(donor.size):
        d, kind = np.uint64(donor[u]), kind_of[np.uint64(stream[u])]
        joins, eldest = donors.unit[d, JOINS], np.uint64(donors.unit[d, START])
        if kind < 0 or joins not in (JOINS_PARTNER, JOINS_PARENT):
            continue
        children, sex = joins == JOINS_PARENT, np.int64(donors.member[eldest, SEX])
        age = np.int64(donors.member[eldest, AGE])
        if children:  # join a mother or a father
            other, age = np.int64(words[u] & np.uint32(1)), age + older[0]
        else:
            other, age = 1 - sex, age + (older[1] if sex == 0 else -older[1])
        ring = ((np.int64(children) * shape[1] + kind) * shape[2] + other) * shape[3]
        ring = (ring + donors.unit[d, ORIGIN]) * shape[4]
        joining[count] = u
        for k in range(near.size):
            at = (age - youngest) // band + near[k]
            there = 0 <= at < shape[4] and not (children and near[k] == -2)
            wanted[count, k] = ring + at if there else -1
        count += 1
    return count
