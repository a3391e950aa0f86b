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
from sim.codes import DESTINATION, ORIGIN
from sim.transitions.emigration import CODE_OF_CHOICE, Emigration
from sim.transitions.process import Settings
from sim.transitions.returning import LONGEST, RETURNING, Returning
from sim.twin import abroad_kernel as kernel
from sim.twin import cells_kernel
from sim.twin.cells import Cells, View
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
    counted,
    family_class,
    key_of,
    neighbours,
    shares_of,
    sums,
)
from sim.twin.numbers import Numbers
from sim.twin.start import Absent, states_of

HOUSES = ROLES * FAMILIES
COMMONEST = 3  # families of a kind and sex that those who come back in one are spread over
LEAST = 1e-9
SINCE, BEFORE, ALONE_BACK = range(3)  # who comes back with a family, left since the start or not
BIRTHS, ARRIVALS = 6, 4  # years of birth and of arrival that are one entry; means are kept
COLUMNS = (*PARTS, "alone", "degree", "left")


class Entries(NamedTuple):
    """Those abroad, by what they were and when they left: a line each.

    columns: as `COLUMNS`; years of birth and arrival are means of those who are near to each
    other in both. origins: shares. persons: expected, by destination.
    """

    columns: Ints
    origins: Floats
    persons: Floats

    def column(self, name: str) -> Ints:
        """Return one of the columns."""
        return np.asarray(self.columns[COLUMNS.index(name)])

    def parts(self) -> dict[str, Ints]:
        """Return the parts of the types."""
        return dict(zip(PARTS, self.columns[: len(PARTS)], strict=True))

    def joined_by(self, other: "Entries") -> "Entries":
        """Return these lines and others."""
        return Entries(np.concatenate([self.columns, other.columns], axis=1),
                       *(np.concatenate(both) for both in zip(self[1:], other[1:], strict=True))
                       )  # fmt: skip

    def take(self, which: Ints) -> "Entries":
        """Return some of the lines."""
        return Entries(np.ascontiguousarray(self.columns[:, which]), self.origins[which],
                       self.persons[which])  # fmt: skip

    def bare(self) -> kernel.Entries:
        """Return what kernels ask for."""
        known = {name: self.column(name) for name in kernel.Entries._fields[:-2]}
        return kernel.Entries(**known, origins=self.origins, persons=self.persons)


