"""Arrivals: who immigrates for the first time, in families, and whom they join.

Everybody arrives in a unit: a person, or members of one family, who came for one reason. The
k-th unit of a year and reason is always the same unit, so that fewer arrivals are fewer of the
last units and nothing else. What it is like is drawn from donors, families that arrived in
the years before a published stock, so that persons come from the origins of that year.

Families of refugees, of labour immigrants and of other immigrants join residents of their
origin who live alone: a spouse, or a parent whose children were still abroad. Nobody is
joined twice in a year. Families of non-immigrants have a Norwegian spouse who is no person of
the population. All others found a family of their own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from sim.agents.newcomers import arrival_identifiers
from sim.agents.population import Population
from sim.chance import Chance, between_0_and_1, cuts
from sim.codes import BACKGROUND, EDUCATION, ORIGIN, REASON, SEX, STATUS
from sim.transitions import arrival_levers
from sim.transitions import arrival_tables as tables
from sim.transitions import arrivals_kernel as kernel
from sim.transitions.arrival_tables import PARENT, PARTNER, STREAM_REASON, STREAMS
from sim.transitions.batches import listed
from sim.transitions.process import Assumption, Part, Positions, Settings, Year

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Words = NDArray[np.uint32]

MEMBER_BITS, UNIT_BITS = 3, 28  # of a slot: up to 8 members, 268 million units of a stream
CHILD_ARRIVAL = 9  # oldest age at arrival of those who come as children
ADULT = 15  # from this age persons have a status and an education
NORWEGIAN_BORN, WOMAN = BACKGROUND.index("norwegian_born"), SEX.index("female")

# Who may be joined: residents in one-person families. All of this is assumed.
YOUNGEST, OLDEST, BAND = 18, 72, 5  # ages, and the width of a group of ages
STAYS, OPEN = (6, 11), (0.4, 0.2, 0.08)  # share who wait for somebody, by years of stay
FOR_PARTNER = 0.75  # of them wait for a partner; the others for their children
OLDER_HUSBAND = 3  # years a husband is older than his wife
CHILDREN_AT = 30  # age at which parents had the eldest child they are joined by
MOTHER_AT = (15, 50)  # ages between which a woman can have become a mother
NEARBY = (0, 1, -1, 2, -2)  # groups of ages that are tried, the best first
# The streams that join somebody, and the reasons of those whom they join.
HOSTS = {"refuge": ("refuge",), "work": ("work",),
         "other": ("family", "education", "nordic", "unknown")}  # fmt: skip

ARRIVALS = Assumption(
    "arrivals",
    {
        "history": "First-time immigrations by year and reason as published until 2023 (gaps "
        "derived); afterwards the mean of 2015-2019, before the pandemic and the refugees from "
        "Ukraine, declining as immigrations of the official projection of 2020 do relative to "
        "2019 (to 86 percent in 2025, 79 in 2040, 73 in 2060).",
        "as_2015_2019": "The same until 2023; afterwards the mean of 2015-2019, every year.",
        "none": "Nobody arrives.",
    },
)


class Arrivals:
    """First arrivals of a year, by reason; families are reunited.

    numbers: persons by year (from 2004; the last row stands for all later years) and stream
        (`arrival_tables.STREAMS`); alter it to let fewer, more or other people arrive.
    scale: the share of the people that the population represents.
    part: which part of the people the population is, if they are lived in parts.
    """

    name: ClassVar = "arrivals"
    reads: ClassVar = frozenset({"person", "sex", "birth_year", "background", "origin", "reason",
                                 "first_arrival_year", "municipality", "family", "family_total",
                                 "place", "partner"})  # fmt: skip
    writes: ClassVar = frozenset({"partner", "family_total", "family_immigrants"})
    assumptions: ClassVar[tuple[Assumption, ...]] = (ARRIVALS,)

    LEVERS: ClassVar = arrival_levers.LEVERS

    def __init__(
        self, numbers: Floats, scale: float = 1.0, mix: Floats | None = None,
        part: Part | None = None,
    ) -> None:  # fmt: skip
        self.numbers = numbers
        self.scale = scale
        self.part = part
        self.mix = tables.origin_mix() if mix is None else mix

    @classmethod
    def ready(cls, settings: Settings) -> "Arrivals":
        """Take the published numbers."""
        choice = settings.choice(ARRIVALS)
        numbers = tables.expected_numbers(declining=choice == "history")
        numbers = numbers * 0 if choice == "none" else numbers
        numbers, mix = arrival_levers.altered(numbers, tables.origin_mix(), settings.changes)
        return cls(numbers, settings.scale or 0.0, mix, settings.part)

    def happen(self, year: Year) -> None:
        """Let people arrive; who arrives is not exposed to anything else this year."""
        units = self.units(year.year, year.chance)
        if not units.donor.size:
            return
        words = _words(year.chance, "arrivals_host", year.year, units.person)
        host = _hosts(year, units, words)
        arrived = _settle(year, units, host)
        year.record("arrive", arrived)
        year.regrouped.append(host[host >= 0])

    def units(self, year: int, chance: Chance) -> "Units":
        """Return the units that arrive in a year, each like a donor."""
        wanted = row_of(self.numbers, year) * self.scale
        parts = [self._units_of(stream, number, year, chance) for stream, number
                 in enumerate(wanted)]  # fmt: skip
        donor, number = (np.concatenate(column) for column in zip(*parts, strict=True))
        stream = np.repeat(np.arange(len(STREAMS)), [part[0].size for part in parts])
        return Units(donor, stream, number, _identifiers(year, stream, number, number * 0))

    def _units_of(
        self, stream: int, persons: float, year: int, chance: Chance
    ) -> tuple[Ints, Ints]:
        """Return donors and numbers of the units of a stream that arrive.

        A unit arrives if more than half of it is within the number of persons. All are counted,
        whichever part they come to, so that together the parts get the units of the whole.
        """
        donors = tables.donors()
        units, chances = donors.chances(stream, row_of(self.mix, year)[stream])
        bounds = np.minimum(np.cumsum(chances), 1.0)
        number = np.arange(int(np.ceil(max(persons, 0.0))))  # a person each is the most there are
        person = _identifiers(year, np.full(number.size, stream), number, number * 0)
        luck = between_0_and_1(_words(chance, "arrivals_donor", year, person))
        like = np.empty(number.size, dtype=np.int64)
        kernel.look_up(bounds, luck, like)
        donor = units[like]
        size = donors.size[donor]
        come = np.cumsum(size) - size / 2 < persons
        if self.part is not None:
            come &= self.part.receives(donors.origin[donor], number)
        return donor[come], number[come]


@dataclass(frozen=True)
class Units:
    """Arriving units: the donor of each, its stream and number there, and its first person."""

    donor: Ints
    stream: Ints
    number: Ints
    person: Ints


def row_of(table: Floats, year: int) -> Floats:
    """Return a year's row of a table that begins with the first year; the last row stays."""
    return np.asarray(table[min(max(year - tables.FIRST, 0), len(table) - 1)])


