"""Unions and separations: who shares a family number with whom.

A family number is shared by the married and by cohabitants with a common child, so only such
unions are meant. A single resident may find a partner among the other singles of the
population, or one outside it (most of them without immigrant background), who is but one
more member of the family. No source tells how often immigrants do either: all rates are
assumed, so that the shares of persons in unions and in one-person families by age stay about
as they are in the reconstructed register of 2013.

Members of a family who are no persons are taken for a partner of the eldest resident, and
children of theirs. If that union ends, a man loses them all; with a woman the children stay,
and leave one by one in the same way.
"""

from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.agents.families import Families, add_others, change_families
from sim.agents.population import RESIDENT, Population
from sim.chance import cuts
from sim.codes import ORIGIN, SEX
from sim.geography import CENTRALITY_OF
from sim.transitions import unions_kernel as kernel
from sim.transitions.batches import screened
from sim.transitions.marked import marked
from sim.transitions.odds import Odds, age_reached, luck_of
from sim.transitions.ordering_kernel import in_order
from sim.transitions.process import Assumption, Positions, Settings, Year
from sim.transitions.sources import remembered, rows

YOUNGEST, OLDEST, ADULT = 18, 60, 18  # ages reached in the year
ORDER, SEARCH = range(2)  # the draws of a candidate
MALE = SEX.index("male")
LEFT_BEHIND = 3  # years after which a couple with one partner abroad has parted; assumed

UNIONS = Assumption(
    "unions",
    {
        "steady": "Residents of 18-60 form and leave unions so often that the shares by age stay "
        "about as in 2013; nine in ten seek a partner of their own origin. Couples part who come "
        "to live in two municipalities, or of whom one has been abroad for three years.",
        "no_change": "Nobody forms or leaves a union.",
    },
)


class Rates(NamedTuple):
    """Yearly probabilities by sex and age, 18-60.

    within, outside: of a single person to seek a partner in the population, and to find one
    outside it. part, leave: of leaving the former (by the woman's age) and the latter.
    """

    within: NDArray[np.float64]
    outside: NDArray[np.float64]
    part: NDArray[np.float64]
    leave: NDArray[np.float64]


class Cases(NamedTuple):
    """Positions of those to whom something happens this year.

    parting: one of each couple of persons; leaving: a partner who is no person; finding: such
    a partner; seeking: one who is a person.
    """

    parting: Positions
    leaving: Positions
    finding: Positions
    seeking: Positions
    eldest: NDArray[np.bool_]


class Move(NamedTuple):
    """Who moves to which family, beside whom: that person's municipality becomes theirs.

    Of a family that exists already, the person beside is a resident who stays in it.
    """

    movers: Positions
    families: NDArray[np.int32]
    beside: Positions

    @classmethod
    def of(cls, *parts: "Move") -> "Move":
        """Return all of these moves."""
        return cls(*(np.concatenate(each) for each in zip(*parts, strict=True)))


