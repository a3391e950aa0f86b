"""What is published of single counties in 2013 beside words: linear models, and flows.

Tables 5.13-5.31 of Rapporter 2016/27 tell how much more often those of a reason emigrate or
leave the county than those of unknown reason, all else alike. IMDi publishes emigrations and
moves out by county and two groups of countries; the level is not used, as the register counts
moves and the model persons, but how counties differ from the whole country.
"""

import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from calibration import margins as m
from calibration.linear import Specification, fit_linear
from calibration.raking import Floats
from calibration.reason_rates import COUNTY, EMIGRATE, Expected, of_2013, settings_with
from calibration.reconstruction import reconstruct
from sim.agents.population import Population
from sim.codes import COUNTRY_GROUP, ORIGIN_COUNTRY_GROUP, REASON
from sim.geography import COUNTY as COUNTIES
from sim.geography import COUNTY_OF
from sim.transitions.reason_offsets import PERIODS, WHAT, Offsets, period_of

PERIOD = period_of(m.YEAR)
SHAPE = (len(PERIODS), len(REASON), len(COUNTIES))
UNKNOWN = REASON.index("unknown")
MODELS_DIFFER = 0.004  # probability: how far reconstructed people are off in such a model
FLOW_ERROR = 0.10  # relative: moves beside persons, newcomers of the year
GROUPS = {"western": ("1", "2"), "other": ("3",)}  # EU, EFTA, North America, Australia; the rest
Part = tuple[Floats, Floats]


@cache
def people_of_2013() -> Population:
    """Return the reconstructed people."""
    return reconstruct()


def linear(offsets: Offsets, what: int) -> Callable[[Floats], Part]:
    """Return how far linear models of the model's own outcomes are off the printed ones."""
    people = people_of_2013()
    with tempfile.TemporaryDirectory() as name:
        found, here = of_2013(people, settings_with(offsets, Path(name)))
    rate, pliant = _by_county(people, found, here, what)
    told = [r for r in m.table("linear_by_county") if r["what"] == WHAT[what]]
    mine = _estimates(people, found, here, what, sorted({r["county"] for r in told}))
    at = offsets["county"][PERIOD, what]
    at_reason = [REASON.index(r["reason"]) for r in told]
    at_county = [COUNTIES.index(r["county"]) for r in told]
    value = np.array([float(r["estimate"]) for r in told])
    t = np.array([float(r["t_value"] or 0) for r in told])
    own = np.abs(value / np.where(t == 0, np.inf, t))
    error = np.hypot(np.where(own > 0, own, np.median(own)), MODELS_DIFFER)
    was = np.array([mine[r["county"], r["reason"]] for r in told])

    def part(x: Floats) -> Part:
        grown = rate * pliant * np.exp(x[PERIOD] - at)
        change = grown - rate * pliant
        expected = was + change[at_reason, at_county] - change[UNKNOWN, at_county]
        slopes = np.zeros((value.size, *SHAPE))
        row = np.arange(value.size)
        slopes[row, PERIOD, at_reason, at_county] = grown[at_reason, at_county] / error
        slopes[row, PERIOD, UNKNOWN, at_county] -= grown[UNKNOWN, at_county] / error
        return (expected - value) / error, slopes.reshape(value.size, -1)

    return part


def _by_county(
    people: Population, found: Expected, here: NDArray[np.bool_], what: int
) -> tuple[Floats, Floats]:
    """Return rates of 2013 by reason and county, and the share that offsets multiply."""
    cell = people["reason"][here].astype(np.int64) * len(COUNTIES)
    cell += COUNTY_OF[people["municipality"][here]]
    size = SHAPE[1] * SHAPE[2]
    persons, all_of_it, inside = (np.bincount(cell, values, size).reshape(SHAPE[1:]) for values in (
        np.ones(cell.size), found.what[what][here], found.inside[here]))  # fmt: skip
    rate = all_of_it / np.maximum(persons, 1)
    pliant = inside / np.maximum(all_of_it, 1e-9) if what == COUNTY else np.ones_like(rate)
    return rate, pliant


def _estimates(
    people: Population, found: Expected, here: NDArray[np.bool_], what: int, counties: list[str]
) -> dict[tuple[str, str], float]:
    """Return the effects of reasons that linear models find in the expected outcomes."""
    who = np.flatnonzero(here)
    columns: dict[str, Any] = {name: people[name][who].astype(np.int64)
                               for name in ("sex", "education", "status", "reason")}  # fmt: skip
    columns["age"] = people.year - 1 - people["birth_year"][who].astype(np.int64)
    columns["duration"] = people.year - 1 - people["first_arrival_year"][who].astype(np.int64)
    columns["county"] = COUNTY_OF[people["municipality"][who]].astype(np.int64)
    leave, out = found.what[EMIGRATE][who], found.what[COUNTY][who]
    columns["county_outcome"] = np.stack([1 - leave - out, out, leave], axis=1)
    outcome = 1 if what == COUNTY else 2
    made: dict[tuple[str, str], float] = {}
    for county in counties:
        mine = columns["county"] == COUNTIES.index(county)
        some = {name: column[mine] for name, column in columns.items()}
        fitted = fit_linear(some, Specification.of("county_by_reason", county))
        for reason in REASON.names:
            variable = f"reason_{reason}"
            if variable in fitted.variables:
                row = fitted.variables.index(variable)
                made[county, reason] = float(fitted.estimates[row, outcome])
    return made


def flows(offsets: Offsets, what: int) -> Callable[[Floats], Part]:
    """Return how far counties are off the country, beside what is published of them."""
    people = people_of_2013()
    with tempfile.TemporaryDirectory() as name:
        found, here = of_2013(people, settings_with(offsets, Path(name)))
    column = "emigrations" if what == EMIGRATE else "moves_out"
    group = np.array(ORIGIN_COUNTRY_GROUP)[people["origin"]]
    told, expected, pliant = [], [], []
    for name, members in GROUPS.items():
        some = here & np.isin(group, [COUNTRY_GROUP.index(g) for g in members])
        rate, share = _by_county(people, found, some, what)
        number = rate * _persons(people, some)
        counts = [float(r[column]) for r in m.table("county_flows_2013") if r["group"] == name]
        told.append(np.log(np.array(counts) / np.sum(counts)))
        expected.append(number)
        pliant.append(share)
    at = offsets["county"][PERIOD, what]

    def part(x: Floats) -> Part:
        residuals, slopes = [], []
        for log_share, number, share in zip(told, expected, pliant, strict=True):
            grown = number * share * np.exp(x[PERIOD] - at)
            total = (grown + number * (1 - share)).sum(axis=0)
            residuals.append((np.log(total / total.sum()) - log_share) / FLOW_ERROR)
            slope = np.zeros((SHAPE[2], *SHAPE))
            for c in range(SHAPE[2]):
                slope[c, PERIOD, :, c] = grown[:, c] / total[c] / FLOW_ERROR
            slopes.append(slope.reshape(SHAPE[2], -1))
        return np.concatenate(residuals), np.concatenate(slopes)

    return part


def _persons(people: Population, some: NDArray[np.bool_]) -> Floats:
    """Return persons by reason and county."""
    cell = people["reason"][some].astype(np.int64) * len(COUNTIES)
    cell += COUNTY_OF[people["municipality"][some]]
    return np.bincount(cell, minlength=SHAPE[1] * SHAPE[2]).reshape(SHAPE[1:]).astype(np.float64)
