"""Measures of a history: what stands above the line and what below it, year by year.

Denominators differ between reports. The 2016 report divides by the residents of 1 January; the
2026 report by the mean of the residents of 1 January and of 31 December, and over several years
by persons and years lived in Norway. The article speaks of 100 residents, and once of who lived
in Norway all or part of the year; but only of the residents of 1 January 2013 were its 24,000
emigrants somewhat over four percent, so these are taken unless `part_of_year` is asked for.
Moves inside Norway are told by the 2016 report alone.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from calibration.raking import Floats
from runs.validation import collected as c
from runs.validation.collected import Collected, Columns, Ids
from runs.validation.comparison import MIXES, Compared, parts
from runs.validation.counting import Cells, Ints, Mask
from runs.validation.persons import (
    ABSENT,
    DECEMBER,
    DIMENSIONS,
    FATE,
    JANUARY,
    LONGEST,
    CannotTellError,
    conditions,
)
from runs.validation.quantity import POOLED, Quantity, Whom
from sim.chance import Chance
from sim.transitions.comparison_groups import GROUPS as COMPARED

RESIDENTS_BY = (
    ("background", "reason", "country_group", "centrality", "county"),
    ("background", "reason", "age_january", "education", "status"),
    ("background", "age_january", "sex", "centrality", "county"),
    ("background", "reason", "age_january", "centrality", "family"),
    ("background", "age_december", "duration_december", "sex", "country_group"),
    ("background", "age_december", "origin", "education"),
    ("background", "age_january", "origin", "education"),
    ("background", "age_december", "county"),
)
DEPARTED_BY = (
    ("background", "age_december", "origin", "education", "destination", "absence"),
    ("background", "reason", "country_group", "county"),
)
FOUND_LATE = 5  # years in which 19 of 20 unreported departures are found, counted as assumed
AGES_2026 = range(18, 36)
AGE = "age_december_single"
SMOOTHED = 1  # years on either side that a rate by age is averaged with
DEFAULT_BASE = Whom()


def _mask(dimension: str, size: int, *wanted: int) -> dict[str, Mask]:
    found = np.zeros(size, dtype=np.bool_)
    found[list(wanted)] = True
    return {dimension: found}


def _fates(*wanted: int) -> dict[str, Mask]:
    return _mask("fate", len(c.FATES), *wanted)


JANUARY_STOCK = _fates(*(fate for fate in range(len(c.FATES)) if fate != c.CAME))
LEFT = _fates(c.EMIGRATED)
OTHER_LEVEL = _fates(c.LEVEL, c.LEVEL_AND_COUNTY)
OTHER_COUNTY = _fates(c.COUNTY_ONLY, c.LEVEL_AND_COUNTY)
AWAY, BACK = (_mask("absence", len(c.ABSENCE), which) for which in (c.AWAY, c.BACK))


class Counted:
    """A collected history, counted. Arrays have an entry for each year and the one after.

    part_of_year: the article's rates are of who lived in Norway all or part of the year.
    chance: the luck of the groups that the report of 2026 compares with; without it there are
        none.
    """

    def __init__(
        self, collected: Collected, *, part_of_year: bool = False, chance: Chance | None = None
    ) -> None:
        self.collected = collected
        self.part_of_year = part_of_year
        self.years = collected.years
        self.first, self.size = self.years[0], len(self.years) + 1
        held = [(*names, "fate") for names in RESIDENTS_BY]
        parts = [one.columns for one in collected.residents]
        self.residents = Cells(parts, (*DIMENSIONS, FATE), held)
        self.compared: Compared | None = None
        if chance:
            self.compared = Compared(self.residents, self.years, collected.scale, chance)
        departed = [(*names, "absence") for names in DEPARTED_BY]
        gone = [one.columns for one in collected.departures]
        self.departures = Cells(gone, (*DIMENSIONS, ABSENT), departed)
        told = [one.columns for one in collected.registered]
        self.registered = Cells(told, DIMENSIONS)
        self.persons: dict[tuple[Whom, tuple[int, ...]], int] = {}

    def stock(self, whom: Whom, later: int) -> Floats:
        """Return the residents of each 1 January."""
        return self._living(whom, later, JANUARY_STOCK)

    def lived(self, whom: Whom, later: int, fates: Mapping[str, Mask] | None = None) -> Floats:
        """Return who lived in Norway all or part of each year, or those of some fates."""
        found = self._living(whom, later, fates or {})
        found[-1] = np.nan  # only its 1 January was seen
        return found

    def left(self, whom: Whom, later: int) -> Floats:
        """Return who left in each year, with destinations if these are asked for."""
        if whom.destination is None:
            return self.lived(whom, later, LEFT)
        chosen = conditions(whom, later=later)
        return self._ended(self.departures.count(chosen))

    def absent(self, whom: Whom, later: int, where: Mapping[str, Mask]) -> Floats:
        """Return who of the leavers of each year was away, or back, five years later."""
        found = self._ended(self.departures.count({**conditions(whom, later=later), **where}))
        found[-1 - c.YEARS_ABROAD + 1 :] = np.nan
        return found

    def register(self, whom: Whom, later: int) -> Floats:
        """Return whose emigration was registered in each year."""
        return self._ended(self.registered.count(conditions(whom, later=later)))

    def _living(self, whom: Whom, later: int, fates: Mapping[str, Mask]) -> Floats:
        if self.compared and whom.group in COMPARED:
            return self.compared.living(whom, later, fates)
        if self.compared and whom.group in MIXES:
            return np.asarray(sum(self._living(part, later, fates) for part in parts(whom)))
        chosen = conditions(whom, later=later)
        if "destination" in chosen:
            raise CannotTellError("where residents would have gone")
        return self.residents.count({**chosen, **fates}).astype(np.float64)

    def _ended(self, counts: Ints) -> Floats:
        return np.append(counts.astype(np.float64), np.nan)


Fraction = tuple[Floats, Floats]


def later_of(of: Counted, q: Quantity) -> int:
    """Return when ages are reckoned: those of the year's end go with who lived here in it."""
    of_end = {"d2026": True, "a2015": of.part_of_year, "r2016": False}
    return DECEMBER if of_end[q.report] else JANUARY


