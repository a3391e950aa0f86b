"""Persons abroad who may return: expected leavers of ten years, by destination and degree.

Who left alone comes back alone; who left with a family comes back in one such as the families
that those of the same kind and sex left in. Status and education are those of the year's
leavers of the same kind, sex, degree and being alone or not. Children come back as the adults
do with whom they left: at the mean chance of adults with families of the parents' kind.
"""

from dataclasses import dataclass

import numpy as np

from sim.agents.population import Population
from sim.codes import BACKGROUND, DESTINATION
from sim.transitions.emigration import CODE_OF_CHOICE, Emigration, row_of
from sim.transitions.process import Settings
from sim.transitions.returning import LONGEST, RETURNING, Returning
from sim.twin import cells_kernel as kernel
from sim.twin.cells import (
    ALONE,
    FAMILIES,
    KINDS,
    MIXED,
    PAIRED,
    ROLES,
    STATES,
    Cells,
    Floats,
    Ints,
    View,
    family_class,
    sums,
)
from sim.twin.kids import NOBODY, YEARS, Kids, nobody, own_class
from sim.twin.start import Absent, states_of, type_parts

PLACES = ROLES * FAMILIES
COMMONEST = 3  # families of a kind and sex that those who come back in one are spread over
LEAST = 1e-9


@dataclass
class Leavers:
    """Those who left in one year and are abroad.

    By entry: type, whether alone, degree, and expected persons by destination. profile: shares
    of states by kind, sex, being alone, degree. place, share: the commonest places of those who
    were not alone, by kind and sex.
    """

    type: Ints
    alone: Ints
    degree: Ints
    persons: Floats
    profile: Floats
    place: Ints
    share: Floats
    kids: Kids


