"""Family arithmetic on bare arrays.

Positions are unsigned where they are looked up: a number that may be negative would first be asked
whether it counts from the end, at every look-up, which takes a third of a walk round a ring.
"""

import numpy as np
from numpy.typing import NDArray

from sim.jit import kernel


@kernel
def link(
    family: NDArray[np.int32],
    begin: int,
    following: NDArray[np.int32],
    first: NDArray[np.int32],
) -> None:
    """Let everybody from position `begin` on stand in the ring of their family.

    following: whom each person is followed by in the ring; first: a member by family, -1
    while there is none. Without a branch, since who is the first cannot be foreseen.
    """
    for i in range(np.uint64(begin), np.uint64(family.size)):
        f = np.uint64(family[i])
        following[i] = i
        before = np.uint64(first[f]) if first[f] >= 0 else i
        following[i] = following[before]
        following[before] = i
        first[f] = before


@kernel
def pass_over(
    now: NDArray[np.int32],
    into: NDArray[np.int32],
    out_of: NDArray[np.int32],
    following: NDArray[np.int32],
    first: NDArray[np.int32],
) -> None:
    """Let rings pass over those who are gone, and hold where all others stand now.

    now: by position, -1 for who is gone; whoever stood `out_of` a place stands `into` another.
    """
    for f in range(first.size):
        if first[f] >= 0:
            member = np.uint64(first[f])
            while now[member] < 0 and following[member] != first[f]:
                member = np.uint64(following[member])
            first[f] = now[member]
    for i in range(now.size):
        if now[i] >= 0:
            after = np.uint64(following[i])
            while now[after] < 0:
                after = np.uint64(following[after])
            following[i] = now[after]
    for k in range(into.size):
        following[into[k]] = following[out_of[k]]


@kernel
def members(
    families: NDArray[np.int64],
    following: NDArray[np.int32],
    first: NDArray[np.int32],
    seen: NDArray[np.uint8],
    found: NDArray[np.int64],
) -> int:
    """List everybody in these families, each once; return how many. `seen` is zero, and again.

    All rings are walked at once, one step a round, so that no look-up has to wait for another
    and no branch depends on how long a ring is. found: longer by one than there are persons.
    """
    start = np.empty(families.size + 1, dtype=np.int32)
    here = np.empty(families.size + 1, dtype=np.int32)
    walking = 0
    for f in families:
        known = np.uint64(f if f < first.size else 0)
        start[walking] = here[walking] = first[known]
        wanted = (f < first.size) & (first[known] >= 0) & (seen[known] == 0)
        seen[known] |= wanted
        walking += wanted
    count = 0
    while walking > 0:
        on = 0
        for j in range(walking):
            found[count] = here[j]
            count += 1
            start[on], here[on] = start[j], following[np.uint64(here[j])]
            on += here[on] != start[on]
        walking = on
    for f in families:
        seen[np.uint64(f if f < first.size else 0)] = 0
    return count


@kernel
def relink(
    movers: NDArray[np.int64],
    numbers: NDArray[np.int32],
    family: NDArray[np.int32],
    following: NDArray[np.int32],
    first: NDArray[np.int32],
) -> None:
    """Take each mover out of the ring of the old family, and into that of the new one."""
    for j in range(movers.size):
        i, mover = np.uint64(movers[j]), np.int32(movers[j])
        old, new = np.uint64(family[i]), np.uint64(numbers[j])
        before = i
        while following[before] != mover:
            before = np.uint64(following[before])
        following[before] = following[i]
        if first[old] == mover:
            first[old] = np.int32(before) if before != i else np.int32(-1)
        family[i], following[i] = numbers[j], mover
        if first[new] >= 0:
            before = np.uint64(first[new])
            following[i] = following[before]
            following[before] = mover
        first[new] = mover


@kernel
def add_others(
    families: NDArray[np.int32],
    more: NDArray[np.int32],
    following: NDArray[np.int32],
    first: NDArray[np.int32],
    place: NDArray[np.uint8],
    family_total: NDArray[np.uint8],
    changed: NDArray[np.int64],
) -> int:
    """Count members who are no persons into families (or out, if negative), up to 255.

    Each family is named once. List the residents of these families; return how many.
    """
    count = 0
    for j in range(families.size):
        begin = first[np.uint64(families[j])]
        member = begin
        while member >= 0:
            i = np.uint64(member)
            if place[i] == 0:
                family_total[i] = min(family_total[i] + more[j], 255)
                changed[count] = member
                count += 1
            member = following[i] if following[i] != begin else np.int32(-1)
    return count


