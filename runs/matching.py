"""Persons of two worlds that share their luck: who does something in one only, and why.

Worlds A and B have lived the same year. Persons are matched by identifier, since their rows
differ. What a person does in a year is one outcome of `OUTCOMES` in each world. For everybody
who emigrates (moves, returns) in one world only, the reason is the first of these that is true:

1. composition: in one world they were not among those who could, on 1 January: not in Norway
   (for returns: not abroad), since they came, left or died in one world only, or earlier;
2. employment: their labour-market status differs, and nothing else that the choice looks at;
3. circumstances: something else that the choice looks at differs too: education, family,
   centrality, whose luck they share, which adult a child follows (for returns: where they are
   and with whom);
4. direct: nothing that the choice looks at differs, so the chances themselves do: another
   economy, other parameters or another assumption.

A child under 15 does what an adult does, so the adult is looked at in the child's place; who
returns is looked at together with those of the family who left in the same year. The luck of the
year is the same in both worlds, so nobody differs without one of these reasons.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.agents.columns import LINKS
from sim.agents.population import ABROAD, RESIDENT, Population
from sim.codes import BACKGROUND
from sim.geography import CENTRALITY_OF
from sim.observe import DIMENSIONS
from sim.transitions.descendants import Descendants
from sim.transitions.expected import chances_of
from sim.transitions.mobility import Mobility
from sim.transitions.process import Positions, Process, Year

OUTCOMES = (
    "elsewhere", "return", "stay", "domestic", "emigrate", "death", "arrive", "birth",
)  # fmt: skip
ELSEWHERE, RETURN, STAY, DOMESTIC, EMIGRATE, DEATH, ARRIVE, BIRTH = range(len(OUTCOMES))
EXPLAINED = {"emigrate": EMIGRATE, "domestic": DOMESTIC, "return": RETURN}
MECHANISMS = ("composition", "employment", "circumstances", "direct", "other_group")
COMPOSITION, EMPLOYMENT, CIRCUMSTANCES, DIRECT, OTHER_GROUP = range(len(MECHANISMS))
DIRECTIONS = ("only_a", "only_b")
BY = ("reason", "country_group", "background", "sex", "age_group", "county")
# The groups that are told, as places in one row: all immigrants first, then each dimension.
CELLS = (("total", ""), *((name, code) for name in BY for code in DIMENSIONS[name].codes.names))
FIRST_CELL = {name: next(i for i, cell in enumerate(CELLS) if cell[0] == name) for name in BY}
BORN = BACKGROUND.index("norwegian_born")

OF_PERSON = ("sex", "birth_year", "first_arrival_year", "reason", "background", "origin",
             "education", "family_total", "family_immigrants")  # fmt: skip
OF_ABSENCE = ("left_year", "destination", "education")
KEPT = (*OF_PERSON, "left_year", "destination", "place", "status", "municipality", "family",
        "partner", "mother")  # fmt: skip
LEADER, LUCK = "leader", "luck"  # what rules that differ between the worlds may decide
Rows = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Lived:
    """A year of one world: a row for everybody there on 1 January, then one for each newcomer.

    known: how many were there on 1 January, in Norway, abroad or dead.
    columns: as on 1 January; of newcomers as they came.
    decider: the row of whoever decides for each person: themselves, or the adult they follow.
    lucky: the number that the luck of each person of 1 January is drawn for.
    """

    year: int
    known: int
    person: NDArray[np.int64]
    outcome: NDArray[np.uint8]
    columns: Mapping[str, NDArray[Any]]
    decider: Rows
    lucky: NDArray[np.int64]


class Onlooker:
    """Notes who everybody is on 1 January, before the first process alters it.

    expected: everybody's chances of emigrating and of moving to another level in the year.
    """

    def __init__(self) -> None:
        self.year: Year | None = None
        self.january: dict[str, NDArray[Any]] = {}
        self.mobility: Mobility | None = None
        self.expected: NDArray[np.float64] = np.zeros((2, 0))
        self.follow: tuple[Positions, Positions] | None = None  # children, and whom they follow

    def before(self, process: Process, year: Year) -> None:  # noqa: ARG002 - a watcher sees it
        """Copy the columns that are needed, once a year."""
        if self.year is not year:
            self.year = year
            self.january = {name: year.population[name].copy() for name in KEPT}
            self.follow = None

    def after(self, process: Process, year: Year) -> None:
        """Note whom children follow and everybody's chances, while all are as on 1 January.

        Neither of the two processes looked at alters anybody.
        """
        if self.follow is None and year.followers is not None:
            self.follow = year.followers.all()
        if isinstance(process, Mobility):
            self.mobility = process
        elif isinstance(process, Descendants) and self.mobility is not None:
            chances = chances_of(year.population, self.mobility, process)
            self.expected = np.stack([chances.leave, chances.move])
            if self.follow is not None:
                children, adults = self.follow
                self.expected[:, children] = self.expected[:, adults]

    def lived(self) -> Lived:
        """Return the year that has just been lived."""
        year = self.year
        assert year is not None, "no year has been lived"
        population, known = year.population, self.january["place"].size
        decider = np.arange(len(population))
        if self.follow is not None:
            children, adults = self.follow
            decider[children] = adults
        return Lived(
            year.year, known, population["person"], _outcomes(year, self.january["place"]),
            self._with_newcomers(population, known), decider, year.lucky(slice(0, known)),
        )  # fmt: skip

    def _with_newcomers(self, population: Population, known: int) -> dict[str, NDArray[Any]]:
        if len(population) == known:
            return self.january
        return {
            name: np.concatenate([held, population[name][known:]])
            for name, held in self.january.items()
        }


def _outcomes(year: Year, place: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return what everybody did in the year; who dies after moving or returning has moved."""
    outcome = np.full(len(year.population), ELSEWHERE, dtype=np.uint8)
    outcome[: place.size][place == RESIDENT] = STAY
    for name in ("return", "domestic", "emigrate", "arrive", "birth"):
        outcome[year.happened(name)] = OUTCOMES.index(name)
    died = year.happened("death")
    outcome[died[outcome[died] == STAY]] = DEATH
    return outcome