def _identifiers(year: int, stream: Ints, number: Ints, member: Ints) -> Ints:
    slot = ((stream << UNIT_BITS | number) << MEMBER_BITS) | member
    return arrival_identifiers(year, slot)


def _words(chance: Chance, use: str, year: int, person: Ints) -> Words:
    words = np.empty(person.size, dtype=np.uint32)
    chance.swift_word(use, year, person, words)
    return words


def _settle(year: Year, units: Units, host: Positions) -> Positions:
    """Add the units to the population, in families of their own or their hosts'.

    A host lived alone, so that nobody else's family changes.
    """
    population, donors = year.population, tables.donors()
    size, joins = donors.size[units.donor], donors.joins[units.donor]
    of = np.repeat(np.arange(size.size), size)  # the unit of each newcomer
    begins = np.cumsum(size) - size
    member = np.arange(of.size) - begins[of]
    row = donors.start[units.donor][of] + member
    age, joined = donors.members["age"][row], host >= 0
    family, municipality = year.families.new(size.size), _places(year, units)
    total, immigrants = size + donors.others[units.donor], size.copy()
    alone = ~joined & (donors.members["age"][donors.start[units.donor]] < ADULT)
    total[alone] += 1  # children who find nobody live with somebody who is no person
    there = host[joined]
    family[joined] = population["family"][there]
    municipality[joined] = population["municipality"][there]
    total[joined] = size[joined] + 1
    immigrants[joined] += population["background"][there] != NORWEGIAN_BORN
    head = len(population) + begins
    arrived = population.grow({
        "person": _identifiers(year.year, units.stream[of], units.number[of], member),
        "birth_year": year.year - age,
        "first_arrival_year": np.full(of.size, year.year),
        "origin": donors.origin[units.donor][of],
        "reason": STREAM_REASON[units.stream][of],
        "sponsor_reason": tables.STREAM_SPONSOR[units.stream][of],
        "municipality": municipality[of],
        "family": family[of],
        "family_total": total[of],
        "family_immigrants": immigrants[of],
        "mother": _mothers(population, row, member, joins[of], host[of], head[of], age, year.year),
        "partner": _partners(row, member, joins[of], host[of], head[of]),
        **_life(row),
    })  # fmt: skip
    population["family_total"][there] = total[joined]
    population["family_immigrants"][there] = immigrants[joined]
    couple = joined & (joins == PARTNER)
    population["partner"][host[couple]] = head[couple]
    return arrived


