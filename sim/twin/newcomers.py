"""Arrivals as expected persons: every donor unit comes as often as its chance says.

Units that would join a resident find one as long as enough wait, by kind of host, sex, origin
and groups of ages, as in `sim.transitions.arrivals`; the others found families of their own.
"""

import numpy as np

from sim.codes import BACKGROUND, EDUCATION, ORIGIN, REASON
from sim.transitions import arrival_tables as tables
from sim.transitions import arrivals as rules
from sim.transitions.arrival_tables import PARENT, PARTNER, STREAM_REASON, STREAMS
from sim.transitions.process import Settings
from sim.twin import newcomers_kernel as kernel
from sim.twin.cells import Cells, View
from sim.twin.kids import NOBODY, Kids, nobody, parents_of
from sim.twin.kinds import (
    ALONE,
    AT_HOME,
    AT_HOME_MIXED,
    FAMILIES,
    KINDS,
    LATEST_SCHOOL,
    MIXED,
    PAIRED,
    ROLES,
    Floats,
    Ints,
    family_class,
    kind_of,
    sums,
)
from sim.twin.market import expected_smaller
from sim.twin.moves import Moves
from sim.twin.numbers import Numbers

YOUNG = 15  # up to this age at the end of the year newcomers begin adult life only after it
GENERATION, AT_HOME_UNTIL = 15, 30  # years by which parents are older; age to live with them
# Nobody; an immigrant; somebody born in Norway, who is not counted among a family's immigrants.
UNJOINED, JOINED, JOINED_BORN = range(3)
FOR_PARENT = int(np.prod(rules.LISTS)) // 2  # the first ring on which parents wait
RINGS = 2 * FOR_PARENT
LARGEST_UNIT = 9
OLDEST = 200  # more years than anybody is old
LEAST = 1e-12


class Newcomers:
    """The arrivals of each year."""

    def __init__(self, settings: Settings, levels: int) -> None:
        self.arrivals = rules.Arrivals.ready(settings)
        donors = tables.donors()
        parts = [np.flatnonzero(donors.stream == tables.LIKE[s]) for s in range(len(STREAMS))]
        self.unit = np.concatenate(parts)
        self.stream = np.repeat(np.arange(len(STREAMS)), [part.size for part in parts])
        self.joins, self.size = donors.joins[self.unit], donors.size[self.unit]
        self.origin = donors.origin[self.unit]
        self.members = Members(self.unit, self.stream, levels)
        both = [self._rings(word) for word in range(2)]
        self.rings = np.concatenate([rings for rings, _ in both])
        self.joining = np.concatenate([who for _, who in both])

    def _rings(self, word: int) -> tuple[Ints, Ints]:
        """Return the rings that units would take, the best first, and who joins anybody.

        word: 0 or 1, for children who join a mother or a father.
        """
        none = np.zeros(self.unit.size, dtype=np.int64)
        units = rules.Units(self.unit, self.stream, none, none)
        return rules.rings_wanted(units, np.full(none.size, word, dtype=np.uint32))

    def expected(self, year: int) -> Floats:
        """Return how often each unit is expected to come in a year."""
        wanted = rules.row_of(self.arrivals.numbers, year) * self.arrivals.scale
        mix = rules.row_of(self.arrivals.mix, year)
        found = np.zeros(self.unit.size)
        for s in np.flatnonzero(wanted > 0).tolist():
            _, chance = tables.donors().chances(s, mix[s])
            mine = self.stream == s
            found[mine] = chance * wanted[s] / (chance * self.size[mine]).sum()
        return found

    def arrive(self, cells: Cells, moves: Moves, year: int) -> tuple[Floats, Kids]:
        """Put the year's arrivals into cells; return persons by kind, and the children.

        moves: of residents, which happen when units join hosts.
        """
        number = self.expected(year)
        if not number.any():
            moves.happen()
            return np.zeros(KINDS), nobody()
        joined, parents = self._join(cells, moves, number, year)
        moves.happen()
        kids = self.members.settle(cells, number, joined, parents, year)
        return sums(self.members.kind, number[self.members.of], KINDS), kids

    def _join(self, cells: Cells, moves: Moves, number: Floats, year: int) -> tuple[Floats, Ints]:
        """Let units join residents; return the shares that do or not, and who the hosts are.

        These are, for every unit, the kind and year of arrival of the commonest hosts.
        """
        view = View(cells)
        rows, waiting = _waiting(cells, view, year)
        supply, taken = np.zeros((2, RINGS)), np.zeros((2, rows.size))
        kernel.supply(waiting, supply)
        supply, of_born = supply[0], _part_of(supply[1], supply[0])
        free, joined, born = supply.copy(), np.zeros(self.unit.size), np.zeros(self.unit.size)
        left = number[self.joining] / 2
        for k in range(len(rules.NEARBY)):
            got = _seated(self.rings[:, k], left, free)
            joined += np.bincount(self.joining, got, self.unit.size)
            born += np.bincount(self.joining, got * of_born[self.rings[:, k]], self.unit.size)
            left = left - got
        kernel.taken(waiting, _part_of(supply - free, supply), taken)
        self._gain(moves, view, rows, taken, joined)
        how = np.stack([number - joined, joined - born, born]) / np.maximum(number, LEAST)
        return how, self._commonest(view, rows, waiting)

    def _gain(self, moves: Moves, view: View, rows: Ints, taken: Floats, joined: Floats) -> None:
        """Note that hosts have families of the sizes that joined them."""
        cells, sizes = moves.cells, np.zeros((2, LARGEST_UNIT))
        for role, how in enumerate((PARTNER, PARENT)):
            size = sums(self.size, joined * (self.joins == how), LARGEST_UNIT)
            sizes[role] = size / max(size.sum(), LEAST)
        usual = cells.usual_types()[view.type[rows]]
        first = usual * cells.width + view.level[rows] * (ROLES * FAMILIES)
        gone = np.where(taken > LEAST, taken, 0.0)
        room = 2 * rows.size * LARGEST_UNIT
        source, key, share = np.empty(room, np.int64), np.empty(room, np.int64), np.empty(room)
        n = kernel.gain(rows, first, view.own[rows], cells.persons(rows), gone, sizes,
                        cells.least, source, key, share)  # fmt: skip
        moves.add(source[:n], cells.at(key[:n]), share[:n])

    def _commonest(self, view: View, rows: Ints, waiting: kernel.Waiting) -> Ints:
        """Return the commonest parents that wait for children, by unit: of kind and origin."""
        of = parents_of(view.kind[rows], view.arrival[rows])
        at, first = Numbers().find(of)
        weight = np.zeros((len(rules.HOSTS), len(ORIGIN), max(first.size, 1)))
        kernel.by_origin(waiting, at, weight)
        found = np.append(of[first], NOBODY)[weight.argmax(axis=2)]
        found = np.where(weight.max(axis=2) > 0, found, NOBODY).ravel()
        kinds = rules.kind_of_host(rules.HOSTS)[1][self.stream]
        return np.where(kinds < 0, NOBODY, found[np.maximum(kinds, 0) * len(ORIGIN) + self.origin])