def matched(one: NDArray[np.int64], other: NDArray[np.int64]) -> tuple[Rows, Rows]:
    """Return the rows of everybody who is in either world, -1 where they are not in it."""
    rows = np.arange(one.size)
    if one.size == other.size and bool((one == other).all()):
        return rows, rows
    order = np.argsort(other, kind="stable")  # nearly in order, which this sort is quick at
    ordered = other[order]
    place = np.minimum(np.searchsorted(ordered, one), max(other.size - 1, 0))
    there = ordered[place] == one if other.size else np.zeros(one.size, dtype=np.bool_)
    theirs = np.where(there, order[place] if other.size else -1, -1)
    alone = np.ones(other.size, dtype=np.bool_)
    alone[theirs[there]] = False
    others = np.flatnonzero(alone)
    return np.concatenate([rows, np.full(others.size, -1)]), np.concatenate([theirs, others])


class Pair:
    """One year of two worlds, person by person.

    own_rates: in both worlds Norwegian-born persons emigrate at rates of their own, which look
        at age, origin and education alone.
    ruled: of LEADER (whom children follow) and LUCK (who shares whose) what the worlds have
        different rules for; that is then no circumstance of a person.
    """

    def __init__(
        self, a: Lived, b: Lived, *, own_rates: bool = True, ruled: Collection[str] = ()
    ) -> None:
        self.worlds = (a, b)
        self.rows = matched(a.person, b.person)
        self.own_rates, self.ruled = own_rates, ruled
        self.outcomes = tuple(
            _taken(world.outcome, rows, ELSEWHERE)
            for world, rows in zip(self.worlds, self.rows, strict=True)
        )

    def outcome_counts(self) -> NDArray[np.int64]:
        """Return how many immigrants have each outcome in A (rows) and in B (columns)."""
        born = [_taken(world.columns["background"], rows, -1) == BORN
                for world, rows in zip(self.worlds, self.rows, strict=True)]  # fmt: skip
        whom = ~(born[0] | born[1])
        kinds = len(OUTCOMES)
        both = self.outcomes[0][whom] * kinds + self.outcomes[1][whom]
        return np.bincount(both, minlength=kinds * kinds).reshape(kinds, kinds)

    def differing(self, event: str) -> tuple[Rows, Rows]:
        """Return the pairs in which an event happens in A only, and those in B only."""
        does_a, does_b = (outcome == EXPLAINED[event] for outcome in self.outcomes)
        return np.flatnonzero(does_a & ~does_b), np.flatnonzero(does_b & ~does_a)

    def mechanism(self, event: str, pairs: Rows) -> NDArray[np.int64]:
        """Return why each of these pairs differs, by the rule written above."""
        found = np.full(pairs.size, DIRECT)
        rows = tuple(rows[pairs] for rows in self.rows)
        needed = ABROAD if event == "return" else RESIDENT
        exposed = [_was(world, of, needed) for world, of in zip(self.worlds, rows, strict=True)]
        both = exposed[0] & exposed[1]
        found[~both] = COMPOSITION
        rows_a, rows_b = (of[both] for of in rows)
        if event == "return":
            employment = np.zeros(rows_a.size, dtype=np.bool_)
            circumstances = company(self.worlds[0], rows_a) != company(self.worlds[1], rows_b)
        else:
            employment, circumstances = self._otherwise_in_norway(event, rows_a, rows_b)
        why = np.where(employment, EMPLOYMENT, DIRECT)
        found[both] = np.where(circumstances, CIRCUMSTANCES, why)
        return found

    def _otherwise_in_norway(self, event: str, rows_a: Rows, rows_b: Rows) -> tuple[Flags, Flags]:
        """Say for whom status differs, and for whom anything else that the yearly choice sees."""
        a, b = self.worlds
        who_a, who_b = rows_a, rows_b
        if LEADER not in self.ruled:
            who_a, who_b = a.decider[rows_a], b.decider[rows_b]
        employment = _differs(a, b, "status", who_a, who_b)
        other_adult = a.person[who_a] != b.person[who_b]
        level = [CENTRALITY_OF[w.columns["municipality"][who]]
                 for w, who in ((a, who_a), (b, who_b))]  # fmt: skip
        other = other_adult | (level[0] != level[1])
        if LUCK not in self.ruled:
            other |= a.lucky[who_a] != b.lucky[who_b]
        for name in OF_PERSON:
            other |= _differs(a, b, name, who_a, who_b)
        if event == "emigrate" and self.own_rates:
            born = a.columns["background"][who_a] == BORN
            education = _differs(a, b, "education", who_a, who_b)
            employment &= ~born
            other = np.where(born, other_adult | education, other)
        return employment, other

    def who(self, event: str) -> NDArray[np.int64]:
        """Count the persons who differ: (mechanism, direction, cell)."""
        counts = np.zeros((len(MECHANISMS), len(DIRECTIONS), len(CELLS)), dtype=np.int64)
        for direction, pairs in enumerate(self.differing(event)):
            codes = cells_of(self.worlds[direction], self.rows[direction][pairs])
            why = self.mechanism(event, pairs)
            for m in range(OTHER_GROUP):
                counts[m, direction] = in_cells(codes[:, why == m])
        self._in_other_groups(event, counts[OTHER_GROUP])
        return counts

    def _in_other_groups(self, event: str, counts: NDArray[np.int64]) -> None:
        """Count those who do it in both worlds but belong to another group in each."""
        both = np.flatnonzero(
            (self.outcomes[0] == EXPLAINED[event]) & (self.outcomes[1] == EXPLAINED[event])
        )
        codes = [cells_of(world, rows[both])
                 for world, rows in zip(self.worlds, self.rows, strict=True)]  # fmt: skip
        for k, name in enumerate(BY):
            other = np.flatnonzero(codes[0][k] != codes[1][k])
            here = slice(FIRST_CELL[name], FIRST_CELL[name] + len(DIMENSIONS[name].codes))
            for direction in range(len(DIRECTIONS)):
                counts[direction, here] = in_cells(codes[direction][:, other])[here]


