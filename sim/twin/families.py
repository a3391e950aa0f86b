"""Families, seen by one member: partners found and lost, children born and gone.

What happens to the others of a family is a mean: of partners of the other sex, of the same
region of origin and of the ages that couples of the start have; of children of the ages that
mothers of the start had them at.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.agents.population import RESIDENT, Population
from sim.codes import ORIGIN, SEX
from sim.geography import CENTRALITY_OF
from sim.transitions import births, leaving_home, unions
from sim.transitions.births import FERTILITY, Births
from sim.transitions.leaving_home import LEAVING_HOME
from sim.transitions.process import Settings
from sim.transitions.unions import UNIONS
from sim.twin import cells_kernel as kernel
from sim.twin.cells import (
    ALONE,
    AT_HOME,
    AT_HOME_MIXED,
    IMMIGRANT,
    MIXED,
    PAIRED,
    REGION_OF_KIND,
    Cells,
    Floats,
    Ints,
    View,
    family_class,
    sums,
)
from sim.twin.market import expected_smaller
from sim.twin.moves import Moves
from sim.twin.start import GAPS, GENERATIONS, Couples

FEMALE, MALE = SEX.index("female"), SEX.index("male")
FIRST_BIRTH, BIRTHS = 1800, 400
REGIONS = 4  # three country groups of immigrants, and the Norwegian-born
AGES = 130
REGION = np.where(IMMIGRANT, REGION_OF_KIND, REGIONS - 1)
UNION_OF_ROLE = np.array([births.NO_UNION, births.PAIRED, births.MIXED, births.NO_UNION,
                          births.MIXED])  # fmt: skip
FEWEST = 0.02  # persons; families of rows in which fewer are expected stay as they are
LARGEST_MOVE = 3  # persons who come with a partner; more count as so many
OLDER_FATHER = 3


class Born(NamedTuple):
    """Children of a year: mothers by row, and how many of them are persons, by row."""

    mothers: Floats
    persons: Floats


class FamilyLife:
    """The processes that alter families."""

    def __init__(self, settings: Settings, couples: Couples, levels_of: Floats) -> None:
        self.couples = couples
        self.levels_of = levels_of  # shares of levels by origin
        self.fertility = Births.ready(settings)
        self.bear = settings.choice(FERTILITY) != "nobody_is_born"
        self.unite = settings.choice(UNIONS) != "no_change"
        self.leave_home = settings.choice(LEAVING_HOME) != "nobody_leaves"

    # Partners who go

    def lose_partners(self, cells: Cells, view: View, before: Floats, leaving: Floats) -> None:
        """Let those stay behind whose partner left alone; children go with their mother."""
        paired = view.role == PAIRED
        going = _by_partner(view, before, leaving, paired)
        which = np.flatnonzero(paired)
        share = self._partners(going, view, which) * self.couples.apart_leaving[view.sex[which]]
        moves = Moves(cells)
        _lose(moves, view, which, share, with_children=view.sex[which] == MALE)
        moves.happen()

    def _partners(self, by_age: Floats, view: View, which: Ints) -> Floats:
        """Return a mean of the partners of rows: by_age is by region, sex and year of birth."""
        gaps = np.zeros((2, REGIONS, by_age.shape[2]))
        for gap, share in zip(GAPS.tolist(), self.couples.gaps.tolist(), strict=True):
            if share:
                gaps[MALE] += share * np.roll(by_age[:, FEMALE], -gap, axis=1)
                gaps[FEMALE] += share * np.roll(by_age[:, MALE], gap, axis=1)
        at = view.birth[which] - FIRST_BIRTH
        return np.asarray(gaps[view.sex[which], REGION[view.kind[which]], at])

    # Births

    def births(self, cells: Cells, view: View, year: int) -> Born:
        """Let women have children, and their families count them."""
        n = view.persons.size
        mothers, persons = np.zeros(n), np.zeros(n)
        if not self.bear:
            return Born(mothers, persons)
        chance = self._chance_of_birth(cells, year)
        age = year - view.birth
        fertile = (age >= births.YOUNGEST) & (age <= births.OLDEST) & (view.persons > FEWEST)
        women = np.flatnonzero(fertile & (view.sex == FEMALE))
        rate = np.zeros(n)
        rate[women] = chance[view.type[women], UNION_OF_ROLE[view.role[women]]]
        mothers = rate * view.persons
        others = view.same > view.own  # immigrants: the partner, or children of earlier unions
        father = np.where(view.role == PAIRED, others * self.couples.immigrant_father[view.kind],
                          births.assumed()["immigrant_father_no_union"])  # fmt: skip
        father = np.where(UNION_OF_ROLE[view.role] == births.MIXED, 0.0, father)
        persons = mothers * father * view.own
        paired = view.role == PAIRED
        men = np.flatnonzero(paired & (view.sex == MALE) & (view.persons > FEWEST))
        rate[men] = self._partners(_by_partner(view, view.persons, mothers, paired), view, men)
        which = np.flatnonzero(rate > 0)
        moves = Moves(cells)
        family = family_class(view.size[which] + 1, view.same[which])
        stay = np.where(np.isin(view.role, (ALONE, AT_HOME)), father * view.own, 1.0)[which]
        other = np.where(view.role == AT_HOME, AT_HOME_MIXED, MIXED)[which]
        for role, share in ((view.role[which], stay), (other, 1 - stay)):
            moves.go(view, which, role, family, rate[which] * share)
        moves.happen()
        return Born(mothers, persons)

    def _chance_of_birth(self, cells: Cells, year: int) -> Floats:
        """Return the chance of a birth by type and union."""
        table = births.probabilities(year, by_background=self.fertility.choice == "as_2022")
        table = np.minimum(table * self.fertility.level(year), 1.0)
        types = cells.types
        age = np.clip(year - types["birth"] - births.YOUNGEST, 0, table.shape[3] - 1)
        came = (types["arrival"] == year).astype(np.int64)
        shares = cells.shares()
        found = np.zeros((age.size, 3))
        born = ~IMMIGRANT[types["kind"]]
        for union in range(3):
            by_origin = table[union, came, :, age]
            found[:, union] = (by_origin[:, : len(ORIGIN)] * shares).sum(axis=1)
            found[born, union] = by_origin[born, len(ORIGIN)]
        return found

    # Deaths of partners

    def widow(self, cells: Cells, view: View, dying: Floats, year: int) -> None:
        """Let those who live on lose their partner. dying: by sex and age reached."""
        birth = FIRST_BIRTH + np.arange(BIRTHS)
        age = np.clip(year - birth, 0, dying.shape[1] - 1)
        by_age = np.broadcast_to(dying[:, age], (REGIONS, 2, BIRTHS))
        which = np.flatnonzero((view.role == PAIRED) & (view.persons > FEWEST))
        moves = Moves(cells)
        share = self._partners(by_age, view, which)
        _lose(moves, view, which, share, with_children=np.zeros(which.size, np.bool_))
        moves.happen()

    # Unions

    def form_and_part(self, cells: Cells, moving: Floats, year: int) -> None:
        """Let people find partners and leave them. moving: chance of a move by row, this year."""
        if not self.unite:
            return
        view = View(cells)
        age = year - view.birth
        asked = (age >= unions.YOUNGEST) & (age <= unions.OLDEST) & (view.persons > FEWEST)
        rates, moves = unions.rates(), Moves(cells)
        self._part(view, moves, rates, np.resize(moving, view.persons.size), year)
        at = view.sex, np.clip(age - unions.YOUNGEST, 0, rates.leave.shape[1] - 1)
        which = np.flatnonzero(asked & (view.role == MIXED))
        _leave_mixed(moves, view, which, rates.leave[at][which])
        which = np.flatnonzero(asked & np.isin(view.role, (ALONE, AT_HOME, AT_HOME_MIXED)))
        _find_outside(moves, view, which, rates.outside[at][which])
        self._find(cells, view, moves, which, rates.within[at][which], year)
        moves.happen()

    def _part(
        self, view: View, moves: Moves, rates: unions.Rates, moving: Floats, year: int
    ) -> None:
        """Let couples part: at the woman's rate, or since one of them moved away."""
        birth = FIRST_BIRTH + np.arange(BIRTHS)
        age = year - birth - unions.YOUNGEST
        inside = (age >= 0) & (age < rates.part.shape[1])
        hers = np.where(inside, rates.part[FEMALE, np.clip(age, 0, rates.part.shape[1] - 1)], 0.0)
        by_age = np.broadcast_to(hers, (REGIONS, 2, BIRTHS))
        which = np.flatnonzero((view.role == PAIRED) & (view.persons > FEWEST))
        woman = view.sex[which] == FEMALE
        own = hers[view.birth[which] - FIRST_BIRTH]
        rate = np.where(woman, own, self._partners(by_age, view, which))
        apart = 2 * moving[which] * self.couples.apart_moving
        rate = 1 - (1 - rate) * (1 - np.minimum(apart, 1.0))
        alone = view.size[which] <= 2
        leaves = np.where(alone, 0.5, np.where(woman, 0.0, 1.0))
        for who, share in ((True, leaves), (False, 1 - leaves)):
            size = np.where(who, 1, view.size[which] - 1)
            same = np.where(who, view.own[which], view.same[which] - 1)
            family = family_class(size, np.maximum(same, view.own[which]))
            moves.go(view, which, ALONE, family, rate * share)

    def _find(
        self, cells: Cells, view: View, moves: Moves, which: Ints, rate: Floats, year: int
    ) -> None:
        """Let singles find each other, as many as the fewer of both sexes in each market."""
        seeking = rate * view.persons[which]
        share = cells.shares()[view.type[which]]
        success = self._success(view, which, seeking, share, year)
        size = np.where(view.role[which] == ALONE, view.size[which], 1)
        same = np.where(view.role[which] == ALONE, view.same[which], view.own[which])
        for sex in (FEMALE, MALE):
            mine, theirs = view.sex[which] == sex, view.sex[which] != sex
            found = seeking * success
            come = sums(np.minimum(size, LARGEST_MOVE)[theirs], found[theirs],
                               LARGEST_MOVE + 1)  # fmt: skip
            total = come.sum()
            if not total:
                continue
            immigrant = float((found * view.own[which])[theirs].sum() / total)
            rows = which[mine]
            for more in np.flatnonzero(come).tolist():
                shares = ((1, immigrant), (0, 1 - immigrant)) if more == 1 else ((1, 1.0),)
                for own, part in shares:
                    family = family_class(size[mine] + more, same[mine] + own)
                    coming = come[more] / total * part
                    moves.go(view, rows, PAIRED, family, (rate * success)[mine] * coming)

    def _success(
        self, view: View, which: Ints, seeking: Floats, share: Floats, year: int
    ) -> Floats:
        """Return the share of those who seek that find somebody."""
        known = unions.assumed()
        peer = year - view.birth[which]
        peer = peer - np.where(view.sex[which] == MALE, int(known["man_older"]), 0)
        band = np.maximum(peer, 0) // int(known["years_apart"])
        bands = AGES // int(known["years_apart"])
        anybody = np.full((which.size, 1), 1 - known["same_origin"])
        parts = np.concatenate([known["same_origin"] * share, anybody], axis=1)
        levels = np.concatenate([self.levels_of, self.levels_of.mean(axis=0)[None]])
        both = np.zeros((len(SEX), bands, parts.shape[1]))
        kernel.put_in(view.sex[which] * bands + band, parts, seeking,
                      both.reshape(len(SEX) * bands, -1))  # fmt: skip
        crowd = both[..., None] * levels
        pairs = expected_smaller(crowd[FEMALE], crowd[MALE]).sum(axis=-1)
        rate = np.divide(pairs, both, out=np.zeros_like(both), where=both > 0)
        return np.asarray(np.minimum((parts * rate[view.sex[which], band]).sum(axis=1), 1.0))

    # Leaving home

    def fly_out(self, cells: Cells, year: int) -> None:
        """Let the young leave their parents, and the parents' families count them out."""
        if not self.leave_home:
            return
        view, rate = View(cells), leaving_home.rates()
        age = year - view.birth
        at = np.clip(age - leaving_home.YOUNGEST, 0, rate.shape[1] - 1)
        home = np.isin(view.role, (AT_HOME, AT_HOME_MIXED)) & (age >= leaving_home.YOUNGEST)
        moves = Moves(cells)
        which = np.flatnonzero(home & (view.persons > FEWEST))
        family = family_class(1, view.own[which])
        moves.go(view, which, ALONE, family, rate[view.sex[which], at[which]])
        self._let_go(view, moves, rate.mean(axis=0), year)
        moves.happen()

    def _leaving_parents(self, rate: Floats) -> Floats:
        """Return how often a child at home leaves in a year, by the parent's sex and age."""
        child = np.arange(AGES)
        leaves = np.zeros(AGES)
        leaves[leaving_home.YOUNGEST : leaving_home.OLDEST + 1] = rate
        there = np.concatenate([[1.0], np.cumprod(1 - leaves)[:-1]])
        by_parent = np.zeros((2, AGES))
        for older, sex in ((0, FEMALE), (OLDER_FATHER, MALE)):
            left = np.zeros(AGES)
            home = np.zeros(AGES)
            for gap, share in zip(GENERATIONS.tolist(), self.couples.generations.tolist(),
                                  strict=True):  # fmt: skip
                parent = child + gap + older
                some = parent < AGES
                home[parent[some]] += share * there[some]
                left[parent[some]] += share * (there * leaves)[some]
            by_parent[sex] = np.divide(left, home, out=np.zeros(AGES), where=home > 0)
        return by_parent

    def _let_go(self, view: View, moves: Moves, rate: Floats, year: int) -> None:
        """Take children who leave off their parents' families."""
        by_parent = self._leaving_parents(rate)
        with_partner = (view.role == PAIRED).astype(np.int64)
        immigrant = np.maximum(view.same - view.own - with_partner, 0)
        others = np.where(view.role == MIXED, 0, view.size - view.same - (1 - view.own))
        parent = np.isin(view.role, (ALONE, PAIRED, MIXED)) & (immigrant + others > 0)
        which = np.flatnonzero(parent & (view.persons > FEWEST))
        hazard = by_parent[view.sex, np.clip(year - view.birth, 0, AGES - 1)][which]
        for children, gone in ((immigrant[which], 1), (others[which], 0)):
            family = family_class(view.size[which] - 1, view.same[which] - gone)
            every = immigrant[which] + others[which]
            moves.go(view, which, view.role[which], family, _one_gone(hazard, children, every))


