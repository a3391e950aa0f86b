"""Who might form or leave a union in a year, and what it does to families, on bare arrays."""

import numpy as np
from numpy.typing import NDArray

from sim.jit import kernel

RESIDENT = 0
STRETCH = 4_096  # persons at a time


@kernel
def list_possible(
    words: NDArray[np.uint32],
    first: int,
    form: NDArray[np.uint64],
    part: NDArray[np.uint64],
    leave: NDArray[np.uint64],
    year: int,
    youngest: int,
    sex: NDArray[np.uint8],
    birth_year: NDArray[np.int16],
    place: NDArray[np.uint8],
    partner: NDArray[np.int32],
    person: NDArray[np.int64],
    possible: NDArray[np.int64],
) -> int:
    """List whom a word lets do something, counted from position `first` on; return how many.

    words: of these persons only; the columns are everybody's. form, part, leave: by sex and age
    from the youngest on, the cuts of forming a union, of parting from a partner who is a
    person and from one who is not. A couple is decided by the word of one of them: of the
    woman, or of the smaller identifier. The first loop is vectorised and the second has no
    branch, as with births.
    """
    ages = form.shape[1]
    top = max(np.max(form), np.max(part), np.max(leave))
    if top == 0:
        return 0
    limit = np.uint32(top - np.uint64(1))
    born_by, born_from = np.int16(year - youngest), np.int16(year - youngest - ages + 1)
    born, places = birth_year[first : first + words.size], place[first : first + words.size]
    asked = np.empty(words.size, dtype=np.uint8)
    for j in range(words.size):
        asked[j] = (
            (words[j] <= limit) & (places[j] == RESIDENT) & (born[j] <= born_by)
            & (born[j] >= born_from)
        )  # fmt: skip
    low = 0
    for j in range(words.size):
        possible[low] = j
        low += 1 if asked[j] else 0
    count = 0
    for k in range(low):
        j = possible[k]
        i = first + j
        age = year - birth_year[i] - youngest
        p = partner[i]
        if p < 0:
            happens = words[j] < max(form[sex[i], age], leave[sex[i], age])
        else:
            decides = sex[i] < sex[p] or (sex[i] == sex[p] and person[i] < person[p])
            happens = decides and place[p] == RESIDENT and words[j] < part[sex[i], age]
        possible[count] = j
        count += happens
    return count


@kernel
def survey(
    rows: NDArray[np.int64],
    born_after: int,
    family: NDArray[np.int32],
    place: NDArray[np.uint8],
    birth_year: NDArray[np.int16],
    person: NDArray[np.int64],
    persons: NDArray[np.uint8],
    head: NDArray[np.int32],
    young: NDArray[np.int64],
) -> int:
    """Look at the residents among these rows, whole families; return how many are young.

    persons, head: by family, 0 and -1 on entry: how many they are, and who is the eldest. Of
    those born in one year it is the smallest identifier, so that the order of rows cannot
    matter. young: positions of those born after a year.
    """
    count = 0
    for i in rows:
        f = family[i]
        if place[i] == RESIDENT:
            persons[f] += 1
            h = head[f]
            if (
                h < 0
                or birth_year[i] < birth_year[h]
                or (birth_year[i] == birth_year[h] and person[i] < person[h])
            ):
                head[f] = i
            if birth_year[i] > born_after:
                young[count] = i
                count += 1
    return count


@kernel
def pair(
    order: NDArray[np.int64],
    cell: NDArray[np.int64],
    sex: NDArray[np.uint8],
    family: NDArray[np.int32],
    mother: NDArray[np.int32],
    who: NDArray[np.int64],
    first: NDArray[np.int64],
    second: NDArray[np.int64],
) -> int:
    """Pair men and women of a cell as brackets are paired; return how many couples.

    order: candidates, cell by cell and within it by luck; the other columns are the
    candidates'. Of those waiting the last one takes the next of the other sex; whoever meets
    a relative stays single this year. One candidate more or less changes few other couples.
    """
    waiting = np.empty(order.size, dtype=np.int64)
    depth, count = 0, 0
    for k in range(order.size):
        j = order[k]
        if k > 0 and cell[j] != cell[order[k - 1]]:
            depth = 0
        if depth == 0 or sex[waiting[depth - 1]] == sex[j]:
            waiting[depth] = j
            depth += 1
            continue
        w = waiting[depth - 1]
        related = family[j] == family[w] or mother[j] == who[w] or mother[w] == who[j]
        if related or (mother[j] >= 0 and mother[j] == mother[w]):
            continue
        depth -= 1
        first[count], second[count] = j, w
        count += 1
    return count


@kernel
def list_apart(
    year: int,
    longest: int,
    place: NDArray[np.uint8],
    partner: NDArray[np.int32],
    left_year: NDArray[np.int16],
    municipality: NDArray[np.int16],
    sex: NDArray[np.uint8],
    person: NDArray[np.int64],
    here: NDArray[np.int64],
    left: NDArray[np.int64],
) -> tuple[int, int]:
    """List one of each couple of residents of two municipalities, and residents left behind.

    The one is the woman, or the smaller identifier, as for parting. left: residents whose
    partner has been abroad for so many years, or longer. Of every stretch of persons those with
    a partner are listed first, and then those who are not both here in one place.
    """
    some = np.empty(STRETCH + 1, dtype=np.int64)
    moved, waited = 0, 0
    for first in range(0, place.size, STRETCH):
        paired = 0
        for i in range(first, min(first + STRETCH, place.size)):
            some[paired] = i  # without a branch: who has a partner cannot be foreseen
            paired += 1 if (partner[i] >= 0) & (place[i] == RESIDENT) else 0
        apart = 0
        for k in range(paired):
            i = some[k]
            p = partner[i]
            some[apart] = i
            apart += (municipality[i] != municipality[p]) | (place[p] != RESIDENT)
        for k in range(apart):
            i = some[k]
            p = partner[i]
            if place[p] == RESIDENT:
                if sex[i] < sex[p] or (sex[i] == sex[p] and person[i] < person[p]):
                    here[moved] = i
                    moved += 1
            elif year - left_year[p] >= longest:
                left[waited] = i
                waited += 1
    return moved, waited