def _part_of(some: Floats, of: Floats) -> Floats:
    """Return some as parts of all, 0 where there is nobody."""
    return np.divide(some, of, out=np.zeros_like(of), where=of > 0)


def _seated(ring: Ints, wanted: Floats, free: Floats) -> Floats:
    """Return how many units find a host on these rings; who is taken is no longer free."""
    there = ring >= 0
    at = np.where(there, ring, 0)
    asked = sums(at, wanted * there, free.size)
    found = expected_smaller(asked, free)
    free -= found
    return np.asarray(wanted * there * _part_of(found, asked)[at])


def _waiting(cells: Cells, view: View, year: int) -> tuple[Ints, kernel.Waiting]:
    """Return rows of residents who wait to be joined, and what tells on which rings they stand."""
    age = year - view.birth
    of_kind = np.where(view.own > 0, view.kind // 3, REASON.index("unknown"))
    kind = rules.kind_of_host(rules.HOSTS)[0][of_kind]
    alone = (view.role == ALONE) & (view.size == 1) & (kind >= 0)
    which = np.flatnonzero(alone & (age >= rules.YOUNGEST) & (age <= rules.OLDEST))
    persons = cells.persons(which)
    which, persons = which[persons > 0], persons[persons > 0]
    stay = np.searchsorted(rules.STAYS, year - view.arrival[which], side="right")
    waiting = kernel.Waiting(
        cells.group[view.type[which]], kind[which], view.sex[which],
        (age[which] - rules.YOUNGEST) // rules.BAND, view.own[which],
        np.array(rules.OPEN)[stay] * persons, cells.homes.origin_shares(),
        rules.LISTS[-1], rules.FOR_PARTNER,
    )  # fmt: skip
    return which, waiting


class Members:
    """Every member of every unit, and what becomes of them if they join somebody or not."""

    def __init__(self, unit: Ints, stream: Ints, levels: int) -> None:
        donors = tables.donors()
        size, others, joins = donors.size[unit], donors.others[unit], donors.joins[unit]
        self.of = np.repeat(np.arange(unit.size), size)
        member = np.arange(self.of.size) - (np.cumsum(size) - size)[self.of]
        row = donors.start[unit][self.of] + member
        column = {name: values[row] for name, values in donors.members.items()}
        self.age, self.sex = column["age"], column["sex"]
        self.origin = donors.origin[unit][self.of]
        self.background = (self.age <= rules.CHILD_ARRIVAL).astype(np.int64)
        self.kind = kind_of(self.background * 0, STREAM_REASON[stream][self.of], self.origin)
        grown = self.age >= rules.ADULT
        state = column["status"] * len(EDUCATION) + column["education"]
        self.state = np.where(grown, state, 0)
        self.place = donors.cell[unit][self.of]
        self.level = self.place % levels
        self.begins = (np.cumsum(size) - size)[self.of]
        head_age = self.age[self.begins]
        paired, mother = column["partner"] >= 0, column["mother"] >= 0
        elder = (head_age >= self.age + GENERATION) & (self.age <= AT_HOME_UNTIL)
        home = (mother | elder) & ~paired
        mixed = (others[self.of] > 0).astype(np.int64)
        plain = np.where(home, AT_HOME + mixed * (AT_HOME_MIXED - AT_HOME),
                         np.where(mixed == 1, MIXED, ALONE))  # fmt: skip
        plain = np.where(paired, PAIRED, plain)
        married = (joins[self.of] == PARTNER) & (member == 0)
        with_host = np.where(married, PAIRED, np.where(joins[self.of] == PARENT, AT_HOME, plain))
        self.role = np.stack([plain, with_host, with_host])
        total = size + others + (head_age[np.cumsum(size) - size] < rules.ADULT)
        total = np.stack([total, size + 1, size + 1])[:, self.of]
        same = np.stack([size, size + 1, size])[:, self.of]
        self.family = family_class(total, same)
        self.parent = np.where(mother, column["mother"], 0)
        self.led = self.age[self.begins + self.parent] > YOUNG
        self._seat(levels * ROLES * FAMILIES)

    def _seat(self, width: int) -> None:
        """Number the types and the rows that grown members come to; years alter only the types.

        kin: type of each; seats: row, by what they join; of_seat: the type and place of a row.
        """
        self.grown = np.flatnonzero(self.age > YOUNG)
        key = (self.kind[self.grown] * OLDEST + self.age[self.grown]) * 2 + self.sex[self.grown]
        self.kin, first = Numbers().find(key * len(BACKGROUND) + self.background[self.grown])
        self.first = self.grown[first]
        place = (self.level * ROLES + self.role) * FAMILIES + self.family
        key = (self.kin * width + place[:, self.grown]).ravel()
        self.seats, first = Numbers().find(key)
        self.of_seat = key[first] // width, key[first] % width

    def parts(self, year: int) -> dict[str, Ints]:
        """Return the parts of the types of all who come in a year."""
        return {
            "kind": self.kind, "sex": self.sex, "birth": year - self.age,
            "arrival": np.full(self.age.size, year), "background": self.background,
            "schooled": (self.age <= LATEST_SCHOOL).astype(np.int64),
        }  # fmt: skip

    def settle(self, cells: Cells, number: Floats, joined: Floats, hosts: Ints, year: int) -> Kids:
        """Put grown members into cells; return the children.

        joined: shares of each unit that join nobody, an immigrant, or somebody born in Norway.
        """
        parts, grown = self.parts(year), self.grown
        types = cells.find({name: values[self.first] for name, values in parts.items()})
        cells.homes.add(cells.group[types[self.kin]], self.origin[grown], self.place[grown],
                        number[self.of[grown]])  # fmt: skip
        persons = (joined * number)[:, self.of[grown]].ravel()
        taken = np.flatnonzero(sums(self.seats, persons, self.of_seat[0].size))
        kin, place = (of[taken] for of in self.of_seat)
        rows = np.zeros(self.of_seat[0].size, dtype=np.int64)
        rows[taken] = cells.at(types[kin] * cells.width + place)
        some = np.flatnonzero(persons)
        cells.add(rows[self.seats[some]], self.state[grown[some % grown.size]], persons[some])
        return self._kids(parts, number, joined, hosts, year)

    def _kids(
        self, parts: dict[str, Ints], number: Floats, joined: Floats, hosts: Ints, year: int
    ) -> Kids:
        young = np.flatnonzero((self.age <= YOUNG) & (number[self.of] > 0))
        inside = parents_of(self.kind[young], year)
        parents = np.stack([
            np.where(self.led[young], inside, NOBODY),
            np.where(self.led[young], inside, hosts[self.of[young]]),
        ])  # fmt: skip
        share = np.stack([joined[UNJOINED], joined[JOINED] + joined[JOINED_BORN]]) * number
        made = [
            Kids(**{name: values[young] for name, values in parts.items()},
                 origin=self.origin[young], state=self.state[young],
                 parents=parents[how], persons=share[how][self.of[young]])
            for how in (UNJOINED, JOINED)
        ]  # fmt: skip
        kids = made[0].joined_by(made[1])
        return kids.take(np.flatnonzero(kids.persons > LEAST)).merged()
