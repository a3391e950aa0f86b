"""What is no event of a history: the answer to the economy, and inputs of the model."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from runs.validation.persons import JANUARY, CannotTellError, conditions
from runs.validation.quantity import Quantity
from sim.codes import COUNTRY_GROUP
from sim.economy import FIRST, SERIES, Economy
from sim.geography import CENTRALITY_OF, COUNTY_OF
from sim.transitions.process import Settings
from sim.transitions.shifts import BASE, ECONOMY, Shifts

STEPS: Mapping[str, tuple[str, float]] = {
    "unemployment_norway": ("unemployment_norway", 1.0),
    "unemployment_origin": ("unemployment_group{}", 1.0),
    "log_income_ratio": ("income_ratio_group{}", 0.1),
}


def driver_effect(settings: Settings, quantity: Quantity) -> float:
    """Return by how many percent a driver changes the odds of emigrating, all else as it is.

    The driver is one percentage point of unemployment higher, or a tenth of the income ratio,
    in 2013. What unemployment in Norway does through labour status comes on top and is not in
    this number.
    """
    groups, driver = quantity.whom.country_group, str(quantity.driver)
    if driver not in STEPS or groups is None or len(groups) != 1:
        raise CannotTellError(f"the driver {driver} of {groups or 'all groups'}")
    if settings.choice(ECONOMY) == "none":
        return 0.0
    group = groups[0].removeprefix("cg")
    words, step = STEPS[driver]
    series = words.format(group)
    if series not in SERIES:
        raise CannotTellError(f"there is no series {series}")
    after = Economy.default().changed(series, BASE, BASE, "add", step)
    shifted = replace(settings, economy=after, changes=())
    return float(100 * np.expm1(Shifts(shifted).economy(BASE)[COUNTRY_GROUP.index(group)]))


def income_ratio(quantity: Quantity, year: int) -> float:
    """Return purchasing power a head in Norway over that of a country group, an input."""
    groups = quantity.whom.country_group
    if groups is None or len(groups) != 1 or year < FIRST:
        raise CannotTellError(f"the income ratio of {groups or 'all groups'} in {year}")
    return Economy.default().value(f"income_ratio_group{groups[0].removeprefix('cg')}", year)


def municipality_count(quantity: Quantity) -> float:
    """Return how many municipalities there are at these levels of centrality, an input."""
    given = quantity.whom.given
    if set(given) - {"centrality", "county"}:
        raise CannotTellError("municipalities of some persons")
    wanted = conditions(quantity.whom, later=JANUARY)
    found = np.ones(len(CENTRALITY_OF), dtype=np.bool_)
    if "centrality" in wanted:
        found &= wanted["centrality"][CENTRALITY_OF]
    if "county" in wanted:
        found &= wanted["county"][COUNTY_OF]
    return float(np.count_nonzero(found))
