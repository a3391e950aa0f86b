"""Whose outcomes the models of the 2016 report explain, taken from a collected history.

They are resident immigrants of 15-74 with the characteristics of 31 December before the year
of the outcome. Who dies in the year stays in the sample; its outcome is death.
"""

from collections.abc import Mapping

import numpy as np

from calibration.linear_sample import AGES, DEATH
from calibration.logit_sample import Sample
from calibration.raking import Ints
from runs.validation import collected as c
from runs.validation.collected import Collected
from sim.codes import BACKGROUND, DURATION_STARTS
from sim.transitions.covariates import Covariates

STAY, MOVE, LEAVE = range(DEATH)
LEVEL_OUTCOME = np.array([STAY, MOVE, MOVE, STAY, LEAVE, DEATH, DEATH])
COUNTY_OUTCOME = np.array([STAY, STAY, MOVE, MOVE, LEAVE, DEATH, DEATH])
assert LEVEL_OUTCOME.size == COUNTY_OUTCOME.size == len(c.FATES)
# Which probability each measure is about; what a move leaves, if the measure says it.
REGRESSED: Mapping[str, tuple[int, str]] = {
    "adj_stay": (STAY, ""),
    "adj_domestic": (MOVE, "outcome"),
    "adj_county_out": (MOVE, "county_outcome"),
    "adj_emigration": (LEAVE, ""),
}
SAME = ("sex", "education", "status", "reason", "centrality", "county")


def sample_of(collected: Collected, year: int) -> dict[str, Ints]:
    """Return the persons whose outcomes of a year are explained, as arrays of stored numbers.

    outcome: a move leaves the level of centrality; county_outcome: it leaves the county.
    """
    one = next(found for found in collected.residents if found.year == year)
    age = one.columns["age"].astype(np.int64) - 1
    here = (age >= AGES[0]) & (age <= AGES[1]) & (one.columns["fate"] != c.CAME)
    here &= one.columns["background"] != BACKGROUND.index("norwegian_born")
    rows = np.flatnonzero(here)
    found = {name: one.columns[name][rows].astype(np.int64)
             for name in (*SAME, "stay", "total", "immigrants", "fate")}  # fmt: skip
    fate = found.pop("fate")
    return {
        **{name: found[name] for name in SAME},
        "age": age[rows],
        "duration": np.maximum(found["stay"] - 1, 0),
        "family_total": found["total"],
        "family_immigrants": found["immigrants"],
        "outcome": LEVEL_OUTCOME[fate],
        "county_outcome": COUNTY_OUTCOME[fate],
    }


def covariates_of(columns: Mapping[str, Ints]) -> Covariates:
    """Return a sample as the logit reads persons: durations in groups."""
    stay = np.searchsorted(DURATION_STARTS, columns["duration"], side="right") - 1
    names = [name for name in Covariates.__dataclass_fields__ if name != "duration"]
    return Covariates(duration=stay, **{name: columns[name] for name in names})


def logit_sample(columns: Mapping[str, Ints]) -> Sample:
    """Return a sample for the logit, which has no place for the dead."""
    return Sample(covariates_of(columns), columns["outcome"]).of(columns["outcome"] != DEATH)
