"""Return: persons abroad come back, fewer with every year that passes.

The yearly hazard is a level of the background, times factors of destination, degree and (of
descendants) origin, times a constant pace for every year since leaving. It is fitted to the
shares resident on 1 January of the fifth year after leaving, that is after four years at
risk: 43 percent of Norwegian-born, 37 of child arrivals, 14 of adult arrivals who left at
18-35. As published, the dead count as returned and who has left again does not; since a
fifth of the adult arrivals who come back soon leave again, 18 percent of them return.
Who left at other ages returns alike.

Two other sources disagree. One has about 35 percent of Norwegian-born back after ten years,
fewer than the report after five: it must count other people, periods or returns. The report
is followed, and at the assumed pace 47 percent are back by then. The Frisch Centre has 15
percent of those who left by 2004 come back at any time; here it is 20 of adult arrivals.

The register of the start knows no destinations: who is abroad with an unknown one comes
back at the mean of all destinations, and so does who left unnoticed.
"""

from collections.abc import Callable
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from sim.agents.families import Families, join_families
from sim.agents.population import ABROAD, RESIDENT, Population
from sim.chance import cuts
from sim.codes import BACKGROUND, DESTINATION, ORIGIN
from sim.transitions import returning_kernel as kernel
from sim.transitions.batches import screened
from sim.transitions.levers import Lever, hastened
from sim.transitions.marked import marked
from sim.transitions.odds import Odds, luck_of
from sim.transitions.process import Assumption, Positions, Settings, Year
from sim.transitions.sources import remembered, rows

LONGEST = 10  # years since leaving after which nobody returns: one in 200 would, at this pace
FIRST = 1
ADULTS = BACKGROUND.index("adult_arrival")

RETURNING = Assumption(
    "returning",
    {
        "published": "Persons abroad return as the report of 2026 tells, at all ages; to their "
        "last municipality, or to that of their family if members of it live in Norway; partners "
        "and children who left in one year return together, children below 15 never alone.",
        "nobody": "Nobody returns.",
    },
)


def cannot_matter(population: Population) -> NDArray[np.bool_]:
    """Say who is dead, or abroad for so long that nobody and nothing waits for them.

    They can return no more, the register knows that they left, and no resident is their
    partner: without them everybody lives as with them.
    """
    gone, paired = (np.empty(len(population), dtype=np.bool_) for _ in range(2))
    columns = ("place", "left_year", "registered_year", "partner")
    kernel.cannot_matter(np.int16(population.year - LONGEST - 2), np.int16(population.year),
                         gone, paired, *(population[c] for c in columns))  # fmt: skip
    some = marked(paired)
    gone[some] = population["place"][population["partner"][some]] != RESIDENT
    return gone


class Returning:
    """Coming back to Norway, as the same person, with the same reason and first arrival."""

    name: ClassVar = "return"
    reads: ClassVar = frozenset({"person", "birth_year", "background", "origin", "education",
                                 "family", "mother", "partner"})  # fmt: skip
    writes: ClassVar = frozenset({"place", "left_year", "destination", "registered_year",
                                  "municipality", "family_total", "family_immigrants"})  # fmt: skip
    assumptions: ClassVar[tuple[Assumption, ...]] = (RETURNING,)

    LEVERS: ClassVar = (
        Lever("return", "factor", "the yearly rate of coming back, of all who left", 0.0, 20.0),
        *(Lever(f"return.{name}", "factor", f"the same, of background {name}", 0.0, 20.0)
          for name in BACKGROUND.names),
    )  # fmt: skip

    def __init__(
        self, choice: str = "published", lever: Callable[[str, int], float] = lambda *_: 1.0
    ) -> None:
        self.choice = choice
        self.lever = lever

    @classmethod
    def ready(cls, settings: Settings) -> "Returning":
        """Take the published shares."""
        return cls(settings.choice(RETURNING), settings.lever)

    def happen(self, year: Year) -> None:
        """Let people come back who left in an earlier year."""
        if self.choice == "nobody":
            return
        population = year.population
        coming = _coming(year, self.name, cuts(self.chances(year.year)))
        population["place"][coming] = RESIDENT
        for column in ("left_year", "destination", "registered_year"):
            population[column][coming] = 0
        others = _not_persons(population, coming, year.families)
        joined = join_families(population, coming, others, year.families)
        _live_with_family(population, coming, joined, year.families.size)
        year.record("return", coming)
        year.regrouped += [coming, joined]
        year.moved.append(coming)

    def odds(self, year: Year, position: int) -> tuple[Odds, ...]:
        """Return the chance of coming back by oneself; children come with their family."""
        population = year.population
        since = year.year - int(population["left_year"][position])
        away = population["place"][position] == ABROAD and 0 < since <= LONGEST
        if self.choice == "nobody" or not away:
            return ()
        whose = tuple(int(population[c][position]) for c in ("background", "origin", "destination"))
        degree = int(population["education"][position] >= kernel.DEGREE)
        chance = float(self.chances(year.year)[(*whose, degree, since)])
        luck = luck_of(year, self.name, population["person"][position])
        return (Odds("coming back", chance, luck),)

    def chances(self, year: int) -> NDArray[np.float64]:
        """Return the chances of coming back in a year, as the scenario has them."""
        everybody = self.lever("return", year)
        factor = np.array([everybody * self.lever(f"return.{name}", year)
                           for name in BACKGROUND.names])  # fmt: skip
        return hastened(probabilities(), factor[:, None, None, None, None])