class Abroad:
    """Leavers by year, and who of them comes back."""

    def __init__(self, settings: Settings) -> None:
        self.returning = Returning.ready(settings)
        self.applies = settings.choice(RETURNING) != "nobody"
        self.emigration = Emigration.ready(settings)
        self.leavers: dict[int, Leavers] = {}

    def begin(self, people: Population, absent: Absent, kids: Kids, who: Ints) -> None:
        """Take those abroad at the start. who: their positions; kids: the children, in order."""
        paired, total = people["partner"][who] >= 0, people["family_total"][who]
        role = np.where(paired, PAIRED, np.where(total > people["family_immigrants"][who],
                                                 MIXED, ALONE))  # fmt: skip
        place = role * FAMILIES + family_class(total, people["family_immigrants"][who])
        state = states_of(people, who)
        of_kid = np.cumsum(absent.kid) - 1
        for left in np.unique(absent.left).tolist():
            mine = np.flatnonzero((absent.left == left) & ~absent.kid)
            types = absent.type[mine]
            profile, families = _empty_profile(), np.zeros((KINDS, 2, PLACES))
            kind, sex = absent_kind(people, who[mine])
            alone, degree = absent.alone[mine], absent.degree[mine]
            np.add.at(profile, (kind, sex, alone, degree, state[mine]), 1.0)
            np.add.at(families, (kind, sex, place[mine]), 1.0 - alone)
            key, inverse = np.unique((types * 2 + alone) * 2 + degree, return_inverse=True)
            persons = np.zeros((key.size, len(DESTINATION)))
            np.add.at(persons, (inverse, absent.destination[mine]), 1.0)
            young = kids.take(of_kid[np.flatnonzero((absent.left == left) & absent.kid)])
            self.leavers[left] = Leavers(key // 4, key // 2 % 2, key % 2, persons,
                                         _shares(profile), *_commonest(families),
                                         young.merged())  # fmt: skip

    def leave(
        self, cells: Cells, view: View, leaving: Floats, profile: Floats, kids: Kids, year: int
    ) -> None:
        """Note who leaves in a year, and let them choose a destination."""
        alone = (view.size == 1).astype(np.int64)
        key = (cells.usual_types()[view.type] * 2 + alone) * 2
        number = sums(np.concatenate([key, key + 1]), leaving.T.ravel(),
                      4 * cells.types["kind"].size)  # fmt: skip
        some = np.flatnonzero(number > max(LEAST, 10 * cells.least))
        types, degree = some // 4, some % 2
        kind = cells.types["kind"]
        every, held = (
            sums(kind[np.arange(number.size) // 4], number, KINDS),
            sums(kind[types], number[some], KINDS),
        )
        standing_for = (every / np.where(held > 0, held, 1.0))[kind[types]]  # those left out
        persons = (number[some] * standing_for)[:, None]
        persons = persons * self._destinations(cells, types, degree, year)
        families = np.zeros((KINDS, 2, PLACES))
        place = view.role * FAMILIES + view.family
        np.add.at(families, (view.kind, view.sex, place), leaving.sum(axis=1) * (1 - alone))
        self.leavers[year] = Leavers(
            types, some // 2 % 2, degree, persons, _shares(profile), *_commonest(families),
            kids,
        )  # fmt: skip

    def _destinations(self, cells: Cells, types: Ints, degree: Ints, year: int) -> Floats:
        """Return the share of each destination."""
        shares = cells.shares()[types]
        background = cells.types["background"][types]
        reached = year - cells.types["birth"][types]
        found = np.zeros((types.size, len(DESTINATION)))
        for origin in range(shares.shape[1]):
            mine = np.flatnonzero(shares[:, origin] > 0)
            row = row_of(background[mine], np.full(mine.size, origin),
                         degree[mine] * 4, reached[mine])  # fmt: skip
            chances = self.emigration.weights[row]
            chances = chances / chances.sum(axis=1, keepdims=True)
            found[mine[:, None], CODE_OF_CHOICE] += shares[mine, origin, None] * chances
        return found

    def come_back(self, cells: Cells, year: int) -> tuple[Floats, Kids]:
        """Put those into cells who return in a year; return how many by kind, and the children."""
        number, kids = np.zeros(KINDS), nobody()
        if not self.applies:
            return number, kids
        chances = self.returning.chances(year)
        shares = cells.shares()
        for left in [y for y in self.leavers if y < year - LONGEST]:
            del self.leavers[left]
        n = cells.types["kind"].size
        alone, together = np.zeros((n, STATES)), np.zeros((n, STATES))
        place, share = (
            np.zeros((KINDS, 2, COMMONEST), dtype=np.int64),
            np.zeros((KINDS, 2, COMMONEST)),
        )
        for left, leavers in self.leavers.items():
            if left < year:
                back, young = _back(cells, leavers, chances[..., year - left], shares,
                                    (together, alone))  # fmt: skip
                number += back
                kids = kids.joined_by(young)
                known = leavers.share.sum(axis=2) > 0
                place[known], share[known] = leavers.place[known], leavers.share[known]
        _seat(cells, alone, own_class(cells.types["kind"]) + ALONE * FAMILIES, np.ones(n))
        kind, sex = cells.types["kind"][:n], cells.types["sex"][:n]
        for k in range(COMMONEST):
            _seat(cells, together, place[kind, sex, k], share[kind, sex, k])
        return number + sums(kids.kind, kids.persons, KINDS), kids

    def types(self) -> Ints:
        """Return the types of those abroad."""
        every = [leavers.type for leavers in self.leavers.values()]
        return np.unique(np.concatenate(every)) if every else np.empty(0, dtype=np.int64)

    def renumber(self, number: Ints) -> None:
        """Take new numbers of types."""
        for leavers in self.leavers.values():
            leavers.type = number[leavers.type]

    def die(self, cells: Cells, dying: Floats, year: int) -> None:
        """Let people abroad die. dying: by sex and age reached."""
        age = np.clip(year - cells.types["birth"], 0, dying.shape[1] - 1)
        living = 1 - dying[cells.types["sex"], age]
        for leavers in self.leavers.values():
            leavers.persons *= living[leavers.type, None]


def absent_kind(people: Population, who: Ints) -> tuple[Ints, Ints]:
    """Return kind and sex."""
    parts = type_parts(people, who)
    return parts["kind"], parts["sex"]


def _empty_profile() -> Floats:
    return np.zeros((KINDS, 2, 2, 2, STATES))


def _shares(number: Floats) -> Floats:
    """Return shares along the last axis; even ones of nobody."""
    total = number.sum(axis=-1, keepdims=True)
    return np.where(total > 0, number / np.where(total > 0, total, 1.0), 1 / number.shape[-1])


def _commonest(families: Floats) -> tuple[Ints, Floats]:
    """Return the commonest places of a kind and sex, and their shares; 0 where nobody was."""
    place = np.argsort(-families, axis=2)[:, :, :COMMONEST]
    weight = np.take_along_axis(families, place, axis=2)
    total = weight.sum(axis=2, keepdims=True)
    return place, weight / np.where(total > 0, total, 1.0)


def _back(
    cells: Cells, leavers: Leavers, chances: Floats, shares: Floats, into: tuple[Floats, Floats]
) -> tuple[Floats, Kids]:
    """Take those who come back off the leavers of one year.

    into: where they are noted by type and state, who comes with a family and who alone.
    """
    chance = np.zeros_like(leavers.persons)
    background = cells.types["background"][leavers.type]
    for b in range(len(BACKGROUND)):
        for degree in range(2):
            mine = np.flatnonzero((background == b) & (leavers.degree == degree))
            chance[mine] = shares[leavers.type[mine]] @ chances[b, :, :, degree]
    back = (leavers.persons * chance).sum(axis=1)
    before = leavers.persons.sum(axis=1)
    leavers.persons *= 1 - chance
    kind, sex = cells.types["kind"][leavers.type], cells.types["sex"][leavers.type]
    state = leavers.profile[kind, sex, leavers.alone, leavers.degree]
    for alone in range(2):
        mine = np.flatnonzero(leavers.alone == alone)
        kernel.put_in(leavers.type[mine], state[mine], back[mine], into[alone])
    return sums(kind, back, KINDS), _kids_back(leavers, kind, back, before)


def _seat(cells: Cells, persons: Floats, place: Ints, share: Floats) -> None:
    """Add a share of persons by type and state to rows, spread over levels as residents."""
    types = np.flatnonzero((persons.sum(axis=1) > 0) & (share > 0))
    kind = cells.types["kind"][types]
    for level in range(cells.levels):
        rows = cells.near(types, level, place[types] // FAMILIES, place[types] % FAMILIES)
        kernel.put_in(rows, persons[types], share[types] * cells.level_shares[kind, level],
                      cells.mass)  # fmt: skip


def _kids_back(leavers: Leavers, kind: Ints, back: Floats, before: Floats) -> Kids:
    kids, family = leavers.kids, leavers.alone == 0
    came, there = (sums(kind, x * family, KINDS) for x in (back, before))
    usual = came.sum() / max(there.sum(), LEAST)
    share = np.divide(came, there, out=np.full(KINDS, usual), where=there > LEAST)
    mine = np.where(kids.parents == NOBODY, usual, share[np.maximum(kids.parents, 0) // YEARS])
    coming = kids.take(np.arange(kids.persons.size))
    coming.persons = kids.persons * mine
    kids.persons = kids.persons - coming.persons
    return coming