def _was(world: Lived, rows: Rows, place: int) -> Flags:
    """Say who was at a place on 1 January; newcomers and who is not in this world were not."""
    there = np.where(rows < world.known, rows, -1)
    return np.asarray(_taken(world.columns["place"], there, -1) == place)


def _taken(column: NDArray[Any], rows: Rows, none: int) -> NDArray[np.int64]:
    """Return the values of some rows, and `none` for row -1."""
    values = np.full(rows.size, none, dtype=np.int64)
    there = rows >= 0
    values[there] = column[rows[there]]
    return values


def _differs(a: Lived, b: Lived, name: str, rows_a: Positions, rows_b: Positions) -> Flags:
    return np.asarray(a.columns[name][rows_a] != b.columns[name][rows_b])


def company(world: Lived, rows: Rows) -> NDArray[np.uint64]:
    """Return a fingerprint of those abroad with each person: family members who left that year.

    It holds who they are, where, of which education and whose partners and children, so that
    equal fingerprints are equal company (but for one case in some 10**19).
    """
    columns, person = world.columns, world.person
    asked = np.zeros(int(columns["family"].max(initial=0)) + 1, dtype=np.bool_)
    asked[columns["family"][rows]] = True
    abroad = np.flatnonzero((columns["place"] == ABROAD) & asked[columns["family"]])
    order = np.lexsort((columns["left_year"][abroad], columns["family"][abroad]))
    abroad = abroad[order]
    group = columns["family"][abroad].astype(np.int64) << 16 | columns["left_year"][abroad]
    first = np.flatnonzero(np.diff(group, prepend=-1))
    words = np.zeros(abroad.size, dtype=np.uint64)
    for name in ("person", "partner", "mother", *OF_ABSENCE):
        value = person[abroad] if name == "person" else columns[name][abroad].astype(np.int64)
        if name in LINKS:
            value = np.where(value >= 0, person[value], -1)
        words = _mixed(words, value.astype(np.uint64))
    sums = np.add.reduceat(words, first) if first.size else words
    mine = columns["family"][rows].astype(np.int64) << 16 | columns["left_year"][rows]
    return np.asarray(sums[np.searchsorted(group[first], mine)])


