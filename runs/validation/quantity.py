"""What a published pattern asks of a history: of whom, what is measured, in which years.

A pattern is judged by asking a history for quantities, so that everything that can answer may
be judged: a simulated history, a user's own table, numbers made by hand in a test.
"""

from dataclasses import dataclass, fields
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Codes = tuple[str, ...] | None  # None is everybody; several codes are all that have one of them

PER_YEAR, POOLED = "per_year", "pooled"
SCOPES = (PER_YEAR, POOLED)
REPORTS = ("a2015", "r2016", "d2026")


@dataclass(frozen=True)
class Whom:
    """A filter of persons: who has one of the codes in every field that is given.

    group: the population of the report (`GROUPS` of the record), never None.
    age: bands such as 18-34, 71+; several bands are their union. Of the 2026 report it is the
        age at 31 December, otherwise the age that the report uses (docs/definitions).
    destination: where emigrants went, codes of sim.codes; third countries are spelled out as
        nordic, uk, usa_canada, germany and other.
    """

    group: str = "immigrants"
    sex: Codes = None  # men, women
    age: Codes = None
    reason: Codes = None
    origin: Codes = None  # codes of the 2026 report
    country_group: Codes = None  # cg1, cg2, cg3
    duration: Codes = None  # 0-2, 3-5, 6-10, 11-15, 16+, over_10
    labour_status: Codes = None
    education: Codes = None  # primary, secondary, tertiary_short, tertiary_long, unknown
    education2: Codes = None  # bachelor_plus, no_degree
    centrality: Codes = None
    county: Codes = None
    family_type: Codes = None  # immigrant_only, mixed, mixed_equal ...
    family_size: Codes = None  # 1, 2, 3, 4, 3+, 5+
    sponsor_reason: Codes = None  # of family immigrants: whom they joined
    destination: Codes = None
    country: Codes = None  # single countries; no history tells of them

    @property
    def given(self) -> dict[str, tuple[str, ...]]:
        """Return the fields, besides the group, that hold a condition."""
        found = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "group"}
        return {name: codes for name, codes in found.items() if codes is not None}


@dataclass(frozen=True)
class Quantity:
    """What is measured of whom in which years.

    measure: a measure of the record (`MEASURES`): rates in percent a year, shares in percent.
    scope: per_year, one value for each of `years`; pooled, one value: all events of the years
        over all person-years (for a count their sum, for a share all that it counts).
    report: whose definition of age and denominator holds: A (persons resident all or part of
        the year), R (residents of 1 January, movers), D (mean population, emigrations).
    base: for measures that are shares, the persons who make 100 percent; None otherwise.
    term: for differences in a linear model, the variable and its code whose coefficient is
        asked, against the reference of the report; the reference itself has 0.
    model: linear, or logit for average differences in its probabilities; of a sample size, the
        model that the sample is of; None for all else.
    controls: the variables of the linear model.
    driver: for effects, the scenario or the driver of emigration that is changed.
    table: of an effect, the table of the 2016 report that it is a figure of: then the term is
        the variable of that table and the model is estimated as it was there.
    """

    measure: str
    whom: Whom
    years: tuple[int, ...]
    scope: str = PER_YEAR
    report: str = "r2016"
    base: Whom | None = None
    term: tuple[str, str] | None = None
    model: str | None = None
    controls: tuple[str, ...] = ()
    driver: str | None = None
    table: str = ""


class History(Protocol):
    """Whatever can tell quantities: nan where it cannot."""

    @property
    def years(self) -> tuple[int, ...]:
        """The years of which it can tell at least something."""

    def of(self, quantity: Quantity) -> NDArray[np.float64]:
        """Return a value for each year of the quantity, or one if it is pooled."""