def _life(row: Ints) -> dict[str, Ints]:
    """Return sex, background, education and status of newcomers like these donors."""
    of = tables.donors().members
    age = of["age"][row]
    grown = age >= ADULT
    return {
        "sex": of["sex"][row],
        "background": (age <= CHILD_ARRIVAL).astype(np.int64),  # 1, else 0: as an adult
        "education": np.where(grown, of["education"][row], EDUCATION.index("none")),
        "status": np.where(grown, of["status"][row], STATUS.index("outside")),
    }


def _partners(row: Ints, member: Ints, joins: Ints, host: Positions, head: Positions) -> Ints:
    """Return each newcomer's partner: of the unit, or the resident whom the eldest joins."""
    inside = tables.donors().members["partner"][row]
    joining = (joins == PARTNER) & (member == 0) & (host >= 0)
    return np.where(inside >= 0, head + inside, np.where(joining, host, -1))


def _mothers(
    population: Population, row: Ints, member: Ints, joins: Ints, host: Positions,
    head: Positions, age: Ints, year: int,
) -> Ints:  # fmt: skip
    """Return each newcomer's mother: of the unit, or the woman whom the unit joins."""
    inside = tables.donors().members["mother"][row]
    child = (member > 0) | (joins == PARENT)
    older = year - population["birth_year"][host].astype(np.int64) - age
    mother = (population["sex"][host] == WOMAN) & (older >= MOTHER_AT[0]) & (older <= MOTHER_AT[1])
    theirs = (host >= 0) & child & mother
    return np.where(inside >= 0, head + inside, np.where(theirs, host, -1))


def _places(year: Year, units: Units) -> Ints:
    """Draw a municipality for each unit in its donor's county and centrality, all alike."""
    cell = tables.donors().cell[units.donor]
    municipality, begins = tables.places()
    number = begins[cell + 1] - begins[cell]
    luck = between_0_and_1(_words(year.chance, "arrivals_place", year.year, units.person))
    return np.asarray(municipality[begins[cell] + (luck * number).astype(np.int64)])


# Whom they join

