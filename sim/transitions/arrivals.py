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
from functools import lru_cache
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from sim.agents.newcomers import arrival_identifiers
from sim.chance import Chance, cuts
from sim.codes import BACKGROUND, EDUCATION, ORIGIN, REASON, SEX, STATUS
from sim.transitions import arrival_levers
from sim.transitions import arrival_tables as tables
from sim.transitions import arrivals_kernel as kernel
from sim.transitions.arrival_tables import STREAM_REASON, STREAMS
from sim.transitions.batches import screened
from sim.transitions.ordering_kernel import in_order
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
LIMITS, PARTNER_LIMITS = (
    (cuts(share * np.array(OPEN)) - np.uint64(1)).astype(np.uint32) for share in (1.0, FOR_PARTNER)
)
CHILDREN_AT = 30  # age at which parents had the eldest child they are joined by
MOTHER_AT = (15, 50)  # ages between which a woman can have become a mother
NEARBY = (0, 1, -1, 2, -2)  # groups of ages that are tried, the best first
RULES = kernel.Rules(
    ADULT, CHILD_ARRIVAL, *MOTHER_AT, BACKGROUND.index("child_arrival"), NORWEGIAN_BORN, WOMAN,
    EDUCATION.index("none"), STATUS.index("outside"),
)  # fmt: skip
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
        """Return the units that arrive in a year, each like a donor.

        Of each stream as many come as there are persons, a unit if more than half of it fits.
        All are counted, whichever part they come to, so that together the parts get the units
        of the whole.
        """
        wanted, donors = row_of(self.numbers, year) * self.scale, tables.donors()
        most = np.ceil(np.maximum(wanted, 0.0)).astype(np.int64)  # if each is one person
        stream = np.repeat(np.arange(len(STREAMS)), most)
        number = np.arange(stream.size) - np.repeat(np.cumsum(most) - most, most)
        person = _identifiers(year, stream, number)
        words, donor = _words(chance, "arrivals_donor", year, person), np.empty_like(person)
        like = _likeness(row_of(self.mix, year).tobytes())
        come = kernel.arriving(words, like, donors.size, wanted, donor, stream, number, person)
        units = Units(donor[:come], stream[:come], number[:come], person[:come])
        if self.part is None:
            return units
        mine = self.part.receives(donors.origin[units.donor], units.number)
        return Units(units.donor[mine], units.stream[mine], units.number[mine], units.person[mine])


@dataclass(frozen=True)
class Units:
    """Arriving units: the donor of each, its stream and number there, and its first person."""

    donor: Ints
    stream: Ints
    number: Ints
    person: Ints


@lru_cache(maxsize=50)
def _likeness(mix: bytes) -> kernel.Likeness:
    """Return whom the units of each stream are like, given the shares of origins by stream."""
    shares = np.frombuffer(mix).reshape(len(STREAMS), -1)
    found = [tables.donors().chances(stream, row) for stream, row in enumerate(shares)]
    bounds = [np.minimum(np.cumsum(chances), 1.0) for _, chances in found]
    searches = [kernel.where_to_begin(bound) for bound in bounds]
    units = [mine for mine, _ in found]
    first = np.cumsum([0, *map(len, units)])
    unit, bound, search = map(np.concatenate, (units, bounds, searches))
    return kernel.Likeness(unit, bound, search, first)


def row_of(table: Floats, year: int) -> Floats:
    """Return a year's row of a table that begins with the first year; the last row stays."""
    return np.asarray(table[min(max(year - tables.FIRST, 0), len(table) - 1)])


def _identifiers(year: int, stream: Ints, number: Ints) -> Ints:
    """Return the identifiers of the first persons of units; the others' follow."""
    return arrival_identifiers(year, (stream << UNIT_BITS | number) << MEMBER_BITS)


def _words(chance: Chance, use: str, year: int, person: Ints) -> Words:
    words = np.empty(person.size, dtype=np.uint32)
    chance.swift_word(use, year, person, words)
    return words