def _mixed(words: NDArray[np.uint64], value: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Stir a value into 64-bit words (the finisher of SplitMix64); overflow is meant."""
    words = (words ^ value) + np.uint64(0x9E3779B97F4A7C15)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        words = (words ^ (words >> np.uint64(shift))) * np.uint64(factor)
    return np.asarray(words ^ (words >> np.uint64(31)))


def cells_of(world: Lived, rows: Rows) -> NDArray[np.int64]:
    """Return the code of each person in each dimension of `BY`: (dimensions, persons)."""
    codes = np.empty((len(BY), rows.size), dtype=np.int64)
    for k, name in enumerate(BY):
        dimension = DIMENSIONS[name]
        values = world.columns[dimension.column][rows].astype(np.int64) - dimension.lowest
        codes[k] = dimension.group(world.year)[values]
    return codes


def in_cells(codes: NDArray[np.int64], number: NDArray[Any] | None = None) -> NDArray[Any]:
    """Count persons by cell: immigrants, but everybody where background tells them apart.

    number: how many persons each column of `codes` stands for; one if not given.
    """
    persons = np.ones(codes.shape[1], dtype=np.int64) if number is None else number
    counts = np.zeros(len(CELLS), dtype=persons.dtype)
    immigrants = np.where(codes[BY.index("background")] == BORN, 0, persons)
    counts[0] = immigrants.sum()
    for k, name in enumerate(BY):
        size = len(DIMENSIONS[name].codes)
        weight = persons if name == "background" else immigrants
        found = np.bincount(codes[k], weight, minlength=size)  # below 2**53: exact
        counts[FIRST_CELL[name] : FIRST_CELL[name] + size] = found.astype(counts.dtype)
    return counts