LISTS = (2, len(HOSTS), 2, len(ORIGIN), (OLDEST - YOUNGEST) // BAND + 1)
KEY_BITS = 32 + int(np.prod(LISTS)).bit_length()  # of a ring and a place on it


def kind_of_host(streams: Mapping[str, tuple[str, ...]]) -> tuple[Ints, Ints]:
    """Return, by reason of the host and by stream, which of HOSTS it is, or -1."""
    by_reason, by_stream = np.full(len(REASON), -1), np.full(len(STREAMS), -1)
    for kind, (sponsor, reasons) in enumerate(streams.items()):
        by_reason[[REASON.index(reason) for reason in reasons]] = kind
        by_stream[STREAMS.index(("family", sponsor))] = kind
    return by_reason, by_stream


def _hosts(year: Year, units: Units, words: Words) -> Positions:
    """Return the resident whom each unit joins, or -1.

    Residents who wait stand on rings, by what they wait for, reason, sex, origin and age, each
    at the place of a word of their own; a unit takes the next on its ring who is still free.
    """
    resident, ring, place = _waiting(year)
    order = _in_order(ring, place, year.population["person"][resident])
    lists = int(np.prod(LISTS))
    begins = np.searchsorted(ring[order], np.arange(lists + 1))
    wanted, joining = rings_wanted(units, words)
    found = np.empty(joining.size, dtype=np.int64)
    kernel.seat(words[joining], wanted, begins, place[order], np.arange(order.size + 1), found)
    host = np.full(units.donor.size, -1)
    some = found >= 0
    host[joining[some]] = resident[order[found[some]]]
    return host


def _in_order(ring: Ints, place: Words, person: Ints) -> Ints:
    """Return the order by ring and place; persons of one place stand in their own order."""
    key = ring.astype(np.uint64) << np.uint64(32) | place
    order = np.empty(key.size, dtype=np.int64)
    kernel.in_order(key, KEY_BITS, order)
    kernel.settle_ties(key, person, order)
    return order


def _waiting(year: Year) -> tuple[Positions, Ints, Words]:
    """Return residents who wait to be joined, the ring each stands on and their place on it."""
    population = year.population
    resident, words = _open(year)
    stay = year.year - population["first_arrival_year"][resident].astype(np.int64)
    for_partner = cuts(FOR_PARTNER * np.array(OPEN))[np.searchsorted(STAYS, stay, side="right")]
    age = year.year - population["birth_year"][resident].astype(np.int64)
    ring = np.ravel_multi_index(
        (
            (words >= for_partner).astype(np.int64),
            kind_of_host(HOSTS)[0][population["reason"][resident]],
            population["sex"][resident], population["origin"][resident],
            (age - YOUNGEST) // BAND,
        ), LISTS,
    )  # fmt: skip
    person = population["person"][resident]
    return resident, ring, _words(year.chance, "arrivals_ring", year.year, person)


def _open(year: Year) -> tuple[Positions, Words]:
    """Return residents who wait for somebody, and the words that say so."""
    population = year.population
    by_stay = np.searchsorted(STAYS, np.arange(STAYS[-1] + 1), side="right")
    open_to = cuts(np.array(OPEN)[by_stay])
    columns = ("birth_year", "first_arrival_year", "family_total", "place", "partner")
    looked_at = [population[c] for c in columns]
    return listed(
        year, "arrivals_open", lambda words, some, found: kernel.who_waits(
            words, some.start, open_to, year.year, year.year - OLDEST, year.year - YOUNGEST,
            found, *looked_at,
        ),
    )  # fmt: skip


def rings_wanted(units: Units, words: Words) -> tuple[Ints, Positions]:
    """Return the rings that each joining unit would take, the best first, and who joins."""
    donors = tables.donors()
    joins, kind = donors.joins[units.donor], kind_of_host(HOSTS)[1][units.stream]
    joining = np.flatnonzero(np.isin(joins, (PARTNER, PARENT)) & (kind >= 0))
    donor, kind = units.donor[joining], kind[joining]
    for_children = joins[joining] == PARENT
    eldest = donors.start[donor]
    age, sex = donors.members["age"][eldest], donors.members["sex"][eldest]
    parent = (words[joining] & 1).astype(np.int64)  # children join a mother or a father
    other = np.where(for_children, parent, 1 - sex)
    older = np.where(for_children, CHILDREN_AT, np.where(sex == 0, OLDER_HUSBAND, -OLDER_HUSBAND))
    band = ((age + older - YOUNGEST) // BAND)[:, None] + np.array(NEARBY)
    parts = (for_children.astype(np.int64), kind, other, donors.origin[donor])
    there = (band >= 0) & (band < LISTS[-1])
    band = np.where(there, band, 0)
    rings = np.ravel_multi_index((*(np.broadcast_to(p[:, None], band.shape) for p in parts), band),
                                 LISTS)  # fmt: skip
    # Children might be joined to somebody too young: two groups younger is tried for no one.
    there &= ~(for_children[:, None] & (np.array(NEARBY) == -2))
    return np.where(there, rings, -1), joining
