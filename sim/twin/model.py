"""The twin: one population's expected years, in the order in which the engine lives them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from sim.agents.population import Population
from sim.codes import CENTRALITY, REASON, SEX
from sim.engine import as_altered
from sim.transitions import county_moves_kernel as county_kernel
from sim.transitions import deaths
from sim.transitions.births import assumed
from sim.transitions.calibrated import SIZES as FAMILY_SIZES
from sim.transitions.calibrated import kinds_of_families
from sim.transitions.coming_of_age import AT_FIFTEEN
from sim.transitions.county_moves import CountyMoves
from sim.transitions.descendants import Descendants
from sim.transitions.descendants import probabilities as born_leave
from sim.transitions.destination import DomesticDestination
from sim.transitions.expected import chances_of
from sim.transitions.levers import hastened
from sim.transitions.mobility import CHILDREN, NORWEGIAN_BORN, Mobility
from sim.transitions.process import Settings
from sim.transitions.share import share_of_all
from sim.transitions.together import TOGETHER
from sim.twin import cells_kernel as kernel
from sim.twin import places, start
from sim.twin.abroad import Abroad
from sim.twin.cells import (
    BORN,
    IMMIGRANT,
    IMMIGRANT_KINDS,
    KINDS,
    PLACES,
    REASON_OF_KIND,
    REGION_OF_KIND,
    SAME,
    SIZES,
    STATES,
    Cells,
    Floats,
    Ints,
    View,
    rows_of,
    sums,
)
from sim.twin.families import FamilyLife, levels_by_origin
from sim.twin.growing import grow_up
from sim.twin.kids import (
    Kids,
    parents_grown_old,
    parents_of,
    parents_who,
)
from sim.twin.newcomers import Newcomers
from sim.twin.work import Work

GROUPS = (*REASON.names, "norwegian_born")  # by which flows and stocks are told
GROUP_OF_KIND = np.where(IMMIGRANT, REASON_OF_KIND, len(REASON))
EVENTS = ("domestic", "emigrate", "return", "arrive", "birth", "death")
MANY = 60_000  # rows; fewer are never merged
# Persons; rows in which fewer are expected are put to their neighbours, near and wide.
LIGHT, LIGHTEST = 5.0, 0.7
FEWEST = 1e-6  # persons; rows in which fewer are expected are given up
FEWEST_GO, FEWEST_KIDS = 5e-3, 0.05  # flows in families left out; rows of children joined


@dataclass(frozen=True)
class Expected:
    """What a year is expected to hold: the stock of 1 January and the flows, by `GROUPS`."""

    year: int
    stock: Floats
    flows: dict[str, Floats]

    def total(self, event: str) -> float:
        """Return how many persons an event is expected to happen to."""
        return float(self.flows[event].sum())


class Chosen(NamedTuple):
    """Movers and leavers of a year, as the kernel counts them."""

    moving: Floats
    leaving: Floats
    by_level: Floats
    moved: Floats
    profile: Floats


class Twin:
    """One population's expected years. The population given is left as it was."""

    def __init__(self, people: Population, settings: Settings, *, fine: bool = False) -> None:
        if settings.scale is None:
            settings = replace(settings, scale=share_of_all(people))
        self.settings = settings
        self.year = people.year
        with as_altered(settings):
            self._ready(people, PLACES if fine else 1)

    def run(self, years: int) -> Iterator[Expected]:
        """Live several years."""
        for _ in range(years):
            yield self.step()

    def step(self) -> Expected:
        """Live one year and return what is expected of it."""
        with as_altered(self.settings):
            return self._step()

    def stock(self) -> Floats:
        """Return the expected residents by `GROUPS`."""
        view = View(self.cells)
        adults = sums(GROUP_OF_KIND[view.kind], view.persons, len(GROUPS))
        return adults + _by_group(self.kids, self.kids.persons)

    def _ready(self, people: Population, levels: int) -> None:
        settings = self.settings
        self.mobility = Mobility.ready(settings)
        self.descendants = Descendants.ready(settings)
        self.covered = settings.choice(NORWEGIAN_BORN) == "as_immigrants"
        self.follow = settings.choice(CHILDREN) == "follow_adult"
        self.cells = Cells(levels)
        self.destination = DomesticDestination.ready(settings)
        self.work = Work(settings)
        self.deaths = deaths.Deaths.ready(settings)
        self.student = settings.choice(AT_FIFTEEN) == "student"
        self.newcomers = Newcomers(settings, self.cells.levels)
        start.fill(self.cells, people, start.adults_of(people))
        chances = chances_of(people, self.mobility, self.descendants)
        who = start.adults_of(people)
        types = self.cells.find(start.type_parts(people, who))
        n = self.cells.types["kind"].size
        chosen = [sums(types, chance[who], n) for chance in (chances.move, chances.leave)]
        self.exact: Floats | None = np.stack(chosen, axis=1)
        kids, _, adult = start.kids_of(people, follow=self.follow)
        led = adult >= 0
        first = np.where(led, chances.move[adult], 0.0), np.where(led, chances.leave[adult], 0.0)
        self.kids = kids
        self.first: tuple[Floats, Floats] | None = first
        together = settings.choice(TOGETHER) == "together"
        self.county = CountyMoves.ready(settings)
        county = start.county_chances(people, self.county, chances)
        couples = start.couples_of(people, chances, county, together=together)
        self.families = FamilyLife(settings, couples, levels_by_origin(people))
        self.abroad = Abroad(settings)
        self._take_absent(people)

    def _take_absent(self, people: Population) -> None:
        who = start.who_may_return(people)
        absent = start.absent_of(self.cells, people, who)
        young = who[absent.kid]
        kids = start.kids_from(people, young, np.full(young.size, -1))
        self.abroad.begin(people, absent, kids, who)

    def _step(self) -> Expected:
        stock = self.stock()
        flows: dict[str, Floats] = {}
        self._note_levels()
        self.cells.note_usual(self.year)
        moving = self._choose(flows)
        back, kids = self.abroad.come_back(self.cells, self.year)
        flows["return"] = _grouped(back)
        self.kids = self.kids.joined_by(kids)
        came, kids = self.newcomers.arrive(self.cells, self.year)
        flows["arrive"] = _grouped(came)
        self.kids = self.kids.joined_by(kids)
        flows["birth"] = self._give_birth()
        flows["death"] = self._die()
        self.families.form_and_part(self.cells, moving, self.year)
        self.families.fly_out(self.cells, self.year)
        self.kids = grow_up(self.kids, self.cells, self.year, student=self.student)
        self.work.happen(self.cells, self.year)
        lived = Expected(self.year, stock, flows)
        self.year += 1
        self._age()
        return lived

    def _note_levels(self) -> None:
        """Note where residents of each kind live, for those who come back."""
        cells = self.cells
        if cells.levels > 1:
            view = View(cells)
            shape = KINDS, cells.levels
            number = sums(view.kind * cells.levels + view.level, view.persons,
                                 KINDS * cells.levels).reshape(shape) + 1e-9  # fmt: skip
            cells.level_shares = number / number.sum(axis=1, keepdims=True)

    def _choose(self, flows: dict[str, Floats]) -> Floats:
        """Let people stay, move or leave; return the chance of moving by row."""
        cells, year = self.cells, self.year
        tables = self.mobility.tables_of(year)
        where, factor = places.seen_by_type(cells, tables)
        if self.exact is not None and cells.levels == 1:
            factor *= self._first_ratio(tables, where, factor)[:, None, :]
        self.exact = None
        before = cells.persons()
        moving, leaving, by_level, moved, profile = self._chosen(
            tables, where, factor, cells.mass[: cells.count]
        )
        view = View(cells)
        left = leaving.sum(axis=1)
        kids, gone, kid_moves = self._kids_choose(view, before, moving, left)
        flows["domestic"] = sums(GROUP_OF_KIND[view.kind], moving, len(GROUPS)) + kid_moves
        flows["emigrate"] = sums(GROUP_OF_KIND[view.kind], left, len(GROUPS))
        flows["emigrate"] += _by_group(gone, gone.persons)
        self.abroad.leave(cells, view, leaving, profile, gone, year)
        self.kids = kids
        if cells.levels > 1:
            places.change_rows(cells, view, moved, self.destination)
        else:
            places.change_shares(cells, by_level, before, (tables, self.destination))
        self.families.lose_partners(cells, view, before, left)
        chance = moving / np.maximum(before, 1e-300)
        return np.asarray(chance + (1 - chance) * self._county_chance(view))

    def _county_chance(self, view: View) -> Floats:
        """Return the chance of moving to another county at the same level by row."""
        age = self.year - 1 - view.birth
        young = ((age >= county_kernel.YOUNG) & (age <= county_kernel.OLD)).astype(np.int64)
        kind = self.county.kind_of[view.size * FAMILY_SIZES + view.same]
        chance = self.county.chances[REASON_OF_KIND[view.kind], kind, young]
        return np.asarray(chance * self.county.covered[view.background])

    def _first_ratio(self, tables: Any, where: Floats, factor: Floats) -> Floats:
        """Return what makes a first year's movers and leavers those of persons, by type.

        County, level and family go together in ways that shares by type do not hold.
        """
        assert self.exact is not None
        exact, found = self.exact, np.ones((factor.shape[0], 2))
        for _ in range(2):  # the second time for what the odds bend
            mass = self.cells.mass[: self.cells.count].copy()
            trial = self._chosen(tables, where, factor * found[:, None, :], mass)
            expected = trial.by_level.sum(axis=1)[: len(exact)]
            some = (expected > 0) & (exact > 0)
            ones = np.ones_like(exact)
            found[: len(exact)] *= np.divide(exact, expected, out=ones, where=some)
        return found

    def _chosen(self, tables: Any, where: Floats, factor: Floats, mass: Floats) -> "Chosen":
        """Take leavers off a mass by row and state; return them and the movers."""
        cells, n, year = self.cells, self.cells.count, self.year
        moving, leaving = np.zeros(n), np.zeros((n, 2))
        moved = np.zeros((n if cells.levels > 1 else 0, STATES))
        profile = np.zeros((KINDS, 2, 2, 2, STATES))
        by_level = np.zeros((cells.places.shape[0], len(CENTRALITY), 2))
        kernel.choose(
            rows_of(cells), _weights(tables), _weights(self.descendants.tables or _none(tables)),
            born_leave(year) * self.descendants.emigrate, self.covered, year, SIZES, SAME,
            kinds_of_families(), REASON_OF_KIND, REGION_OF_KIND, where, factor, mass,
            moved, moving, leaving, by_level, profile,
        )  # fmt: skip
        return Chosen(moving, leaving, by_level, moved, profile)

    def _kids_choose(
        self, view: View, before: Floats, moving: Floats, left: Floats
    ) -> tuple[Kids, Kids, Floats]:
        """Let children follow; return those who stay, those who leave, and movers by group."""
        kids = self.kids
        if not self.follow:
            move = leave = np.zeros(kids.persons.size)
        elif self.first is not None:
            move, leave = self.first
        else:
            parents = parents_who(view, before, moving, left)
            move, leave = parents.of(kids, parents.move), parents.of(kids, parents.leave)
        gone = replace(kids, persons=kids.persons * leave)
        gone = gone.without(self.cells.least)
        staying = replace(kids, persons=kids.persons * (1 - leave))
        if self.first is not None:  # a row for each child, no longer
            gone, staying = gone.merged(), staying.merged()
        self.first = None
        return staying, gone, _by_group(kids, kids.persons * move)

    def _give_birth(self) -> Floats:
        view = View(self.cells)
        born = self.families.births(self.cells, view, self.year)
        mothers = np.flatnonzero(born.persons > 0)
        shares = self.cells.shares()[view.type[mothers]]
        usual = self.cells.types["arrival"][self.cells.usual_types()[view.type[mothers]]]
        parents = parents_of(view.kind[mothers], usual)
        key, inverse = np.unique(parents, return_inverse=True)
        number = np.zeros((key.size, shares.shape[1]))
        kernel.put_in(inverse, shares, born.persons[mothers], number)
        at, origin = np.nonzero(number)
        boys = assumed()["boys"]
        for sex in range(len(SEX)):
            share = boys if sex == SEX.index("male") else 1 - boys
            self.kids = self.kids.joined_by(
                _newborn(sex, origin, key[at], number[at, origin] * share, self.year)
            )
        flow = np.zeros(len(GROUPS))
        flow[-1] = born.persons.sum()
        return flow

    def _die(self) -> Floats:
        cells, year, kids = self.cells, self.year, self.kids
        if self.deaths.choice == "nobody_dies":
            return np.zeros(len(GROUPS))
        chance = deaths.probabilities(year, falling=self.deaths.choice == "falling")
        chance = hastened(chance, self.deaths.level(year))
        view = View(cells)
        dying = chance[view.sex, np.clip(year - view.birth, 0, chance.shape[1] - 1)]
        young = chance[kids.sex, np.clip(year - kids.birth, 0, chance.shape[1] - 1)]
        dead = sums(GROUP_OF_KIND[view.kind], view.persons * dying, len(GROUPS))
        dead += _by_group(kids, kids.persons * young)
        cells.mass[: cells.count] *= (1 - dying)[:, None]
        self.kids = replace(kids, persons=kids.persons * (1 - young))
        self.abroad.die(cells, chance, year)
        self.families.widow(cells, View(cells), chance, year)
        return dead

    def _age(self) -> None:
        """Take long stays together, and give up rows that have emptied."""
        self.kids = replace(self.kids, parents=parents_grown_old(self.kids.parents, self.year))
        self.cells.grow_old(self.year)
        many = self.cells.count > MANY
        self.cells.least = FEWEST_GO if many else 0.0
        if many:
            self.cells.merge(LIGHT, LIGHTEST, self.year)
        self.kids = self.kids.lightened(FEWEST_KIDS) if many else self.kids.merged()
        kept = self.cells.compact(FEWEST if many else 0.0, self.abroad.types())
        self.abroad.renumber(kept)


def _weights(tables: Any) -> kernel.Weights:
    factors = {name: getattr(tables, name) for name in kernel.Weights._fields}
    return kernel.Weights(**{**factors, "traits": np.ascontiguousarray(tables.traits.T)})


def _none(tables: Any) -> Any:
    return tables._replace(age=tables.age * 0.0)


def _grouped(by_kind: Floats) -> Floats:
    return sums(GROUP_OF_KIND, by_kind, len(GROUPS))


def _by_group(kids: Kids, persons: Floats) -> Floats:
    return sums(GROUP_OF_KIND[kids.kind], persons, len(GROUPS))


def _newborn(sex: int, origin: Ints, parents: Ints, persons: Floats, year: int) -> Kids:
    n = origin.size
    return Kids(
        kind=IMMIGRANT_KINDS + origin, sex=np.full(n, sex), birth=np.full(n, year),
        arrival=np.full(n, year), background=np.full(n, BORN), schooled=np.ones(n, dtype=np.int64),
        origin=origin, state=np.zeros(n, dtype=np.int64), parents=parents, persons=persons,
    )  # fmt: skip