@dataclass
class Leavers:
    """How those lived who left in one year, and their children.

    profile: shares of states by kind, sex, being alone, degree. place, share: the commonest
    places of those who were not alone, by kind and sex. before: whether they left before the
    start.
    """

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
        self.destinations = _destinations(Emigration.ready(settings).weights)
        self.leavers: dict[int, Leavers] = {}
        nobody_yet = (np.empty((0, len(named))) for named in (ORIGIN, DESTINATION))
        self.entries = Entries(np.empty((len(COLUMNS), 0), dtype=np.int64), *nobody_yet)

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
            kind, sex = absent.parts["kind"][mine], absent.parts["sex"][mine]
            alone, degree = absent.alone[mine], absent.degree[mine]
            profile = counted((kind, sex, alone, degree, state[mine]), _empty_profile().shape)
            families = counted((kind, sex, place[mine], alone), (KINDS, 2, HOUSES, 2))[..., 0]
            self.entries = self.entries.joined_by(_entered(absent, mine, left))
            young = kids.take(of_kid[np.flatnonzero((absent.left == left) & absent.kid)])
            self.leavers[left] = Leavers(_shares(profile), *_commonest(families), young.merged(),
                                         before=True)  # fmt: skip

    def leave(
        self, cells: Cells, view: View, leaving: tuple[Floats, Floats], profile: Floats,
        kids: Kids, year: int,
    ) -> None:  # fmt: skip
        """Note who leaves in a year, and let them choose a destination.

        leaving: how many of each row do, by degree and in all.
        """
        alone = (view.size == 1).astype(np.int64)
        entries = _leaving(cells, view, alone, leaving[0], year)
        row = entries.column("background") * (len(ORIGIN) * 4)
        kernel.head_for(entries.bare(), row, self.destinations, year)
        self.entries = self.entries.joined_by(entries)
        house = (view.kind * 2 + view.sex) * HOUSES + view.role * FAMILIES + view.family
        families = sums(house, leaving[1] * (1 - alone), KINDS * 2 * HOUSES)
        commonest = _commonest(families.reshape(KINDS, 2, HOUSES))
        self.leavers[year] = Leavers(_shares(profile), *commonest, kids)

    def come_back(self, cells: Cells, year: int) -> tuple[Floats, Kids]:
        """Put those into cells who return in a year; return how many by kind, and the children."""
        late = [left for left in self.leavers if left < year - LONGEST]
        for left in late:
            del self.leavers[left]
        if late:
            self.entries = self.entries.take(
                np.flatnonzero(self.entries.column("left") > max(late))
            )
        some = [left for left in self.leavers if left < year]
        if not self.applies or not some:
            return np.zeros(KINDS), nobody()
        chances = self.returning.chances(year).transpose(4, 0, 3, 1, 2)
        back, before = np.empty((2, len(self.entries.persons)))
        kernel.come_back(self.entries.bare(), year, np.ascontiguousarray(chances), back, before)
        number = self._seat(cells, back, year)
        kids = self._kids_back(some, back, before).without(cells.least)
        return number + sums(kids.kind, kids.persons, KINDS), kids

    def die(self, dying: Floats, year: int) -> None:
        """Let people abroad die. dying: by sex and age reached."""
        kernel.die(self.entries.bare(), year, dying)

    def _seat(self, cells: Cells, back: Floats, year: int) -> Floats:
        """Put those who come back into rows, spread over levels; return how many by kind."""
        entries = self.entries
        parts = entries.parts()
        of, first = Numbers().find(key_of(parts))
        parts = {name: part[first] for name, part in parts.items()}
        types = cells.find(neighbours(parts, year, NEAR))
        cells_kernel.put_in(cells.group[types[of]], entries.origins, back, cells.homes.origins)
        at, first = Numbers().find(types)
        there = types[first]
        kind, sex = parts["kind"][first], parts["sex"][first]
        persons = np.zeros((there.size, ALONE_BACK + 1, STATES))
        start, end = min(self.leavers), max(self.leavers)
        profile = np.zeros((end - start + 1, *_empty_profile().shape))
        for left, leavers in self.leavers.items():
            profile[left - start] = leavers.profile
        early = np.array([year in self.leavers and self.leavers[year].before
                          for year in range(start, end + 1)])  # fmt: skip
        kernel.spread(entries.bare(), start, back, at[of], profile, early, persons)
        self._house(cells, there, persons, kind, sex, year)
        return sums(entries.column("kind"), back, KINDS)

    def _house(
        self, cells: Cells, types: Ints, persons: Floats, kind: Ints, sex: Ints, year: int
    ) -> None:
        """Put those who come back into the families that they come to.

        persons: by type, how they come, and state. Families in which too few would come are left
        out, but for the commonest.
        """
        place, share = self._commonest_places(year)
        place, share = place[:, kind, sex], share[:, kind, sex]
        coming = persons.sum(axis=2)
        few = share * coming[:, :ALONE_BACK].T[..., None] < cells.least
        few[..., 0] = False
        share = np.where(few, 0.0, share)
        share /= np.maximum(share.sum(axis=2, keepdims=True), LEAST)
        alone = (own_class(kind) + ALONE * FAMILIES)[:, None]
        ones = np.ones(alone.shape)
        for way, (house, each) in enumerate([*zip(place, share, strict=True), (alone, ones)]):
            part = np.where(coming[:, way, None] > 0, each, 0.0)
            _put(cells, types, persons[:, way], house, part)

    def _commonest_places(self, year: int) -> tuple[Ints, Floats]:
        """Return the commonest places of a kind and sex, as last known, and their shares.

        First of those who left since the start, then of those who left before.
        """
        place = np.zeros((2, KINDS, 2, COMMONEST), dtype=np.int64)
        share = np.zeros((2, KINDS, 2, COMMONEST))
        for leavers in (self.leavers[left] for left in self.leavers if left < year):
            known, way = leavers.share.sum(axis=2) > 0, BEFORE if leavers.before else SINCE
            place[way][known], share[way][known] = leavers.place[known], leavers.share[known]
        return place, share

    def _kids_back(self, some: list[int], back: Floats, before: Floats) -> Kids:
        """Return the children who come back, of these years of leaving; take them off."""
        entries, kinds = self.entries, KINDS
        with_family = entries.column("alone") == 0
        first = min(some)
        at = (entries.column("left") - first) * kinds + entries.column("kind")
        size = (max(self.leavers) - first + 1) * kinds
        came, there = (sums(at, x * with_family, size).reshape(-1, kinds) for x in (back, before))
        coming = []
        for left in some:
            mine, held = came[left - first], there[left - first]
            usual = mine.sum() / max(held.sum(), LEAST)
            share = np.divide(mine, held, out=np.full(kinds, usual), where=held > LEAST)
            kids = self.leavers[left].kids
            led = np.where(
                kids.parents == NOBODY, usual, share[np.maximum(kids.parents, 0) // YEARS]
            )
            coming.append(kids.with_persons(kids.persons * led))
            kids.persons = kids.persons * (1 - led)
        return nobody().joined_by(*coming)


def _destinations(weights: Floats) -> Floats:
    """Return the share of each destination, by background, origin, degree and being young."""
    found = np.zeros((len(weights), len(DESTINATION)))
    found[:, CODE_OF_CHOICE] = weights / weights.sum(axis=1, keepdims=True)
    return found


def _entered(absent: Absent, mine: Ints, left: int) -> Entries:
    """Return entries of persons who are known one by one and left in a year."""
    parts = {part: values[mine] for part, values in absent.parts.items()}
    alone, degree = absent.alone[mine], absent.degree[mine]
    of, first = Numbers().find((key_of(_near(parts)) * 2 + alone) * 2 + degree)
    n = first.size
    persons = np.bincount(of, minlength=n)
    found = {part: values[first] for part, values in parts.items()}
    for part in ("birth", "arrival"):
        found[part] = np.rint(np.bincount(of, parts[part], n) / persons).astype(np.int64)
    origins = sums(of * len(ORIGIN) + absent.origin[mine], np.ones(of.size), n * len(ORIGIN))
    where = sums(of * len(DESTINATION) + absent.destination[mine], np.ones(of.size),
                 n * len(DESTINATION))  # fmt: skip
    return _entries(found, (alone[first], degree[first]), left,
                    origins.reshape(n, -1), where.reshape(n, -1))  # fmt: skip


def _near(parts: dict[str, Ints]) -> dict[str, Ints]:
    """Return the parts of types with years of birth and of arrival that are one in an entry."""
    return {**parts, "birth": parts["birth"] // BIRTHS * BIRTHS,
            "arrival": parts["arrival"] // ARRIVALS * ARRIVALS}  # fmt: skip


def _entries(
    parts: dict[str, Ints], how: tuple[Ints, Ints], left: int, origins: Floats, persons: Floats
) -> Entries:
    """Return entries of one year. how: alone or not, degree."""
    born = parts["kind"] >= IMMIGRANT_KINDS
    parts = {**parts, "arrival": np.where(born, LONG_AGO, parts["arrival"])}
    years = np.full(born.size, left)
    columns = np.stack([*(parts[part] for part in PARTS), *how, years])
    return Entries(columns, shares_of(origins), persons)


def _leaving(cells: Cells, view: View, alone: Ints, leaving: Floats, year: int) -> Entries:
    """Return entries of a year's leavers, how many persons each has in the first column."""
    homes = cells.homes
    by_home = np.zeros((3, 4 * homes.kind.size))
    kernel.leavers(cells.group[view.type], alone, view.birth, view.arrival, leaving, by_home)
    there = np.flatnonzero(by_home[0] > 0)
    home = there // 4
    of, first = Numbers().find(
        key_of(_near({p: v[home] for p, v in homes.parts.items()})) * 4 + there % 4
    )
    number, birth, arrival = (sums(of, each[there], first.size) for each in by_home)
    origins = np.zeros((first.size, len(ORIGIN)))
    cells_kernel.put_in(of, homes.origin_shares()[home], by_home[0, there], origins)
    kind = homes.kind[home[first]]
    some = np.flatnonzero(number > max(LEAST, 10 * cells.least))
    every, held = sums(kind, number, KINDS), sums(kind[some], number[some], KINDS)
    standing_for = (every / np.where(held > 0, held, 1.0))[kind[some]]  # those left out
    parts = {part: values[home[first[some]]] for part, values in homes.parts.items()}
    for part, total in (("birth", birth), ("arrival", arrival)):
        parts[part] = np.rint(total[some] / number[some]).astype(np.int64)
    persons = np.zeros((some.size, len(DESTINATION)))
    persons[:, 0] = number[some] * standing_for
    how = there[first[some]]
    return _entries(parts, (how // 2 % 2, how % 2), year, origins[some], persons)


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


def _put(cells: Cells, types: Ints, persons: Floats, place: Ints, share: Floats) -> None:
    """Add shares of persons by type and state to rows, spread over levels as residents.

    place, share: of each type, some of each.
    """
    at, one = np.nonzero(share)
    kind, house, part = cells.types["kind"][types[at]], place[at, one], share[at, one]
    for level in range(cells.levels):
        rows = cells.rows(types[at], level, house // FAMILIES, house % FAMILIES)
        part_here = part * cells.level_shares[kind, level]
        cells_kernel.put_some_in(rows, persons, at, part_here, cells.mass)