def emigration_rate(of: Counted, q: Quantity) -> Fraction:
    """Return leavers and who might leave, by the report's definition."""
    left = of.left(q.whom, later_of(of, q))
    whom = replace(q.whom, destination=None)
    if later_of(of, q) == JANUARY:
        return left, of.stock(whom, JANUARY)
    if q.report == "a2015" or q.scope == POOLED:
        return left, of.lived(whom, DECEMBER)
    january, next_january = of.stock(whom, DECEMBER), of.stock(whom, JANUARY)
    return left, np.append((january[:-1] + next_january[1:]) / 2, np.nan)


def domestic_rate(of: Counted, q: Quantity) -> Fraction:
    """Return who lives at another level at the end of the year, and the residents before it."""
    return of.lived(q.whom, JANUARY, OTHER_LEVEL), of.stock(q.whom, JANUARY)


def county_out_rate(of: Counted, q: Quantity) -> Fraction:
    """Return who lives in another county at the end of the year, and the residents before it."""
    return of.lived(q.whom, JANUARY, OTHER_COUNTY), of.stock(q.whom, JANUARY)


def stock_share(of: Counted, q: Quantity) -> Fraction:
    """Return the residents of 1 January, and those of whom they are a share."""
    later = later_of(of, q)
    return of.stock(q.whom, later), of.stock(q.base or DEFAULT_BASE, later)


def emigration_share(of: Counted, q: Quantity) -> Fraction:
    """Return leavers, and the leavers of whom they are a share."""
    later = later_of(of, q)
    base = q.base or replace(q.whom, destination=None)
    return of.left(q.whom, later), of.left(base, later)


def return_share(of: Counted, q: Quantity) -> Fraction:
    """Return who of the leavers is back, and all of whom it is known."""
    back, away = (of.absent(q.whom, later_of(of, q), where) for where in (BACK, AWAY))
    return back, back + away


def admin_share(of: Counted, q: Quantity) -> Fraction:
    """Return registered emigrations to nobody knows where, and all that were registered.

    A history begins with nobody whom the register still misses, so its first years tell nothing.
    """
    later = later_of(of, q)
    unknown = replace(q.whom, destination=("unknown",))
    found = of.register(unknown, later)
    found[:FOUND_LATE] = np.nan
    return found, of.register(q.whom, later)


