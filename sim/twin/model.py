"""The twin: one population's expected years, in the order in which the engine lives them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from sim.agents.families import Families
from sim.agents.population import Population
from sim.codes import CENTRALITY, EDUCATION, REASON, SEX
from sim.engine import as_altered
from sim.transitions import deaths
from sim.transitions.births import assumed
from sim.transitions.calibrated import SIZES as FAMILY_SIZES
from sim.transitions.calibrated import kinds_of_families
from sim.transitions.coming_of_age import AT_FIFTEEN
from sim.transitions.county_moves import CountyMoves
from sim.transitions.descendants import Descendants
from sim.transitions.descendants import probabilities as born_leave
from sim.transitions.destination import DomesticDestination
from sim.transitions.emigration import DEGREE
from sim.transitions.expected import chances_of
from sim.transitions.levers import hastened
from sim.transitions.mobility import CHILDREN, NORWEGIAN_BORN, Mobility
from sim.transitions.process import Settings
from sim.transitions.share import share_of_all
from sim.transitions.together import TOGETHER
from sim.twin import cells_kernel, choose_kernel, places, start
from sim.twin.abroad import Abroad
from sim.twin.cells import Cells, View
from sim.twin.families import FamilyLife, levels_of_singles
from sim.twin.growing import grow_up
from sim.twin.joining import Joining
from sim.twin.kids import (
    Kids,
    parents_grown_old,
    parents_of,
    parents_who,
)
from sim.twin.kinds import (
    BORN,
    IMMIGRANT,
    IMMIGRANT_KINDS,
    KINDS,
    LINE,
    PLACES,
    REASON_OF_KIND,
    REGION_OF_KIND,
    SAME,
    SIZES,
    STATES,
    Floats,
    Ints,
    sums,
)
from sim.twin.moves import Moves
from sim.twin.newcomers import Newcomers
from sim.twin.numbers import Numbers
from sim.twin.odds import lasting, ratio_of_odds
from sim.twin.work import Work

GROUPS = (*REASON.names, "norwegian_born")  # by which flows and stocks are told
GROUP_OF_KIND = np.where(IMMIGRANT, REASON_OF_KIND, len(REASON))
EVENTS = ("domestic", "emigrate", "return", "arrive", "birth", "death")
MANY = 20_000  # rows; fewer are never merged
# Persons of a population of so many adults; of smaller ones less in proportion.
ADULTS = 600_000
# Rows in which fewer are expected are put to their neighbours, in wide bands and the widest,
# or to the largest family of their role.
LIGHT, LIGHTEST, SMALLEST = 16.0, 4.0, 0.4
FEWEST = 1e-6  # rows in which fewer are expected are given up
FEWEST_GO, FEWEST_KIDS = 0.06, 0.2  # flows in families left out; rows of children joined
TRIALS = 3  # of the first year's odds
SEVERAL = 10  # times as many children as in flows left out have to leave to be kept apart


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
        adults = sums(GROUP_OF_KIND[View(self.cells).kind], self.held, len(GROUPS))
        return adults + _by_group(self.kids, self.kids.persons)

    def _ready(self, people: Population, levels: int) -> None:
        settings = self.settings
        self.mobility = Mobility.ready(settings)
        self.descendants = Descendants.ready(settings)
        self.covered = settings.choice(NORWEGIAN_BORN) == "as_immigrants"
        self.follow = settings.choice(CHILDREN) == "follow_adult"
        self.cells = Cells(levels)
        self.kinds_of_families = kinds_of_families()
        self.destination = DomesticDestination.ready(settings)
        self.work = Work(settings)
        self.deaths = deaths.Deaths.ready(settings)
        self.student = settings.choice(AT_FIFTEEN) == "student"
        self.newcomers = Newcomers(settings, self.cells.levels)
        who = start.adults_of(people)
        self.part = min(1.0, who.size / ADULTS)
        families = Families(people)
        types = start.fill(self.cells, people, who, families)
        self.held = self.cells.persons()  # by row, on 1 January
        self._set_least()
        chances = chances_of(people, self.mobility, self.descendants)
        n = self.cells.types["kind"].size
        chosen = [sums(types, chance[who], n) for chance in (chances.move, chances.leave)]
        self.exact: Floats | None = np.stack(chosen, axis=1)
        kids, _, adult = start.kids_of(people, families, follow=self.follow)
        self.lasting = np.ones((2, 2))
        led = adult >= 0
        first = np.where(led, chances.move[adult], 0.0), np.where(led, chances.leave[adult], 0.0)
        self.kids = kids
        self.first: tuple[Floats, Floats] | None = first
        together = settings.choice(TOGETHER) == "together"
        self.county = CountyMoves.ready(settings)
        couples = start.couples_of(people, chances, self.county, together=together)
        self.families = FamilyLife(settings, couples, levels_of_singles(people))
        self.abroad = Abroad(settings)
        self._take_absent(people)

    def _take_absent(self, people: Population) -> None:
        who = start.who_may_return(people)
        absent = start.absent_of(people, who)
        young = who[absent.kid]
        kids = start.kids_from(people, young, np.full(young.size, -1))
        self.abroad.begin(people, absent, kids, who)

    def _step(self) -> Expected:
        stock = self.stock()
        flows: dict[str, Floats] = {}
        self._note_levels()
        self.cells.note_usual(self.year, self.held)
        moving, parting = self._choose(flows)
        back, returned = self.abroad.come_back(self.cells, self.year)
        flows["return"] = _grouped(back)
        came, arrived = self.newcomers.arrive(self.cells, parting, self.year)
        flows["arrive"] = _grouped(came)
        self.kids = self.kids.joined_by(returned, arrived)
        moves = self.families.picture(self.cells)
        flows["birth"] = self._give_birth(moves)
        flows["death"], dying = self._die(moves)
        self.families.change(self.cells, moves, moving, dying, self.year)
        self.kids = grow_up(self.kids, self.cells, self.year, student=self.student)
        lived = Expected(self.year, stock, flows)
        self.year += 1
        self._age()
        self.work.happen(self.cells, lived.year)  # does the same to all who have been put together
        return lived

    def _note_levels(self) -> None:
        """Note where residents of each kind live, for those who come back."""
        cells = self.cells
        if cells.levels > 1:
            view = View(cells)
            shape = KINDS, cells.levels
            at = view.kind * cells.levels + view.level
            number = sums(at, self.held, KINDS * cells.levels).reshape(shape) + 1e-9
            cells.level_shares = number / number.sum(axis=1, keepdims=True)

    def _choose(self, flows: dict[str, Floats]) -> tuple[Floats, Moves]:
        """Let people stay, move or leave; return the chance of moving by row, and who is left."""
        cells, year = self.cells, self.year
        tables = self.mobility.tables_of(year)
        shares = cells.homes.place_shares()
        where, factor = places.seen_by_group(cells, tables, shares)
        ratio = self._ratio(tables, where, factor)
        before = self.held
        moving, leaving, by_level, moved, profile = self._chosen(
            tables, (where, factor, ratio), cells.mass[: cells.count]
        )
        view = View(cells)
        left = leaving[:, 0] + leaving[:, 1]
        kids, gone, kid_moves = self._kids_choose(view, before, moving, left)
        flows["domestic"] = sums(GROUP_OF_KIND[view.kind], moving, len(GROUPS)) + kid_moves
        flows["emigrate"] = sums(GROUP_OF_KIND[view.kind], left, len(GROUPS))
        flows["emigrate"] += _by_group(gone, gone.persons)
        self.abroad.leave(cells, view, (leaving, left), profile, gone, year)
        self.kids = kids
        if cells.levels > 1:
            places.change_rows(cells, view, moved, self.destination)
        else:
            places.change_shares(cells, by_level, before, shares, (tables, self.destination))
        parting = self.families.lose_partners(cells, before, left)
        chance = moving / np.maximum(before, 1e-300)
        return np.asarray(chance + (1 - chance) * self._county_chance(view)), parting

    def _county_chance(self, view: View) -> Floats:
        """Return the chance of moving to another county at the same level by row."""
        known, found = self.county, np.empty(view.kind.size)
        kinds = known.kind_of[SIZES * FAMILY_SIZES + SAME].astype(np.int64)
        choose_kernel.away(view.kind, view.birth, view.family, view.background, self.year,
                           REASON_OF_KIND, kinds, known.chances, known.covered.astype(np.float64),
                           found)  # fmt: skip
        return found

    def _ratio(self, tables: Any, where: Floats, factor: Floats) -> Floats:
        """Return what makes a year's movers and leavers those of persons, by type.

        County, level and family go together in ways that shares by group do not hold. In the
        first year the ratio of each type is known; later all immigrants have that of the
        immigrants of the first year, and the Norwegian-born theirs. Where rows are of one place
        each, there is nothing to make up for.
        """
        exact, found = self.exact, np.ones((self.cells.group.size, 2))
        self.exact = None
        if self.cells.levels > 1:
            return found
        own = IMMIGRANT[self.cells.types["kind"]].astype(np.int64)
        if exact is None:
            return self.lasting[own]
        n = self.cells.count
        types = self.cells.row_type[:n]
        persons = sums(types, self.held, len(found))[: len(exact)]
        for _ in range(TRIALS):  # again for what the odds bend
            trial = self._chosen(tables, (where, factor, found), self.cells.mass[:n].copy())
            chosen = [
                sums(types, each, len(found)) for each in (trial.moving, trial.leaving.sum(1))
            ]
            expected = np.stack(chosen, axis=1)[: len(exact)]
            if (found == 1).all():
                self.lasting = lasting(exact, expected, persons, own[: len(exact)])
            found[: len(exact)] *= ratio_of_odds(exact, expected, persons)
        return found

    def _chosen(self, tables: Any, factors: tuple[Floats, Floats, Floats], mass: Floats) -> Chosen:
        """Take leavers off a mass by row and state; return them and the movers.

        factors: shares of levels, factors of places, ratios by type.
        """
        cells, n, year = self.cells, self.cells.count, self.year
        moving, leaving = np.zeros(n), np.zeros((n, 2))
        moved = np.zeros((n if cells.levels > 1 else 0, LINE))
        profile = np.zeros((KINDS, 2, 2, LINE))
        by_level = np.zeros((cells.homes.kind.size, len(CENTRALITY), 2))
        types = cells.types
        rows = choose_kernel.Rows(cells.row_type[:n], cells.row_place[:n], types["kind"],
                                  types["sex"], types["birth"], types["arrival"])  # fmt: skip
        weights = _weights(tables, self.descendants.tables or _none(tables))
        choose_kernel.choose(
            rows, weights, born_leave(year) * self.descendants.emigrate, self.covered, year, SIZES,
            SAME, self.kinds_of_families, REASON_OF_KIND, REGION_OF_KIND, cells.group, *factors,
            mass, moved, moving, leaving, by_level, profile,
        )  # fmt: skip
        degree = np.arange(STATES) % len(EDUCATION) >= DEGREE
        profile = profile[..., None, :STATES] * np.stack([~degree, degree])
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
        gone = gone.without(SEVERAL * self.cells.least)
        staying = replace(kids, persons=kids.persons * (1 - leave))
        if self.first is not None:  # a row for each child, no longer
            gone, staying = gone.merged(), staying.merged()
        self.first = None
        return staying, gone, _by_group(kids, kids.persons * move)

    def _give_birth(self, moves: Moves) -> Floats:
        view = View(self.cells)
        born = self.families.births(self.cells, moves, self.year)
        mothers = np.flatnonzero(born.persons > 0)
        shares = self.cells.homes.origin_shares()[self.cells.group[view.type[mothers]]]
        usual = self.cells.types["arrival"][self.cells.usual_types()[view.type[mothers]]]
        parents = parents_of(view.kind[mothers], usual)
        inverse, first = Numbers().find(parents)
        key, number = parents[first], np.zeros((first.size, shares.shape[1]))
        cells_kernel.put_in(inverse, shares, born.persons[mothers], number)
        at, origin = np.nonzero(number)
        boys = assumed()["boys"]
        share = {sex: boys if sex == SEX.index("male") else 1 - boys for sex in range(len(SEX))}
        self.kids = self.kids.joined_by(*(
            _newborn(sex, origin, key[at], number[at, origin] * part, self.year)
            for sex, part in share.items()
        ))  # fmt: skip
        flow = np.zeros(len(GROUPS))
        flow[-1] = born.persons.sum()
        return flow

    def _die(self, moves: Moves) -> tuple[Floats, Floats | None]:
        """Let people die, adults when they move; return how many, and the chance by sex and age."""
        cells, year, kids = self.cells, self.year, self.kids
        if self.deaths.choice == "nobody_dies":
            return np.zeros(len(GROUPS)), None
        chance = deaths.probabilities(year, falling=self.deaths.choice == "falling")
        chance = hastened(chance, self.deaths.level(year))
        view = View(cells)
        persons, dead_by_kind = moves.rows.persons, np.zeros(KINDS)
        alive = np.empty(persons.size)
        cells_kernel.die(view.birth, view.sex, view.kind, year, chance, persons, alive,
                         dead_by_kind)  # fmt: skip
        moves.leave(alive)
        young = chance[kids.sex, np.clip(year - kids.birth, 0, chance.shape[1] - 1)]
        dead = _grouped(dead_by_kind) + _by_group(kids, kids.persons * young)
        self.kids = replace(kids, persons=kids.persons * (1 - young))
        self.abroad.die(chance, year)
        return dead, chance

    def _set_least(self) -> bool:
        """Say how few persons may go from row to row; return whether there are many rows."""
        many = self.cells.count > MANY
        self.cells.least = FEWEST_GO * self.part if many else 0.0
        return many

    def _age(self) -> None:
        """Take long stays together, and give up rows that have emptied."""
        self.kids = replace(self.kids, parents=parents_grown_old(self.kids.parents, self.year))
        part, joining = self.part, Joining(self.cells)
        joining.grow_old(self.year)
        many = self._set_least()
        if many:
            joining.merge(LIGHT * part, LIGHTEST * part, SMALLEST * part, self.year)
        self.kids = self.kids.lightened(FEWEST_KIDS * part) if many else self.kids.merged()
        self.held = joining.happen(FEWEST * part if many else 0.0)


def _weights(tables: Any, of_born: Any) -> choose_kernel.Weights:
    names = choose_kernel.Weights._fields
    factors = {name: np.stack([getattr(t, name) for t in (tables, of_born)]) for name in names}
    traits = factors["traits"].reshape(2, -1, STATES, 2).transpose(0, 1, 3, 2)
    traits = np.pad(traits, [(0, 0), (0, 0), (0, 0), (0, LINE - STATES)])
    return choose_kernel.Weights(**{**factors, "traits": traits})


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