def _one_gone(hazard: Floats, children: Ints, every: Ints) -> Floats:
    """Return the chance that one of these children leaves, of all that there are."""
    return np.where(every > 0, (1 - (1 - hazard) ** every) * children / np.maximum(every, 1), 0.0)


def _by_partner(view: View, persons: Floats, doing: Floats, which: NDArray[np.bool_]) -> Floats:
    """Return the share that does something by region, sex and year of birth, smoothed."""
    shape = REGIONS, 2, BIRTHS
    at = (REGION[view.kind] * len(SEX) + view.sex) * BIRTHS + view.birth - FIRST_BIRTH
    size = int(np.prod(shape))
    there = sums(at, persons * which, size).reshape(shape)
    does = sums(at, doing * which, size).reshape(shape)
    return np.divide(does, there, out=np.zeros(shape), where=there > 1e-9)


def _lose(
    moves: Moves,
    view: View,
    which: Ints,
    share: Floats,
    *,
    with_children: NDArray[np.bool_],
) -> None:
    """Let people be left by a partner, who takes the children along or not."""
    size = np.where(with_children, 1, view.size[which] - 1)
    same = np.where(with_children, view.own[which], view.same[which] - 1)
    family = family_class(size, np.maximum(same, view.own[which]))
    moves.go(view, which, ALONE, family, np.minimum(share, 1.0))


def _leave_mixed(moves: Moves, view: View, which: Ints, rate: Floats) -> None:
    """Let people leave a partner who is no person: a man loses all who are none."""
    man = view.sex[which] == MALE
    persons = np.maximum(view.same[which], 1)
    size = np.where(man, persons, view.size[which] - 1)
    role = np.where(size > persons, MIXED, ALONE)
    moves.go(view, which, role, family_class(size, view.same[which]), rate)


def _find_outside(moves: Moves, view: View, which: Ints, rate: Floats) -> None:
    """Let singles find a partner who is no person; who lives with parents leaves them."""
    alone = view.role[which] == ALONE
    size = np.where(alone, view.size[which], 1) + 1
    same = np.where(alone, view.same[which], view.own[which])
    moves.go(view, which, MIXED, family_class(size, same), rate)


def levels_by_origin(people: Population) -> Floats:
    """Return the shares of the levels of centrality by origin, of residents."""
    here = people["place"] == RESIDENT
    found = np.full((len(ORIGIN), 4), 1e-9)
    np.add.at(found, (people["origin"][here], CENTRALITY_OF[people["municipality"][here]]), 1.0)
    return np.asarray(found / found.sum(axis=1, keepdims=True))