def missing_education(of: Counted, q: Quantity) -> Fraction:
    """Return who lived in Norway without a registered education, and all who did."""
    later = later_of(of, q)
    return of.lived(replace(q.whom, education=("unknown",)), later), of.lived(q.whom, later)


def mean_duration(of: Counted, q: Quantity) -> Fraction:
    """Return the years stayed by 31 December before, summed, and the residents (in percent)."""
    chosen = {**conditions(q.whom, later=JANUARY), **JANUARY_STOCK}
    by_stay = of.residents.count_by("duration_january_single", chosen)
    total = by_stay @ np.arange(LONGEST + 1)
    return total / 100, of.stock(q.whom, JANUARY)


FRACTIONS: Mapping[str, Callable[[Counted, Quantity], Fraction]] = {
    "emigration_rate": emigration_rate,
    "domestic_rate": domestic_rate,
    "county_out_rate": county_out_rate,
    "stock_share": stock_share,
    "emigration_count_share": emigration_share,
    "destination_share": emigration_share,
    "return_share_5y": return_share,
    "admin_emigration_share": admin_share,
    "missing_education_share": missing_education,
    "mean_duration": mean_duration,
}


def sample_size(of: Counted, q: Quantity) -> Floats:
    """Return whose outcomes of a year are explained; the logit leaves out who dies in it."""
    dead = of.lived(q.whom, JANUARY, _fates(c.DIED)) if q.model == "logit" else 0.0
    return of.stock(q.whom, JANUARY) - dead


TOTALS: Mapping[str, Callable[[Counted, Quantity], Floats]] = {
    "emigration_count": lambda of, q: of.left(q.whom, later_of(of, q)),
    "return_count_5y": lambda of, q: of.absent(q.whom, later_of(of, q), BACK),
    "stock": lambda of, q: of.stock(q.whom, later_of(of, q)),
    "person_years": lambda of, q: of.lived(q.whom, later_of(of, q)),
    "sample_size": sample_size,
}


def persons_ever(of: Counted, whom: Whom, years: tuple[int, ...]) -> int:
    """Return how many different persons lived in Norway in any of these years."""
    key = whom, years
    if key not in of.persons:
        chosen = conditions(whom, later=DECEMBER)
        seen = [_persons(of, of.collected.residents[year - of.first], chosen) for year in years]
        of.persons[key] = _different(np.concatenate(seen))
    return of.persons[key]


def _different(numbers: Ids) -> int:
    """Return how many different numbers there are; sorting is quicker than a set."""
    ordered = np.sort(numbers)
    return int(np.count_nonzero(np.diff(ordered))) + bool(ordered.size)


def _persons(of: Counted, one: Columns, chosen: Mapping[str, Mask]) -> Ids:
    mine = np.ones(one.person.size, dtype=np.bool_)
    for name, mask in chosen.items():
        dimension = of.residents.dimensions[name]
        mine &= mask[dimension.of][one.columns[dimension.column]]
    return one.person[mine]


def _by_age(of: Counted, whom: Whom) -> Fraction:
    """Return leavers and who lived in Norway, by year and single age of 18-35."""
    if of.compared and whom.group in COMPARED:
        each = [replace(whom, age=(str(age),)) for age in AGES_2026]
        told = ([of.left(one, DECEMBER) for one in each], [of.lived(one, DECEMBER) for one in each])
        return np.transpose(told[0]), np.transpose(told[1])
    chosen = conditions(replace(whom, age=None), later=DECEMBER)
    ages = np.array(AGES_2026)
    left = of.residents.count_by(AGE, {**chosen, **LEFT})[:, ages]
    lived = of.residents.count_by(AGE, chosen)[:, ages]
    return left.astype(np.float64), lived.astype(np.float64)


def peak_age(of: Counted, q: Quantity, years: tuple[int, ...]) -> float:
    """Return the age at which most leave: the largest mean rate of an age and its neighbours."""
    left, lived = _by_age(of, q.whom)
    which = np.array(years) - of.first
    above, below = left[which].sum(axis=0), lived[which].sum(axis=0)
    ages = np.array(AGES_2026)
    if not below.all():
        return np.nan
    rates = above / below
    smooth = [np.mean(rates[max(k - SMOOTHED, 0) : k + SMOOTHED + 1]) for k in range(ages.size)]
    return float(ages[int(np.argmax(smooth))])
