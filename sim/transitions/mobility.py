"""Mobility: every resident of 1 January stays, moves to another centrality level or emigrates.

The published trinomial logit gives the weights, exp(V), of moving and of emigrating; staying
weighs 1. Covariates are those of the year before (the report: 2012 for the outcomes of
2013), so age and duration in year t are t - 1 minus year of birth and of first arrival.
"""

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from sim.agents.followers import Followers
from sim.agents.population import Population
from sim.codes import BACKGROUND, COUNTRY_GROUP, DURATION_STARTS, ORIGIN_COUNTRY_GROUP, REASON
from sim.geography import CENTRALITY_OF, MUNICIPALITY
from sim.transitions import mobility_kernel as kernel
from sim.transitions.batches_kernel import take_words
from sim.transitions.calibrated import AGES_OF_OFFSETS, KINDS, kinds_of_families
from sim.transitions.ceilings import Ceilings
from sim.transitions.choice_kernel import rough_errors
from sim.transitions.logit import TERMS, parameters_set
from sim.transitions.process import Assumption, Positions, Settings, Year
from sim.transitions.reason_offsets import (
    PERIODS,
    Offsets,
    period_of,
    place_factor,
    trait_factor,
)
from sim.transitions.shifts import (
    ECONOMY,
    FAMILIES,
    REFERENCE,
    WITHIN_REASONS,
    YEAR_EFFECTS,
    Shifts,
)
from sim.transitions.terms import FACTORS
from sim.transitions.together import CORRELATION, TOGETHER, SharedLuck

YOUNGEST, OLDEST = 15, 74  # the ages on which the published models were estimated
AGES, CLASSES, SIZES = int(kernel.AGES), int(kernel.CLASSES), int(kernel.SIZES)
GROUPS = 8  # centrality x sex
OUTCOMES = 2  # moving and emigrating; staying is the reference
CLASS_OF_DURATION = np.searchsorted(DURATION_STARTS, np.arange(CLASSES), side="right") - 1

CHILDREN = Assumption(
    "children",
    {
        "follow_adult": "Children under 15, Norwegian-born ones too, do what their mother does if "
        "they live with her, otherwise what the eldest person of 15 or more in their family does; "
        "children without such a person stay.",
        "stay": "Children under 15 neither move nor emigrate.",
    },
)
OLD_AGE = Assumption(
    "old_age",
    {
        "as_74": "People over 74 keep the age terms of 74; everything else is their own.",
        "stay": "People over 74 neither move nor emigrate.",
    },
)
NORWEGIAN_BORN = Assumption(
    "norwegian_born",
    {
        "stay": "Norwegian-born persons of 15 or more are not asked by the models of immigrants: "
        "what they do is told by descendants.",
        "as_immigrants": "Norwegian-born persons of 15 or more behave as immigrants who share "
        "their other characteristics.",
    },
)


