"""Ceilings: what nobody's weights of moving and of emigrating exceed, in two bytes a person.

They save time only: whose luck could not make them go under their ceiling is passed over without
a look at their covariates (see sim.transitions.mobility_kernel).
"""

import numpy as np
from numpy.typing import NDArray

from sim.agents.population import lengthened
from sim.codes import ORIGIN_COUNTRY_GROUP
from sim.transitions import ceilings_kernel as kernel
from sim.transitions import mobility_kernel
from sim.transitions.process import Year
from sim.transitions.reason_offsets import period_of

GROUPS, OUTCOMES = 8, 2  # centrality x sex; moving and emigrating
REASONS, ORIGINS = int(kernel.REASONS), int(kernel.ORIGINS)
SIZES, LAST_AGE, LAST_CLASS = int(kernel.SIZES), int(kernel.OLDEST), int(kernel.LONGEST)
MANY = 8  # all are bounded anew if more than one in so many has changed
CODES = 256


class Ceilings:
    """Upper bounds of each person's weights, good until a year.

    `move` and `emigrate` bound the two weights; for threshold draws (together) `move` bounds
    the probability of not staying and `emigrate` is idle.
    Whoever alters a covariate of a person must say so in year.changed or year.regrouped;
    ageing and longer stays are foreseen for `renew` years, unless many change every year.

    of_period: the tables of each period of years; highest: those that no year's exceed.
    """

    def __init__(
        self,
        of_period: list[mobility_kernel.Tables],
        highest: mobility_kernel.Tables,
        renew: int,
        together: bool,
    ) -> None:
        self.renew, self.together = renew, together
        self.of_period, self.highest = of_period, highest
        self.ahead: kernel.Factors | None = None
        self.coded: dict[int, kernel.Factors] = {}
        self.until, self.forgotten = -1, 0
        self.move = self.emigrate = np.empty(0, dtype=np.uint8)

    def hold(
        self, persons: mobility_kernel.Persons, year: Year, shift: NDArray[np.floating]
    ) -> None:
        """Make the ceilings hold for `year`, whose shift of weights is given."""
        if year.gone is not None and self.move.size:
            self.move, self.emigrate = year.left_of(self.move), year.left_of(self.emigrate)
            self.forgotten += 1
        n, known = persons.sex.size, self.move.size
        others = year.population.forgotten != self.forgotten  # positions are others now
        named = year.changed + year.regrouped
        many = sum(map(len, named)) + n - known > n // MANY and known > 0
        if year.year >= self.until or others or many:
            self.forgotten = year.population.forgotten
            self.until = year.year + (1 if many else self.renew)
            factors = self._of_year(year.year, shift) if many else self._ahead()
            self.move, self.emigrate = self._codes(persons, year.year, factors)
            return
        changed = year.told(named, known)
        if n > known:
            self.move, self.emigrate = (lengthened(c, n) for c in (self.move, self.emigrate))
        if changed.size:
            some = mobility_kernel.Persons._make(column[changed] for column in persons)
            self.move[changed], self.emigrate[changed] = self._codes(some, year.year, self._ahead())

    def _codes(
        self, persons: mobility_kernel.Persons, year: int, factors: kernel.Factors
    ) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        move, emigrate = np.empty((2, persons.sex.size), dtype=np.uint8)
        kernel.ceilings(factors, year, *persons, move, emigrate)
        if self.together:
            kernel.combine(move, emigrate, OF_BOTH)
        return move, emigrate

    def _ahead(self) -> kernel.Factors:
        """Return what bounds the weights of several years."""
        if self.ahead is None:
            self.ahead = coded(self.highest, self.renew)
        return self.ahead

    def _of_year(self, year: int, shift: NDArray[np.floating]) -> kernel.Factors:
        """Return what bounds the weights of one year."""
        period = period_of(year)
        if period not in self.coded:
            self.coded[period] = coded(self.of_period[period], 1)
        return self.coded[period]._replace(origin=_by_origin(shift))