class Unions:
    """Forming and leaving unions; children under 18 go with the parent who moves."""

    name: ClassVar = "unions"
    reads: ClassVar = frozenset({"person", "sex", "birth_year", "background", "origin", "place",
                                 "mother", "left_year"})  # fmt: skip
    writes: ClassVar = frozenset({"partner", "family", "family_total", "family_immigrants",
                                  "municipality"})  # fmt: skip
    assumptions: ClassVar[tuple[Assumption, ...]] = (UNIONS,)

    def __init__(self, choice: str) -> None:
        self.choice = choice

    @classmethod
    def ready(cls, settings: Settings) -> "Unions":
        """Take the assumed rates."""
        return cls(settings.choice(UNIONS))

    def happen(self, year: Year) -> None:
        """Decide by the unions and families of the moment; then everybody moves at once."""
        if self.choice == "no_change":
            return
        population = year.population
        apart, left = _apart(year)
        _let_go(population, left, year.families)
        cases = _cases(year, rates(), apart)
        men, women = couples(year, cases.seeking)
        joining, outside = _join(year, cases, men, women)
        leavers = _leavers(year, cases.parting)
        first = int(joining.families.max(initial=year.families.size - 1)) + 1
        new = np.arange(first, first + leavers.size, dtype=np.int32)
        moves = Move.of(joining, Move(leavers, new, leavers))
        _change_home(population["municipality"], moves)
        year.moved, year.settled = [moves.movers], True
        year.regrouped.append(move(population, moves, *outside, year.families))
        _link(population["partner"], cases.parting, men, women)

    def odds(self, year: Year, position: int) -> tuple[Odds, ...]:
        """Return the chances of leaving a partner, or of finding or seeking one if single.

        Whether who seeks finds somebody is up to the others; of couples one's draw decides.
        """
        population, rate = year.population, rates()
        partner = int(population["partner"][position])
        both = (position,) if partner < 0 else (position, partner)
        decider = min(both, key=lambda i: (population["sex"][i], population["person"][i]))
        at = int(population["sex"][decider]), age_reached(year, decider) - YOUNGEST
        here = all(population["place"][i] == RESIDENT for i in both)
        if self.choice == "no_change" or not here or not 0 <= at[1] < rate.part.shape[1]:
            return ()
        luck = luck_of(year, self.name, population["person"][decider])
        if partner >= 0:
            return (Odds("parting", float(rate.part[at]), luck),)
        persons, head = at_home(population, np.array([position]), year.families)
        if head[0] and population["family_total"][position] > persons[0]:
            return (Odds("leaving a partner who is no immigrant", float(rate.leave[at]), luck),)
        outside = float(rate.outside[at])
        return (Odds("finding a partner who is no immigrant", outside, luck),
                Odds("seeking a partner, if not found so", float(rate.within[at]) + outside,
                     luck))  # fmt: skip


def move(
    population: Population,
    moves: Move,
    families: NDArray[np.int32],
    more: NDArray[np.int32],
    known: Families | None = None,
) -> Positions:
    """Let residents change families, all at once; return whose counts changed.

    families, more: where members who are no persons come (or go, if negative), and how many.
    """
    known = known or Families(population)
    changed = change_families(population, moves.movers, moves.families, known)
    return np.concatenate([changed, add_others(population, families, more, known)])