class Mobility:
    """The yearly choice between staying, moving and emigrating."""

    name: ClassVar = "mobility"
    reads: ClassVar = frozenset({*kernel.Persons._fields, "person", "family", "mother", "partner"})
    writes: ClassVar = frozenset[str]()
    assumptions: ClassVar[tuple[Assumption, ...]] = (
        CHILDREN,
        OLD_AGE,
        NORWEGIAN_BORN,
        YEAR_EFFECTS,
        ECONOMY,
        REFERENCE,
        FAMILIES,
        WITHIN_REASONS,
        TOGETHER,
    )

    def __init__(self, coefficients: NDArray[np.float64], settings: Settings) -> None:
        self.settings = settings
        self.shifts = Shifts(settings)
        tables = with_offset(weight_tables(coefficients, settings), self.shifts.offset())
        log = self.shifts.within()
        self.of_period = [within_reasons(tables, log, p) for p in range(len(PERIODS))]
        highest = with_shift(_highest_of(self.of_period), self.shifts.largest)
        together = settings.draws == "threshold"
        self.ceilings = Ceilings(self.of_period, highest, settings.renew, together)
        self.store = Store(settings.chunk)
        sharing = settings.choice(TOGETHER) == "together"
        self.sharing = SharedLuck(CORRELATION if sharing else 0.0)

    @classmethod
    def ready(cls, settings: Settings) -> "Mobility":
        """Take the models of the settings' type, published or estimated."""
        return cls(parameters_set(settings).coefficients, settings)

    def happen(self, year: Year) -> None:
        """Set year.outcome; children follow the adult they live with."""
        persons = persons_of(year.population)
        tables = self.tables_of(year.year)
        self.ceilings.hold(persons, year, tables.shift)
        year.lucky = self.sharing.hold(year)
        year.changed.clear()
        year.regrouped.clear()
        decide = self._explicit if self.settings.draws == "explicit" else self._threshold
        going = decide(persons, tables, year)
        if self.settings.choice(CHILDREN) == "follow_adult":
            born_by = year.year - 1 - YOUNGEST
            year.followers = Followers(year.population, born_by, year.families)
            year.take_along(going)

    def weights(self, population: Population, year: int, position: int) -> tuple[float, float]:
        """Return exp(V) of moving and of emigrating of one person; staying weighs 1."""
        which, both = np.array([position]), np.empty((2, 1))
        persons, tables = persons_of(population), self.tables_of(year)
        kernel.weigh_some(persons, tables, year, which, both[0], both[1])
        return float(both[0, 0]), float(both[1, 0])

    def tables_of(self, year: int) -> kernel.Tables:
        """Return the factors of the year's weights."""
        return with_shift(self.of_period[period_of(year)], self.shifts.factors(year))

    def lucky(self, year: Year) -> NDArray[np.int64]:
        """Return the number that everybody's luck is drawn for: their own or their family's."""
        return SharedLuck(self.sharing.correlation).hold(year)(slice(0, len(year.population)))

    def _explicit(self, persons: kernel.Persons, tables: kernel.Tables, year: Year) -> Positions:
        """Decide with an error term for each alternative; return who goes."""
        store = self.store
        spans = store.open(len(year.population))
        bits = store.floats.view(np.int32)
        for first, last in spans:
            words, flag = store.words_of(last - first), store.flag[: last - first]
            year.chance.block(self.name, year.year, year.lucky(slice(first, last)), words)
            kernel.screen_explicit(
                words,
                self.ceilings.move[first:last],
                self.ceilings.emigrate[first:last],
                SHORTEST,
                store.floats,
                bits,
                flag,
            )
            store.collect(flag, first, words[:3])
        found, luck = store.found()
        rough = np.empty(luck.shape, dtype=np.float32)
        rough_errors(luck, rough)
        count = kernel.decide_explicit(persons, tables, year.year, found, luck, rough, year.outcome)
        return found[:count]

    def _threshold(self, persons: kernel.Persons, tables: kernel.Tables, year: Year) -> Positions:
        """Decide with one draw; return who goes."""
        store = self.store
        spans = store.open(len(year.population))
        bits = store.floats.view(np.int32)
        for first, last in spans:
            words, flag = store.words_of(last - first)[:1], store.flag[: last - first]
            lucky = year.lucky(slice(first, last))
            year.chance.swift_word(self.name, year.year, lucky, words[0])
            code = self.ceilings.move[first:last]
            kernel.screen_threshold(words, code, store.floats, bits, flag)
            store.collect(flag, first, words)
        found, luck = store.found()
        count = kernel.decide_threshold(persons, tables, year.year, found, luck, year.outcome)
        return found[:count]


class Store:
    """Working space of the passes, kept from year to year: fresh memory costs 0.5 ns a person.

    words, floats, flag: of one chunk. position, luck: of everybody found who might not stay.
    """

    def __init__(self, chunk: int) -> None:
        self.chunk = chunk
        self.words = np.empty(0, dtype=np.uint32)
        self.floats = np.empty((2, 0), dtype=np.float32)
        self.flag = np.empty(0, dtype=np.uint8)
        self.count = 0
        self.position = np.empty(0, dtype=np.int64)
        self.luck = np.empty((3, 0), dtype=np.uint32)

    def open(self, n: int) -> list[tuple[int, int]]:
        """Empty the list, make room, and cut n persons into chunks: first, and after the last."""
        self.count = 0
        most = min(self.chunk, n)
        if self.flag.size < most:
            self.words = np.empty(4 * most, dtype=np.uint32)
            self.floats = np.empty((2, most), dtype=np.float32)
            self.flag = np.empty(most, dtype=np.uint8)
        return [(first, min(first + self.chunk, n)) for first in range(0, n, self.chunk)]

    def words_of(self, n: int) -> NDArray[np.uint32]:
        """Return room for four words of n persons, side by side whatever n is."""
        return self.words[: 4 * n].reshape(4, n)

    def collect(self, flag: NDArray[np.uint8], first: int, words: NDArray[np.uint32]) -> None:
        """Add the flagged persons of a chunk to the list, with their luck."""
        if self.position.size <= self.count + flag.size:
            self._grow(2 * (self.count + flag.size) + 1)
        listed = slice(self.count, None)
        room = self.position[listed], self.luck[:, listed]
        self.count += take_words(flag, first, words, *room)

    def found(self) -> tuple[NDArray[np.int64], NDArray[np.uint32]]:
        """Return the positions and the luck of everybody in the list."""
        return self.position[: self.count], self.luck[:, : self.count]

    def _grow(self, size: int) -> None:
        position, luck = self.position, self.luck
        self.position = np.empty(size, dtype=np.int64)
        self.luck = np.empty((luck.shape[0], size), dtype=np.uint32)
        self.position[: self.count] = position[: self.count]
        self.luck[:, : self.count] = luck[:, : self.count]