@kernel
def with_mother(
    family: NDArray[np.int32],
    birth_year: NDArray[np.int16],
    place: NDArray[np.uint8],
    mother: NDArray[np.int32],
    born_by: int,
    children: NDArray[np.int64],
    adults: NDArray[np.int64],
) -> int:
    """List resident children born after a year; return how many.

    The adult is the mother if she lives in the family, otherwise -1. The young are listed
    first, without a branch; `children` is longer by one than there are persons.
    """
    count = 0
    for i in range(family.size):
        children[count] = i
        count += (birth_year[i] > born_by) & (place[i] == 0)
    for j in range(count):
        i = children[j]
        m = np.int64(mother[i]) if mother[i] >= 0 else i  # no child is born early enough
        there = (place[m] == 0) & (family[m] == family[i]) & (birth_year[m] <= born_by)
        adults[j] = m if there else -1
    return count


@kernel
def eldest_members(
    rows: NDArray[np.int64],
    family: NDArray[np.int32],
    birth_year: NDArray[np.int16],
    person: NDArray[np.int64],
    place: NDArray[np.uint8],
    born_by: int,
    eldest: NDArray[np.int32],
) -> None:
    """Write into `eldest`, by family, the position of the eldest resident among these rows.

    They must be born by a year. Of members born in one year the smallest identifier counts,
    so that the order of persons cannot matter. Families without such a member keep their entry.
    """
    for i in rows:
        if place[i] == 0 and birth_year[i] <= born_by:
            e = eldest[family[i]]
            if (
                e < 0
                or birth_year[i] < birth_year[e]
                or (birth_year[i] == birth_year[e] and person[i] < person[e])
            ):
                eldest[family[i]] = i


@kernel
def leave(
    leavers: NDArray[np.int64],
    following: NDArray[np.int32],
    background: NDArray[np.uint8],
    norwegian_born: int,
    place: NDArray[np.uint8],
    leaving: NDArray[np.uint8],
    family_total: NDArray[np.uint8],
    family_immigrants: NDArray[np.uint8],
    changed: NDArray[np.int64],
) -> int:
    """Take leavers off the counts of the residents they leave; list these, return how many.

    leaving: by person, zero on entry and again in the end. Whose family counts one member
    leaves nobody. changed: as long as there are persons, twice; whoever is left by several is
    listed once, in the walk of the first of these.
    """
    for leaver in leavers:
        leaving[np.uint64(leaver)] = 1
    count = 0
    for leaver in leavers:
        i = np.uint64(leaver)
        immigrant = background[i] != norwegian_born
        begin, is_first = count, True
        other = np.uint64(following[i]) if family_total[i] > 1 else i
        while other != i:
            if leaving[other]:
                is_first &= bool(other > i)
            elif place[other] == 0:
                family_total[other] -= 1
                family_immigrants[other] -= immigrant
                changed[count] = other
                count += 1
            other = np.uint64(following[other])
        count = count if is_first else begin
    for leaver in leavers:
        leaving[np.uint64(leaver)] = 0
    return count


@kernel
def join(
    joiners: NDArray[np.int64],
    others: NDArray[np.int64],
    following: NDArray[np.int32],
    background: NDArray[np.uint8],
    norwegian_born: int,
    place: NDArray[np.uint8],
    joining: NDArray[np.uint8],
    family_total: NDArray[np.uint8],
    family_immigrants: NDArray[np.uint8],
    changed: NDArray[np.int64],
) -> int:
    """Count joiners, who are resident already, into their families, one after the other.

    List everybody who lives in these families, once, and return how many do.
    others: of each, members who are no persons of a family that nobody else lives in; where
        several join such a family the most. joining: by person, zero on entry and again in
        the end. changed: as long as there are persons, twice. No family counts more than 255.
    """
    for j in range(joiners.size):
        joining[np.uint64(joiners[j])] = min(others[j], 254) + 1
    count = 0
    for joiner in joiners:
        i = np.uint64(joiner)
        total, immigrants, most, is_last = -1, 0, joining[i] - 1, True
        other = np.uint64(following[i])
        while other != i:
            if place[other] == 0 and joining[other] == 0:
                total, immigrants = int(family_total[other]), int(family_immigrants[other])
            elif place[other] == 0:
                most, is_last = max(most, joining[other] - 1), False
            other = np.uint64(following[other])
        total = min((total if total >= 0 else most) + 1, 255)
        immigrants = min(immigrants + int(background[i] != norwegian_born), 255)
        joining[i] = 0
        family_total[i], family_immigrants[i] = total, immigrants
        begin, changed[count] = count, i
        count += 1
        other = np.uint64(following[i])
        while other != i:
            if place[other] == 0 and joining[other] == 0:
                family_total[other], family_immigrants[other] = total, immigrants
                changed[count] = other
                count += 1
            other = np.uint64(following[other])
        count = count if is_last else begin
    return count