def at_home(
    population: Population, whom: Positions, families: Families
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return of residents how many resident persons their family has, and who is the eldest."""
    persons, head = np.empty(whom.size, dtype=np.int64), np.empty(whom.size, dtype=np.bool_)
    columns = ("family_total", "place", "birth_year", "person")
    kernel.at_home(whom, families.hold().following, persons, head,
                   *(population[c] for c in columns))  # fmt: skip
    return persons, head


def couples(year: Year, seeking: Positions) -> tuple[Positions, Positions]:
    """Return the men and the women who find each other, in order.

    They live on the same level of centrality, are of about the same age (a man counts as three
    years younger) and, if both so seek, of the same origin.
    """
    population, known = year.population, assumed()
    person = population["person"][seeking]
    words = year.chance.words("unions_market", year.year, person, 2)
    columns = (population[c] for c in ("municipality", "origin", "sex", "birth_year"))
    cell = np.empty(seeking.size, dtype=np.int64)
    kernel.cells(seeking, words[SEARCH], np.uint64(cuts(np.array(known["same_origin"]))),
                 len(ORIGIN), year.year, int(known["man_older"]), int(known["years_apart"]),
                 CENTRALITY_OF, cell, *columns)  # fmt: skip
    order = np.empty(seeking.size, dtype=np.int64)
    lowest = cell.min(initial=0)
    in_order(cell - lowest, words[ORDER], person, int(cell.max(initial=0) - lowest) + 1, order)
    men, women = np.empty((2, seeking.size), dtype=np.int64)
    columns = (population[c] for c in ("sex", "family", "mother"))
    count = kernel.pair(order, cell, seeking, men, women, *columns)
    return men[:count], women[:count]


def _apart(year: Year) -> tuple[Positions, Positions]:
    """Return one of each couple of residents who live apart, and residents long left behind.

    Of those who lived together a year ago somebody must have moved.
    """
    population = year.population
    place, partner = population["place"], population["partner"]
    moved = np.concatenate(year.moved) if year.settled else marked(partner >= 0)
    apart = np.empty(moved.size, dtype=np.int64)
    columns = (population[c] for c in ("municipality", "sex", "person"))
    count = kernel.list_apart(moved, apart, place, partner, *columns)
    marks = np.empty(len(population), dtype=np.bool_)
    left_by = np.int16(year.year - LEFT_BEHIND)
    kernel.mark_away(left_by, place, population["left_year"], partner, marks)
    left = partner[marked(marks)].astype(np.int64)
    apart = np.sort(apart[:count])
    once = np.ones(count, dtype=np.bool_)  # both partners may have moved
    once[1:] = apart[1:] != apart[:-1]
    return apart[once], np.sort(left[place[left] == RESIDENT])


def _let_go(population: Population, left: Positions, families: Families) -> None:
    """Part those whose partner does not come back; who is abroad gets a family of their own."""
    partner = population["partner"]
    abroad = partner[left]
    partner[left], partner[abroad] = -1, -1
    families.move(abroad.astype(np.int64), families.new(abroad.size))


def _cases(year: Year, rate: Rates, apart: Positions) -> Cases:
    """Say who does what this year: one draw a person, single or not; who lives apart parts."""
    population = year.population
    form, outside = cuts(rate.within + rate.outside), cuts(rate.outside)
    leave = cuts(rate.leave)
    possible, words = _possible(year, form, cuts(rate.part), leave)
    columns = ("family_total", "place", "birth_year", "person")
    found = np.empty((4, possible.size + 1), dtype=np.int64)
    eldest = np.empty(len(population), dtype=np.bool_)
    counts = kernel.sort_out(
        possible, words, form, outside, leave, year.year - YOUNGEST, population["sex"],
        population["partner"], year.families.hold().following, found, eldest,
        *(population[c] for c in columns),
    )  # fmt: skip
    parting, leaving, finding, seeking = (
        some[:count] for some, count in zip(found, counts, strict=True)
    )
    at = np.searchsorted(parting, apart)  # both in ascending order
    more = apart[np.append(parting, -1)[at] != apart]
    return Cases(np.concatenate([parting, more]), leaving, finding, seeking, eldest)


def _possible(
    year: Year, form: NDArray[np.uint64], part: NDArray[np.uint64], leave: NDArray[np.uint64]
) -> tuple[Positions, NDArray[np.uint32]]:
    population = year.population
    sex, birth_year, place, partner, person = (
        population[c] for c in ("sex", "birth_year", "place", "partner", "person")
    )
    top = max(form.max(), part.max(), leave.max())
    if not top:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.uint32)
    limit, born_by = np.uint32(top - np.uint64(1)), year.year - YOUNGEST
    born = np.int16(year.year - OLDEST), np.int16(born_by)
    possible, words = screened(
        year, Unions.name, lambda words, some, marks: kernel.mark(
            words, limit, *born, place[some], birth_year[some], marks,
        ),
    )  # fmt: skip
    count = kernel.list_possible(possible, words, form, part, leave, born_by, sex, birth_year,
                                 place, partner, person)  # fmt: skip
    return possible[:count], words[:count]


def _join(
    year: Year, cases: Cases, men: Positions, women: Positions
) -> tuple[Move, tuple[NDArray[np.int32], NDArray[np.int32]]]:
    """Return who moves to start a union, and which families get or lose others, and how many.

    Who is the eldest at home keeps the family number, the man first: the other moves there.
    Two who live with their parents get a number of their own, the man's municipality, and so
    does one whose partner is no person. The young follow their mother, or else the eldest.
    """
    family, size, finding = year.population["family"], year.families.size, cases.finding
    his, hers, own = (cases.eldest[whom] for whom in (men, women, finding))
    to_her, apart, leaves = hers & ~his, ~hers & ~his, ~own
    homes = np.where(leaves, size + np.cumsum(leaves) - 1, family[finding])
    first = size + int(np.count_nonzero(leaves))
    shared = np.where(to_her, family[women], family[men])
    shared[apart] = np.arange(first, first + np.count_nonzero(apart))
    he_moves, she_moves = to_her | apart, ~to_her
    adults = Move(
        np.concatenate([women[she_moves], men[he_moves], finding[leaves]]),
        np.concatenate([shared[she_moves], shared[he_moves], homes[leaves]]).astype(np.int32),
        np.concatenate([men[she_moves], np.where(to_her, women, men)[he_moves], finding[leaves]]),
    )
    heads = np.concatenate([hers[she_moves], his[he_moves], own[leaves]])
    return with_children(year, adults, heads), _outside(year, cases.leaving, homes)


def with_children(year: Year, adults: Move, heads: NDArray[np.bool_]) -> Move:
    """Add the young who follow: their mother, or else the eldest at home, if she or he moves.

    heads: who of the adults is the eldest at home. The young are under 18 when the year ends.
    """
    young, behind = (np.empty(len(year.population) + 1, dtype=np.int64) for _ in range(2))
    columns = ("family_total", "place", "birth_year", "family", "mother")
    count = kernel.young_behind(adults.movers, heads, year.year - ADULT,
                                year.families.hold().following, young, behind,
                                *(year.population[c] for c in columns))  # fmt: skip
    whom = behind[:count]
    children = Move(young[:count].copy(), adults.families[whom], adults.beside[whom])
    return Move.of(adults, children)


def _leavers(year: Year, parting: Positions) -> Positions:
    """Return who of each couple moves out: from young children the man, else one by chance."""
    population = year.population
    with_young = np.empty(parting.size, dtype=np.bool_)
    kernel.with_young(parting, year.year - ADULT, year.families.hold().following,
                      population["place"], population["birth_year"], with_young)  # fmt: skip
    coin = year.chance.uniform("separation", year.year, population["person"][parting])
    other = with_young | (coin < assumed()["man_leaves"])
    return np.where(other, population["partner"][parting], parting)


def _outside(
    year: Year, leaving: Positions, homes: NDArray[np.int64]
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return the families that members who are no persons leave or join, and how many do."""
    population = year.population
    persons, _ = at_home(population, leaving, year.families)
    all_others = population["family_total"][leaving] - persons
    lost = np.where(population["sex"][leaving] == MALE, all_others, 1)
    families = np.concatenate([population["family"][leaving], homes]).astype(np.int32)
    return families, np.concatenate([-lost, np.ones(homes.size, np.int64)]).astype(np.int32)


def _change_home(municipality: NDArray[np.int16], moves: Move) -> None:
    """Take the new family's municipality; young people who live on another level stay there."""
    old, new = municipality[moves.movers], municipality[moves.beside]
    same_level = CENTRALITY_OF[old] == CENTRALITY_OF[new]  # else it would be a domestic move
    municipality[moves.movers] = np.where(same_level, new, old)


def _link(partner: NDArray[np.int32], parting: Positions, men: Positions, women: Positions) -> None:
    partner[partner[parting]] = -1
    partner[parting] = -1
    partner[men], partner[women] = women, men


@remembered
def rates() -> Rates:
    """Return the assumed rates by sex and age reached, 18-60."""
    table = rows("unions.csv")
    ages = np.arange(YOUNGEST, OLDEST + 1)
    found = []
    for name in Rates._fields:
        by_sex = []
        for sex in SEX.names:
            of_sex = [row for row in table if row["sex"] == sex]
            band = np.searchsorted([int(r["age_from"]) for r in of_sex], ages, side="right") - 1
            by_sex.append(np.array([float(row[name]) for row in of_sex])[band])
        found.append(np.array(by_sex))
    return Rates(*found)


@remembered
def assumed() -> dict[str, float]:
    """Return the other numbers that no source gives."""
    return {row["quantity"]: float(row["value"]) for row in rows("unions_assumed.csv")}