def coded(tables: mobility_kernel.Tables, years: int) -> kernel.Factors:
    """Return what bounds the weights of persons in a year and the next `years` - 1."""
    return kernel.Factors(
        _code(_of_ages(tables, years)),
        _code(tables.traits),
        _code(_of_families(tables)),
        _by_origin(tables.shift),
        _code(tables.place),
        tables.group_of,
        tables.covered,
    )


def _code(factor: NDArray[np.floating]) -> NDArray[np.uint32]:
    """Code factors by outcome (the last index), rounded up: moving above, emigrating below."""
    with np.errstate(divide="ignore"):
        power = np.log2(factor.reshape(-1, OUTCOMES) * mobility_kernel.SLACK)
    power = power.clip(kernel.FLOOR, kernel.LARGEST) - kernel.FLOOR
    steps = np.ceil(power * kernel.STEPS).astype(np.uint32)
    return np.ascontiguousarray(steps[:, 0] << kernel.HALF | steps[:, 1])


def _of_ages(tables: mobility_kernel.Tables, years: int) -> NDArray[np.float64]:
    """Return the highest product of the factors of age and duration in the coming years."""
    age = tables.age.reshape(GROUPS, -1, OUTCOMES)[:, : LAST_AGE + 1]
    duration = tables.duration.reshape(GROUPS, -1, OUTCOMES)
    ages, classes = np.arange(LAST_AGE + 1), np.arange(LAST_CLASS + 1)
    highest = np.zeros((GROUPS, ages.size, classes.size, OUTCOMES))
    for later in range(years):
        then = age[:, np.minimum(ages + later, LAST_AGE), None]
        with np.errstate(over="ignore", invalid="ignore"):
            product = then * duration[:, None, np.minimum(classes + later, LAST_CLASS)]
        highest = np.maximum(highest, np.where(then > 0, product, 0.0))
    return highest


def _of_families(tables: mobility_kernel.Tables) -> NDArray[np.float64]:
    """Return the factors of a family's size, of the immigrants in it and of its kind, at any age.

    By group, reason, size and immigrants; the last ones stand for all that are larger.
    """
    total, same = (
        np.concatenate([by_size[:, : SIZES - 1], by_size[:, SIZES - 1 :].max(1, keepdims=True)], 1)
        for by_size in (f.reshape(GROUPS, -1, OUTCOMES) for f in (tables.total, tables.immigrants))
    )
    all_sizes = int(mobility_kernel.SIZES)
    kind = tables.kind_of.reshape(all_sizes, all_sizes)[:SIZES, :SIZES]
    of_kind = tables.offset.reshape(REASONS, int(mobility_kernel.KINDS), -1, OUTCOMES).max(axis=2)
    offset = of_kind[:, kind]
    offset[:, -1] = offset[:, :, -1] = of_kind.max(axis=1)[:, None]
    with np.errstate(over="ignore", invalid="ignore"):
        both = total[:, None, :, None] * same[:, None, None, :] * offset[None]
    return np.asarray(np.where(np.isnan(both), np.inf, both))


def _by_origin(shift: NDArray[np.floating]) -> NDArray[np.uint32]:
    """Code the shift of weights by reason and country group, by reason and origin."""
    by_group = shift.reshape(REASONS, -1, OUTCOMES)
    return _code(by_group[:, list(ORIGIN_COUNTRY_GROUP)])


def _of_both() -> NDArray[np.uint8]:
    """Return the code of the probability of not staying, by the codes of both weights."""
    levels = (np.arange(CODES, dtype=np.int32) + mobility_kernel.OFFSET) << mobility_kernel.SHIFT
    weight = levels.view(np.float32).astype(np.float64)
    weight[0], weight[-1] = 0.0, 1e30  # beyond all bounds
    both = weight[:, None] + weight
    share = (both / (1 + both) * mobility_kernel.SLACK).astype(np.float32)
    above = (share.view(np.int32) >> mobility_kernel.SHIFT) - mobility_kernel.OFFSET + 1
    return np.where(both > 0, above.clip(1, CODES - 1), 0).astype(np.uint8).ravel()


OF_BOTH = _of_both()