def _not_persons(
    population: Population, coming: Positions, families: Families
) -> NDArray[np.int64]:
    """Return with how many members who are no persons each comes back: those they left with."""
    others = np.empty(coming.size, dtype=np.int64)
    kernel.others_with(coming, families.hold().following, population["place"],
                       population["family_total"], others)  # fmt: skip
    return others


def _coming(year: Year, name: str, limits: NDArray[np.uint64]) -> Positions:
    """Return the positions of those who come back this year, their words being below limits."""
    population, earliest = year.population, year.year - LONGEST
    person, family, birth_year, place, left_year = (
        population[c] for c in ("person", "family", "birth_year", "place", "left_year")
    )
    wishing = _wishing(year, name, limits)
    rows = year.families.beside(wishing)
    wish = np.empty(person.size, dtype=np.uint8)
    latest = np.empty(year.families.size, dtype=np.int16)
    eldest = np.empty(latest.size, dtype=np.int32)
    children = np.empty(rows.size, dtype=np.int64)
    young = kernel.children_abroad(wishing, rows, earliest, year.year, person, family, birth_year,
                                   place, left_year, wish, latest, eldest,
                                   children)  # fmt: skip
    coming = np.empty(2 * wishing.size + young, dtype=np.int64)
    count = kernel.come_back(wishing, np.sort(children[:young]), wish, year.year, person, family,
                             birth_year, place, left_year, population["mother"],
                             population["partner"], eldest, coming)  # fmt: skip
    return coming[:count]


def _wishing(year: Year, name: str, limits: NDArray[np.uint64]) -> Positions:
    """Return whose own luck brings them back."""
    population = year.population
    place, left_year = population["place"], population["left_year"]
    if not limits.any():
        return np.empty(0, dtype=np.int64)
    limit = np.uint32(limits.max() - np.uint64(1))
    years = np.int16(year.year - LONGEST), np.int16(year.year - 1)
    wishing, words = screened(
        year, name, lambda words, some, marks: kernel.mark(
            words, limit, *years, place[some], left_year[some], marks,
        ),
    )  # fmt: skip
    columns = ("background", "origin", "destination", "education")
    count = kernel.decide(wishing, words, limits, year.year, left_year,
                          *(population[c] for c in columns))  # fmt: skip
    return wishing[:count]


def _live_with_family(
    population: Population, coming: Positions, members: Positions, families: int
) -> None:
    """Give those who join residents the municipality of the eldest of them."""
    arriving = np.empty(len(population), dtype=np.uint8)
    eldest = np.empty(families, dtype=np.int32)
    host = np.empty(coming.size, dtype=np.int64)
    kernel.hosts(coming, members, arriving, population["person"], population["family"],
                 population["birth_year"], eldest, host)  # fmt: skip
    found = host >= 0
    population["municipality"][coming[found]] = population["municipality"][host[found]]


@remembered
def probabilities() -> NDArray[np.float64]:
    """Return the yearly probability of coming back.

    By background, origin, destination, degree (0 no, 1 yes) and years since leaving.
    """
    table = _factors()
    pace = table.pop("pace")
    hazard = np.ones((len(BACKGROUND), len(ORIGIN), len(DESTINATION), 2))
    for factor in table.values():
        hazard = hazard * factor
    since = np.arange(LONGEST + 1)
    falling = np.where(since < FIRST, 0.0, pace ** (since - FIRST))
    return np.asarray(-np.expm1(-hazard[..., None] * falling))


def _factors() -> dict[str, NDArray[np.float64]]:
    """Return the factors of the hazard, shaped to be multiplied, and the pace."""
    shape = (len(BACKGROUND), len(ORIGIN), len(DESTINATION), 2)
    made = {kind: np.ones(shape) for kind in ("level", "destination", "origin", "degree")}
    made["pace"] = np.ones(())
    for row in rows("returning.csv"):
        value, kind = float(row["value"]), row["kind"]
        if kind == "pace":
            made["pace"] = np.array(value)
            continue
        whom = [BACKGROUND.index(name) for name in row["background"].split()]
        origin = slice(None) if row["origin"] == "all" else ORIGIN.index(row["origin"])
        where = (
            slice(None) if row["destination"] == "all" else DESTINATION.index(row["destination"])
        )
        degree = slice(1, 2) if kind == "degree" else slice(None)
        for b in whom:
            made[kind][b, origin, where, degree] = value
    return made
