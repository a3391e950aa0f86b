"""Persons abroad who may return: expected leavers of ten years, by destination and degree.

Who left alone comes back alone; who left with a family comes back in one such as the families
that those of the same kind and sex left in. Status and education are those of the year's
leavers of the same kind, sex, degree and being alone or not. Children come back as the adults
do with whom they left: at the mean chance of adults with families of the parents' kind.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from sim.agents.population import Population
from sim.codes import BACKGROUND, DESTINATION, ORIGIN
from sim.transitions.emigration import CODE_OF_CHOICE, Emigration, row_of
from sim.transitions.process import Settings
from sim.transitions.returning import LONGEST, RETURNING, Returning
from sim.twin import cells_kernel as kernel
from sim.twin.cells import Cells, View
from sim.twin.homes import Homes
from sim.twin.kids import NOBODY, YEARS, Kids, nobody, own_class
from sim.twin.kinds import (
    ALONE,
    FAMILIES,
    IMMIGRANT_KINDS,
    KINDS,
    LONG_AGO,
    MIXED,
    NEAR,
    PAIRED,
    PARTS,
    ROLES,
    STATES,
    Floats,
    Ints,
    family_class,
    neighbours,
    shares_of,
    sums,
)
from sim.twin.numbers import Numbers
from sim.twin.start import Absent, states_of

HOUSES = ROLES * FAMILIES
COMMONEST = 3  # families of a kind and sex that those who come back in one are spread over
LEAST = 1e-9
ALONE_BACK = 2  # who comes back alone, beside families of leavers since the start (0) or before (1)


class Entries(NamedTuple):
    """Those who left, by what they were: parts of a type, alone or not, degree; one line each.

    Years of birth and arrival are means of those who are near to each other in both.
    """

    parts: dict[str, Ints]
    origins: Floats
    alone: Ints
    degree: Ints


@dataclass
class Leavers:
    """Those who left in one year and are abroad.

    persons: expected, by entry and destination. profile: shares of states by kind, sex, being
    alone, degree. place, share: the commonest places of those who were not alone, by kind and sex.
    before: whether they left before the start.
    """

    entries: Entries
    persons: Floats
    profile: Floats
    place: Ints
    share: Floats
    kids: Kids
    before: bool = False


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
            profile, families = _empty_profile(), np.zeros((KINDS, 2, HOUSES))
            parts = {part: values[mine] for part, values in absent.parts.items()}
            kind, sex = parts["kind"], parts["sex"]
            alone, degree = absent.alone[mine], absent.degree[mine]
            np.add.at(profile, (kind, sex, alone, degree, state[mine]), 1.0)
            np.add.at(families, (kind, sex, place[mine]), 1.0 - alone)
            entries, of = _entered(parts, absent.origin[mine], alone, degree)
            persons = np.zeros((entries.alone.size, len(DESTINATION)))
            np.add.at(persons, (of, absent.destination[mine]), 1.0)
            young = kids.take(of_kid[np.flatnonzero((absent.left == left) & absent.kid)])
            self.leavers[left] = Leavers(entries, persons, _shares(profile),
                                         *_commonest(families), young.merged(), True)  # fmt: skip

    def leave(
        self, cells: Cells, view: View, leaving: Floats, profile: Floats, kids: Kids, year: int
    ) -> None:
        """Note who leaves in a year, and let them choose a destination."""
        alone = (view.size == 1).astype(np.int64)
        entries, persons = _leaving(cells, view, alone, leaving)
        persons = persons[:, None] * self._destinations(entries, year)
        families = np.zeros(KINDS * 2 * HOUSES)
        house = (view.kind * 2 + view.sex) * HOUSES + view.role * FAMILIES + view.family
        families += sums(house, leaving.sum(axis=1) * (1 - alone), families.size)
        self.leavers[year] = Leavers(
            entries, persons, _shares(profile), *_commonest(families.reshape(KINDS, 2, HOUSES)),
            kids,
        )  # fmt: skip

    def _destinations(self, entries: Entries, year: int) -> Floats:
        """Return the share of each destination."""
        background, reached = entries.parts["background"], year - entries.parts["birth"]
        found = np.zeros((reached.size, len(DESTINATION)))
        for origin in range(entries.origins.shape[1]):
            mine = np.flatnonzero(entries.origins[:, origin] > 0)
            row = row_of(background[mine], np.full(mine.size, origin),
                         entries.degree[mine] * 4, reached[mine])  # fmt: skip
            chances = self.emigration.weights[row]
            chances = chances / chances.sum(axis=1, keepdims=True)
            found[mine[:, None], CODE_OF_CHOICE] += entries.origins[mine, origin, None] * chances
        return found

    def come_back(self, cells: Cells, year: int) -> tuple[Floats, Kids]:
        """Put those into cells who return in a year; return how many by kind, and the children."""
        for left in [y for y in self.leavers if y < year - LONGEST]:
            del self.leavers[left]
        some = [left for left in self.leavers if left < year]
        if not self.applies or not some:
            return np.zeros(KINDS), nobody()
        chances = self.returning.chances(year)
        coming, kids = [], []
        place = np.zeros((2, KINDS, 2, COMMONEST), dtype=np.int64)
        share = np.zeros((2, KINDS, 2, COMMONEST))
        for left in some:
            leavers = self.leavers[left]
            back, young = _back(leavers, chances[..., year - left])
            coming.append(back)
            kids.append(young)
            known, early = leavers.share.sum(axis=2) > 0, int(leavers.before)
            place[early][known], share[early][known] = leavers.place[known], leavers.share[known]
        number = _seat(cells, [self.leavers[left] for left in some], coming, (place, share), year)
        back_too = nobody().joined_by(*kids).without(cells.least)
        return number + sums(back_too.kind, back_too.persons, KINDS), back_too

    def die(self, dying: Floats, year: int) -> None:
        """Let people abroad die. dying: by sex and age reached."""
        for leavers in self.leavers.values():
            parts = leavers.entries.parts
            age = np.clip(year - parts["birth"], 0, dying.shape[1] - 1)
            leavers.persons *= (1 - dying[parts["sex"], age])[:, None]


def _entered(
    parts: dict[str, Ints], origin: Ints, alone: Ints, degree: Ints
) -> tuple[Entries, Ints]:
    """Return entries of persons who are known one by one, and the entry of each."""
    homes = Homes()
    group = homes.groups(parts)
    _, of = np.unique((group * 2 + alone) * 2 + degree, return_inverse=True)
    n = int(of.max()) + 1 if of.size else 0
    first = np.zeros(n, dtype=np.int64)
    first[of[::-1]] = np.arange(of.size)[::-1]
    persons = np.bincount(of, minlength=n)
    found = {part: values[first] for part, values in parts.items()}
    for part in ("birth", "arrival"):
        found[part] = np.rint(np.bincount(of, parts[part], n) / persons).astype(np.int64)
    found["arrival"][found["kind"] >= IMMIGRANT_KINDS] = LONG_AGO
    origins = sums(of * len(ORIGIN) + origin, np.ones(of.size), n * len(ORIGIN))
    origins = shares_of(origins.reshape(n, len(ORIGIN)))
    return Entries(found, origins, alone[first], degree[first]), of


def _leaving(cells: Cells, view: View, alone: Ints, leaving: Floats) -> tuple[Entries, Floats]:
    """Return entries of a year's leavers, by row and degree, and how many persons each has."""
    homes, size = cells.homes, 4 * cells.homes.kind.size
    key = (cells.group[view.type] * 2 + alone) * 2
    number, birth, arrival = (
        np.stack([sums(key // 2, leaving[:, d] * of, size // 2) for d in range(2)], 1).ravel()
        for of in (1.0, view.birth, view.arrival)
    )
    some = np.flatnonzero(number > max(LEAST, 10 * cells.least))
    kind, group = homes.kind, some // 4
    every, held = (
        sums(kind[np.arange(size) // 4], number, KINDS), sums(kind[group], number[some], KINDS)
    )  # fmt: skip
    standing_for = (every / np.where(held > 0, held, 1.0))[kind[group]]  # those left out
    parts = {part: of[group] for part, of in homes.parts.items()}
    for part, total in (("birth", birth), ("arrival", arrival)):
        parts[part] = np.rint(total[some] / number[some]).astype(np.int64)
    parts["arrival"][kind[group] >= IMMIGRANT_KINDS] = LONG_AGO
    origins = homes.origin_shares()[group]
    return Entries(parts, origins, some // 2 % 2, some % 2), number[some] * standing_for


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


def _back(leavers: Leavers, chances: Floats) -> tuple[Floats, Kids]:
    """Take those who come back off the leavers of one year; return them by entry, and children."""
    entries = leavers.entries
    chance = np.zeros_like(leavers.persons)
    background = entries.parts["background"]
    for b in range(len(BACKGROUND)):
        for degree in range(2):
            mine = np.flatnonzero((background == b) & (entries.degree == degree))
            chance[mine] = entries.origins[mine] @ chances[b, :, :, degree]
    back = (leavers.persons * chance).sum(axis=1)
    before = leavers.persons.sum(axis=1)
    leavers.persons *= 1 - chance
    return back, _kids_back(leavers, entries.parts["kind"], back, before)


def _seat(
    cells: Cells,
    leavers: list[Leavers],
    coming: list[Floats],
    families: tuple[Ints, Floats],
    year: int,
) -> Floats:
    """Put those who come back into rows, spread over levels as residents; return how many by kind.

    families: the commonest places of those who come with a family, and their shares, of those
        who left since the start and before it.
    """
    entries = [each.entries for each in leavers]
    parts = {p: np.concatenate([e.parts[p] for e in entries]) for p in PARTS}
    back = np.concatenate(coming)
    types = cells.find(neighbours(parts, year, NEAR))
    kernel.put_in(cells.group[types], np.concatenate([e.origins for e in entries]), back,
                  cells.homes.origins)  # fmt: skip
    at, first = Numbers().find(types)
    there = types[first]
    kind, sex = cells.types["kind"][there], cells.types["sex"][there]
    state = np.concatenate([
        each.profile[e.parts["kind"], e.parts["sex"], e.alone, e.degree]
        for each, e in zip(leavers, entries, strict=True)
    ])  # fmt: skip
    how = np.concatenate([np.where(e.alone, ALONE_BACK, each.before)
                          for each, e in zip(leavers, entries, strict=True)])  # fmt: skip
    place, share = families
    for way in range(ALONE_BACK + 1):
        persons = np.zeros((there.size, STATES))
        mine = np.flatnonzero(how == way)
        kernel.put_in(at[mine], state[mine], back[mine], persons)
        if way == ALONE_BACK:
            _put(cells, there, persons, own_class(kind) + ALONE * FAMILIES, np.ones(there.size))
        else:
            for k in range(COMMONEST):
                _put(cells, there, persons, place[way, kind, sex, k], share[way, kind, sex, k])
    return sums(parts["kind"], back, KINDS)


def _put(cells: Cells, types: Ints, persons: Floats, place: Ints, share: Floats) -> None:
    """Add a share of persons by type and state to rows, spread over levels as residents."""
    some = np.flatnonzero((persons.sum(axis=1) > 0) & (share > 0))
    kind, house = cells.types["kind"][types[some]], place[some]
    for level in range(cells.levels):
        rows = cells.rows(types[some], level, house // FAMILIES, house % FAMILIES)
        kernel.put_in(rows, persons[some], share[some] * cells.level_shares[kind, level],
                      cells.mass)  # fmt: skip


def _kids_back(leavers: Leavers, kind: Ints, back: Floats, before: Floats) -> Kids:
    kids, family = leavers.kids, leavers.entries.alone == 0
    came, there = (sums(kind, x * family, KINDS) for x in (back, before))
    usual = came.sum() / max(there.sum(), LEAST)
    share = np.divide(came, there, out=np.full(KINDS, usual), where=there > LEAST)
    mine = np.where(kids.parents == NOBODY, usual, share[np.maximum(kids.parents, 0) // YEARS])
    coming = kids.take(np.arange(kids.persons.size))
    coming.persons = kids.persons * mine
    kids.persons = kids.persons - coming.persons
    return coming