def _settle(year: Year, units: Units, host: Positions) -> Positions:
    """Add the units to the population, in families of their own or their hosts'."""
    population, donors, first = year.population, tables.donors(), len(year.population)
    place = _words(year.chance, "arrivals_place", year.year, units.person)
    settling = kernel.Units(units.donor, units.stream, units.person, host,
                            year.families.new(host.size), place)  # fmt: skip
    rows = population.lengthen(int(donors.size[units.donor].sum()))
    rows["first_arrival_year"][:] = year.year
    new = kernel.Newcomers(*(rows[name] for name in kernel.Newcomers._fields))
    coded = kernel.Tables(STREAM_REASON.astype(np.uint8), tables.STREAM_SPONSOR.astype(np.uint8),
                          *tables.places())  # fmt: skip
    hosts = kernel.Hosts(*(population[name] for name in kernel.Hosts._fields))
    kernel.settle(settling, donors.packed, coded, hosts, RULES, year.year, first, new)
    return np.arange(first, len(population))


# Whom they join

LISTS = (2, len(HOSTS), 2, len(ORIGIN), (OLDEST - YOUNGEST) // BAND + 1)


def kind_of_host(streams: Mapping[str, tuple[str, ...]]) -> tuple[Ints, Ints]:
    """Return, by reason of the host and by stream, which of HOSTS it is, or -1."""
    by_reason, by_stream = np.full(len(REASON), -1), np.full(len(STREAMS), -1)
    for kind, (sponsor, reasons) in enumerate(streams.items()):
        by_reason[[REASON.index(reason) for reason in reasons]] = kind
        by_stream[STREAMS.index(("family", sponsor))] = kind
    return by_reason, by_stream


KIND_BY_REASON, KIND_BY_STREAM = kind_of_host(HOSTS)


def _hosts(year: Year, units: Units, words: Words) -> Positions:
    """Return the resident whom each unit joins, or -1.

    Residents who wait stand on rings, by what they wait for, reason, sex, origin and age, each
    at the place of a word of their own; a unit takes the next on its ring who is still free.
    """
    wanted, joining = rings_wanted(units, words)
    lists = int(np.prod(LISTS))
    sought = np.zeros(lists, dtype=np.bool_)
    sought[wanted[wanted >= 0]] = True
    resident, person, ring = _waiting(year, sought)
    place = _words(year.chance, "arrivals_ring", year.year, person)
    order = np.empty(resident.size, dtype=np.int64)
    in_order(ring, place, person, lists, order)
    begins = np.append(0, np.cumsum(np.bincount(ring, minlength=lists)))
    found = np.empty(joining.size, dtype=np.int64)
    kernel.seat(words[joining], wanted, begins, place[order], np.arange(order.size + 1), found)
    host = np.full(units.donor.size, -1)
    some = found >= 0
    host[joining[some]] = resident[order[found[some]]]
    return host


def _waiting(year: Year, sought: NDArray[np.bool_]) -> tuple[Positions, Ints, Ints]:
    """Return residents who wait on some rings, their identifiers and the ring each stands on."""
    population, born = year.population, (year.year - OLDEST, year.year - YOUNGEST)
    groups = LIMITS, (year.year + 1 - np.array(STAYS)).astype(np.int16)
    ages = np.int16(born[0]), np.int16(born[1])
    columns = ("birth_year", "first_arrival_year", "family_total", "place")
    screen = [population[c] for c in columns]
    waiting, words = screened(
        year, "arrivals_open", lambda words, some, marks: kernel.mark(
            words, *groups, *ages, marks, *(c[some] for c in screen),
        ),
    )  # fmt: skip
    looked_at = ("birth_year", "first_arrival_year", "partner", "reason", "sex", "origin")
    rings = np.empty(waiting.size + 1, dtype=np.int64)
    count = kernel.who_waits(
        waiting, words, PARTNER_LIMITS, groups[1], KIND_BY_REASON, year.year, LISTS, YOUNGEST,
        BAND, sought, rings, *(population[c] for c in looked_at),
    )  # fmt: skip
    return waiting[:count], population["person"][waiting[:count]], rings[:count]


def rings_wanted(units: Units, words: Words) -> tuple[Ints, Positions]:
    """Return the rings that each joining unit would take, the best first, and who joins."""
    joining = np.empty(words.size, dtype=np.int64)
    wanted = np.empty((words.size, len(NEARBY)), dtype=np.int64)
    count = kernel.rings_wanted(
        words, units.donor, units.stream, tables.donors().packed, KIND_BY_STREAM, LISTS,
        YOUNGEST, BAND, (CHILDREN_AT, OLDER_HUSBAND), np.array(NEARBY), joining, wanted,
    )  # fmt: skip
    return wanted[:count], joining[:count]
