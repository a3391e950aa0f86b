"""Who might form or leave a union in a year, and what it does to families, on bare arrays."""

import numpy as np
from numpy.typing import NDArray

from sim.jit import inlined, kernel

RESIDENT, ABROAD, MALE = 0, 1, 1
AGES = 64  # groups of ages, of which cells have room for so many


@kernel
def mark(
    words: NDArray[np.uint32],
    limit: np.uint32,
    born_from: np.int16,
    born_by: np.int16,
    place: NDArray[np.uint8],
    birth_year: NDArray[np.int16],
    marks: NDArray[np.uint8],
) -> None:
    """Mark residents of an age to form or leave a union whose word is not above the limit."""
    for j in range(words.size):
        marks[j] = (
            (words[j] <= limit) & (place[j] == RESIDENT) & (birth_year[j] <= born_by)
            & (birth_year[j] >= born_from)
        )  # fmt: skip


@kernel
def list_possible(
    possible: NDArray[np.int64],
    words: NDArray[np.uint32],
    form: NDArray[np.uint64],
    part: NDArray[np.uint64],
    leave: NDArray[np.uint64],
    born_by: int,
    sex: NDArray[np.uint8],
    birth_year: NDArray[np.int16],
    place: NDArray[np.uint8],
    partner: NDArray[np.int32],
    person: NDArray[np.int64],
) -> int:
    """Keep those whom their word lets do something, and their words; return how many.

    form, part, leave: by sex and age from the youngest on, who were born by a year, the cuts of
    forming a union, of parting from a partner who is a person and from one who is not. A
    couple is decided by the word of one of them: of the woman, or of the smaller identifier.
    """
    count = 0
    for k in range(possible.size):
        i, word = np.uint64(possible[k]), words[k]
        at = np.uint64(sex[i]), np.uint64(born_by - birth_year[i])
        p = partner[i]
        if p < 0:
            happens = word < max(form[at], leave[at])
        else:
            happens = word < part[at]
            if happens:
                decides = sex[i] < sex[p] or (sex[i] == sex[p] and person[i] < person[p])
                happens = decides and place[p] == RESIDENT
        possible[count], words[count] = i, word
        count += happens
    return count


@inlined
def home_of(
    i: np.uint64,
    following: NDArray[np.int32],
    family_total: NDArray[np.uint8],
    place: NDArray[np.uint8],
    birth_year: NDArray[np.int16],
    person: NDArray[np.int64],
) -> tuple[int, bool]:
    """Return how many resident persons the family of a resident has, and if it is the eldest.

    Of those born in one year it is the smallest identifier, so that the order of rows cannot
    matter. Whose family counts one member lives alone.
    """
    persons, eldest = 1, True
    other = np.uint64(following[i]) if family_total[i] > 1 else i
    while other != i:
        if place[other] == RESIDENT:
            persons += 1
            older = birth_year[other] < birth_year[i]
            same_age = birth_year[other] == birth_year[i]
            eldest &= not (older or (same_age and person[other] < person[i]))
        other = np.uint64(following[other])
    return persons, eldest


@kernel
def at_home(
    whom: NDArray[np.int64],
    following: NDArray[np.int32],
    persons: NDArray[np.int64],
    head: NDArray[np.bool_],
    family_total: NDArray[np.uint8],
    place: NDArray[np.uint8],
    birth_year: NDArray[np.int16],
    person: NDArray[np.int64],
) -> None:
    """Write of residents how many resident persons their family has, and who is the eldest."""
    for k in range(whom.size):
        persons[k], head[k] = home_of(
            np.uint64(whom[k]), following, family_total, place, birth_year, person
        )  # fmt: skip


@kernel
def sort_out(
    possible: NDArray[np.int64],
    words: NDArray[np.uint32],
    form: NDArray[np.uint64],
    outside: NDArray[np.uint64],
    leave: NDArray[np.uint64],
    born_by: int,
    sex: NDArray[np.uint8],
    partner: NDArray[np.int32],
    following: NDArray[np.int32],
    found: NDArray[np.int64],
    eldest: NDArray[np.bool_],
    family_total: NDArray[np.uint8],
    place: NDArray[np.uint8],
    birth_year: NDArray[np.int16],
    person: NDArray[np.int64],
) -> tuple[int, int, int, int]:
    """List who parts, leaves, finds or seeks, in the rows of `found`; return how many do.

    The eldest of a family with members who are no persons is united with one of them and may
    leave; all others who are single may find a partner outside the population, or seek one.
    """
    parting, leaving, finding, seeking = 0, 0, 0, 0
    for k in range(possible.size):
        i, word = np.uint64(possible[k]), words[k]
        if partner[i] >= 0:
            found[0, parting] = i
            parting += 1
            continue
        at = np.uint64(sex[i]), np.uint64(born_by - birth_year[i])
        persons, head = home_of(i, following, family_total, place, birth_year, person)
        eldest[i] = head
        if head and family_total[i] > persons:
            found[1, leaving] = i
            leaving += word < leave[at]
        elif word < outside[at]:
            found[2, finding] = i
            finding += 1
        else:
            found[3, seeking] = i
            seeking += word < form[at]
    return parting, leaving, finding, seeking