def persons_of(population: Population) -> kernel.Persons:
    """Return the columns that the kernels read."""
    return kernel.Persons(*(population[name] for name in kernel.Persons._fields))


def weight_tables(coefficients: NDArray[np.float64], settings: Settings) -> kernel.Tables:
    """Turn coefficients (centrality, sex, term, outcome) into factors of exp(V).

    Traits are reason, status and education together. Nobody under 15 weighs anything.
    """
    by_term = np.moveaxis(coefficients.reshape(GROUPS, -1, OUTCOMES), 1, 0)
    beta = dict(zip(TERMS, by_term, strict=True))
    age = np.minimum(np.arange(AGES), OLDEST)[None, :, None]
    by_age = np.exp(
        beta["constant"][:, None]
        + beta["age"][:, None] * age
        + beta["age_over_10_squared"][:, None] * (age / 10) ** 2
    )
    by_age[:, :YOUNGEST] = 0
    if settings.choice(OLD_AGE) == "stay":
        by_age[:, OLDEST + 1 :] = 0
    covered = np.ones(len(BACKGROUND), dtype=np.uint8)
    if settings.choice(NORWEGIAN_BORN) == "stay":
        covered[BACKGROUND.index("norwegian_born")] = 0
    by_code = _by_code(beta)
    reason, status, education = (by_code[name] for name in ("reason", "status", "education"))
    traits = reason[:, :, None, None] + status[:, None, :, None] + education[:, None, None, :]
    size = np.arange(SIZES)[None, :, None]
    factors = (
        by_age,
        np.exp(by_code["duration"][:, CLASS_OF_DURATION]),
        np.exp(traits),
        np.exp(beta["family_total"][:, None] * size),
        np.exp(beta["family_immigrants"][:, None] * size),
        np.ones((len(REASON) * len(COUNTRY_GROUP), OUTCOMES)),
        np.ones((len(REASON) * len(KINDS) * len(AGES_OF_OFFSETS), OUTCOMES)),
        np.ones((len(REASON) * len(MUNICIPALITY), OUTCOMES)),
    )
    rows = [np.ascontiguousarray(factor.reshape(-1, OUTCOMES)) for factor in factors]
    group_of = (CENTRALITY_OF * 2).astype(np.uint8)
    region_of = np.array(ORIGIN_COUNTRY_GROUP, dtype=np.uint8)
    return kernel.Tables._make([*rows, group_of, region_of, kinds_of_families(), covered])


def with_shift(tables: kernel.Tables, factor: NDArray[np.float64]) -> kernel.Tables:
    """Return the tables with weights multiplied by reason and country group."""
    return tables._replace(shift=np.ascontiguousarray(factor.reshape(-1, OUTCOMES)))


def with_offset(tables: kernel.Tables, factor: NDArray[np.float64]) -> kernel.Tables:
    """Return the tables with weights multiplied by reason, kind of family and age."""
    return tables._replace(offset=np.ascontiguousarray(factor.reshape(-1, OUTCOMES)))


def within_reasons(tables: kernel.Tables, log: Offsets, period: int) -> kernel.Tables:
    """Return the tables with what sets places, educations and statuses of a reason apart."""
    traits = tables.traits.reshape(GROUPS, -1) * trait_factor(log, period).ravel()
    return tables._replace(
        traits=np.ascontiguousarray(traits.reshape(-1, OUTCOMES)),
        place=place_factor(log, period).reshape(-1, OUTCOMES),
    )


def _highest_of(tables: list[kernel.Tables]) -> kernel.Tables:
    """Return the tables with the highest factors of all periods."""
    most = {name: np.max([getattr(one, name) for one in tables], axis=0)
            for name in ("traits", "place")}  # fmt: skip
    return tables[0]._replace(**most)


def _by_code(beta: dict[str, NDArray[np.float64]]) -> dict[str, NDArray[np.float64]]:
    """Return the terms of each factor (groups, codes, outcomes), 0 for its reference."""
    return {
        factor.name: np.stack(
            [
                beta[dict(factor.terms())[k]] if k in dict(factor.terms()) else 0 * beta["constant"]
                for k in range(len(factor.codes))
            ],
            axis=1,
        )
        for factor in FACTORS
    }


def _shortest() -> NDArray[np.float32]:
    """Return the smallest 1 / -log(u) of each leading byte of u, with slack for rounding."""
    lower = np.arange(256) / 256
    lower[0] = 2.0**-33  # the least that a word can stand for
    return (-1 / np.log(lower) / kernel.SLACK).astype(np.float32)


SHORTEST = _shortest()
