"""What is timed: ten years of the yearly choice for the 545,966 persons of the estimation.

All four take the same persons and the same coefficients (model type 1), give everybody an
outcome each year, and count those who go, so that nobody can skip the work. The engine's
two include renewing the ceilings at the start of the ten years.
"""

from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import NDArray

from benchmarks.numpy_mobility import Tuned, plain
from calibration import reconstruct
from sim.agents.population import Population
from sim.chance import Chance
from sim.codes import EDUCATION, REASON, STATUS
from sim.transitions.logit import TERMS, published_set
from sim.transitions.mobility import GROUPS, Mobility, persons_of
from sim.transitions.process import Settings, Year

PERSONS, YEARS = 545_966, range(2013, 2023)
PERSON_YEARS = PERSONS * len(YEARS)


@cache
def adults() -> Population:
    """Return the sample of the models: the register's immigrants of 15 or more."""
    everybody = reconstruct()
    age = everybody.year - 1 - everybody["birth_year"]
    people = everybody.select((age >= 15) & everybody.immigrants)
    assert len(people) == PERSONS
    return people


def engine(draws: str) -> Callable[[], int]:
    """Return ten years of the engine's mobility in one of its two modes, children left out."""
    assumptions = Settings().assumptions | {"children": "stay", "families": "apart"}
    settings = Settings(
        draws="threshold" if draws == "threshold" else "explicit", assumptions=assumptions
    )
    process = Mobility.ready(settings)

    def ten_years() -> int:
        process.ceilings.until = -1
        gone = 0
        for year in YEARS:
            this = Year.begin(year, adults(), Chance(1))
            process.happen(this)
            gone += np.count_nonzero(this.outcome)
        return gone

    return ten_years


def in_plain_numpy() -> int:
    """Ten years in plain vectorised NumPy."""
    random, persons = np.random.default_rng(1), persons_of(adults())
    return sum(np.count_nonzero(plain(persons, terms(), year, random)) for year in YEARS)


def in_tuned_numpy() -> int:
    """Ten years in NumPy with the engine's tables, in blocks."""
    random, persons = np.random.default_rng(1), persons_of(adults())
    tuned = Tuned(Mobility.ready(Settings()).tables_of(min(YEARS)))
    return sum(np.count_nonzero(tuned(persons, year, random)) for year in YEARS)


@cache
def terms() -> dict[str, NDArray[np.float64]]:
    """Return the coefficients by term, the categories of a factor in one array."""
    table = published_set(1).coefficients.reshape(GROUPS, len(TERMS), 2)
    by_term = {term: np.ascontiguousarray(table[:, i]) for i, term in enumerate(TERMS)}
    nothing = np.zeros((GROUPS, 2))
    durations = ("duration_0_2", "duration_3_5", "duration_6_10", "duration_11_15")
    by_term["duration"] = np.stack([*(by_term[d] for d in durations), nothing], axis=1)
    for codes in (REASON, STATUS, EDUCATION):
        names = [f"{codes.name}_{name}" for name in codes.names]
        by_term[codes.name] = np.stack([by_term.get(n, nothing) for n in names], axis=1)
    return by_term


CASES: dict[str, Callable[[], int]] = {
    "plain NumPy": in_plain_numpy,
    "tuned NumPy": in_tuned_numpy,
    "explicit error terms": engine("explicit"),
    "threshold draws": engine("threshold"),
}