@kernel
def cells(
    seeking: NDArray[np.int64],
    words: NDArray[np.uint32],
    same_origin: np.uint64,
    origins: int,
    year: int,
    man_older: int,
    years_apart: int,
    centrality_of: NDArray[np.uint8],
    cell: NDArray[np.int64],
    municipality: NDArray[np.int16],
    origin: NDArray[np.uint8],
    sex: NDArray[np.uint8],
    birth_year: NDArray[np.int16],
) -> None:
    """Write in which cell everybody seeks: by centrality, origin or none of them, and age.

    Whose word is below the cut `same_origin` seeks their own. Men count as younger than they are.
    """
    for k in range(seeking.size):
        i = np.uint64(seeking[k])
        group = np.int64(origin[i]) if words[k] < same_origin else origins
        peer = year - birth_year[i] - (man_older if sex[i] == MALE else 0)
        where = np.int64(centrality_of[np.uint64(municipality[i])])
        cell[k] = (where * (origins + 1) + group) * AGES + peer // years_apart


@kernel
def with_young(
    whom: NDArray[np.int64],
    born_after: int,
    following: NDArray[np.int32],
    place: NDArray[np.uint8],
    birth_year: NDArray[np.int16],
    found: NDArray[np.bool_],
) -> None:
    """Write who of these residents lives with somebody born after a year."""
    for k in range(whom.size):
        i = np.uint64(whom[k])
        found[k] = birth_year[i] > born_after
        other = np.uint64(following[i])
        while other != i and not found[k]:
            found[k] = (place[other] == RESIDENT) & (birth_year[other] > born_after)
            other = np.uint64(following[other])


@kernel
def young_behind(
    movers: NDArray[np.int64],
    head: NDArray[np.bool_],
    born_after: int,
    following: NDArray[np.int32],
    young: NDArray[np.int64],
    behind: NDArray[np.int64],
    family_total: NDArray[np.uint8],
    place: NDArray[np.uint8],
    birth_year: NDArray[np.int16],
    family: NDArray[np.int32],
    mother: NDArray[np.int32],
) -> int:
    """List the young who follow a mover, and which one: their mother, or else the eldest.

    They were born after a year. head: who of the movers, all residents, is the eldest at home.
    Return how many follow.
    """
    count = 0
    for k in range(movers.size):
        i = np.uint64(movers[k])
        other = np.uint64(following[i]) if family_total[i] > 1 else i
        while other != i:
            if birth_year[other] > born_after and place[other] == RESIDENT:
                m = mother[other]
                leader = m == movers[k]
                if not leader and head[k]:
                    leader = m < 0 or family[m] != family[i] or place[m] != RESIDENT
                young[count], behind[count] = other, k
                count += leader
            other = np.uint64(following[other])
    return count


@kernel
def pair(
    order: NDArray[np.int64],
    cell: NDArray[np.int64],
    seeking: NDArray[np.int64],
    men: NDArray[np.int64],
    women: NDArray[np.int64],
    sex: NDArray[np.uint8],
    family: NDArray[np.int32],
    mother: NDArray[np.int32],
) -> int:
    """Pair men and women of a cell as brackets are paired; return how many couples.

    order: candidates, cell by cell and within it by luck; cell: theirs, as they seek. Those
    waiting are of one sex, and the last one takes the next of the other; whoever meets a relative
    stays single this year. One candidate more or less changes few other couples.
    """
    waiting = np.empty(order.size, dtype=np.uint64)
    depth, count, here, one_sex = 0, 0, np.int64(-1), np.uint8(MALE)
    for one in order:
        j = np.uint64(one)
        i = np.uint64(seeking[j])
        if cell[j] != here:
            depth, here = 0, cell[j]
        if depth == 0 or sex[i] == one_sex:
            waiting[depth], one_sex = i, sex[i]
            depth += 1
            continue
        w = waiting[depth - 1]
        related = family[i] == family[w] or mother[i] == np.int64(w) or mother[w] == np.int64(i)
        if related or (mother[i] >= 0 and mother[i] == mother[w]):
            continue
        depth -= 1
        men[count], women[count] = (w, i) if one_sex == MALE else (i, w)
        count += 1
    return count


@kernel
def list_apart(
    moved: NDArray[np.int64],
    apart: NDArray[np.int64],
    place: NDArray[np.uint8],
    partner: NDArray[np.int32],
    municipality: NDArray[np.int16],
    sex: NDArray[np.uint8],
    person: NDArray[np.int64],
) -> int:
    """List one of each couple of residents of two municipalities, of whom one has moved.

    The one is the woman, or the smaller identifier, as for parting; twice if both have moved.
    """
    count = 0
    for one in moved:
        i = np.uint64(one)
        p = np.uint64(partner[i]) if partner[i] >= 0 else i
        if municipality[i] != municipality[p] and place[i] == place[p] == RESIDENT:
            second = sex[p] < sex[i] or (sex[p] == sex[i] and person[p] < person[i])
            apart[count] = p if second else i
            count += 1
    return count


@kernel
def mark_away(
    left_by: np.int16,
    place: NDArray[np.uint8],
    left_year: NDArray[np.int16],
    partner: NDArray[np.int32],
    marks: NDArray[np.bool_],
) -> None:
    """Mark persons abroad who left by a year and have a partner."""
    for i in range(place.size):
        marks[i] = (place[i] == ABROAD) & (left_year[i] <= left_by) & (partner[i] >= 0)
