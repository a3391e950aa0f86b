"""The published tables of the linear models beside those of the reconstructed register.

`python -m calibration.linear_published` prints the tables of docs/linear.md: what the people
of the reconstructed register give if they do what the published logit expects of them.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from calibration.linear import LinearEstimate, fit_linear
from calibration.linear_sample import AGES, KINDS, TABLES
from calibration.linear_tables import title
from calibration.margins import table as read
from calibration.reconstruction import reconstruct
from calibration.table_layout import signed
from sim.agents.population import Population
from sim.codes import DURATION_STARTS, PLACE
from sim.geography import CENTRALITY_OF, COUNTY_OF
from sim.transitions.covariates import COLUMNS as COVARIATES
from sim.transitions.covariates import Covariates
from sim.transitions.logit import published_set
from sim.transitions.terms import OUTCOMES

HALF = 0.0005  # of the third decimal, the last one printed


@dataclass(frozen=True)
class Compared:
    """One printed figure and what a fit finds; errors are nan where rounding leaves none."""

    table: str
    variable: str
    outcome: str
    published: float
    found: float
    published_error: float
    found_error: float
    note: str

    @property
    def points(self) -> float:
        """The difference in percentage points."""
        return 100 * (self.found - self.published)


@cache
def published_sizes() -> Mapping[str, int]:
    """Return the printed N by table."""
    return {row["table"]: int(row["persons"]) for row in read("linear_published_n")}


def beside_published(estimates: Mapping[str, LinearEstimate]) -> Iterator[Compared]:
    """Yield every printed figure of these tables that the project has."""
    for row in read("linear_published"):
        found = estimates.get(row["table"])
        if found is None or row["variable"] not in found.variables:
            continue
        i, j = found.variables.index(row["variable"]), OUTCOMES.index(row["outcome"])
        value, t = float(row["estimate"]), float(row["t_value"])
        coarse = value == 0 or t == 0 or HALF / abs(value) > 0.05
        yield Compared(row["table"], row["variable"], row["outcome"], value,
                       float(found.estimates[i, j]), math.nan if coarse else abs(value / t),
                       float(found.std_errors[i, j]), row["note"])  # fmt: skip


def expected_columns(population: Population, model_type: int = 1) -> dict[str, NDArray[Any]]:
    """Return resident immigrants of 15-74 with the published logit's probabilities as outcome."""
    age = population.year - 1 - population["birth_year"].astype(np.int64)
    here = population.immigrants & (population["place"] == PLACE.index("resident"))
    rows = np.flatnonzero(here & (age >= AGES[0]) & (age <= AGES[1]))
    stay = population.year - 1 - population["first_arrival_year"][rows].astype(np.int64)
    town = population["municipality"][rows]
    found = {
        "age": age[rows],
        "duration": np.searchsorted(DURATION_STARTS, stay, side="right") - 1,  # as the logit asks
        "centrality": CENTRALITY_OF[town].astype(np.int64),
    }
    found |= {n: population[n][rows].astype(np.int64) for n in COVARIATES if n not in found}
    outcome = published_set(model_type).probabilities(Covariates(**found))
    county = COUNTY_OF[town].astype(np.int64)
    return {**found, "duration": stay, "county": county, "outcome": outcome}


def refit(columns: Mapping[str, NDArray[Any]]) -> dict[str, LinearEstimate]:
    """Estimate every table that is both published here and can be had from these columns."""
    return {name: fit_linear(columns, name, outcome="outcome") for name in published_sizes()}


def _comparable(row: Compared) -> bool:
    """Return whether the logit says anything of it: of counties it knows emigration alone."""
    return TABLES[row.table].kind != "county_by_reason" or row.outcome == "emigrate"


def comparable(row: Compared) -> bool:
    """Return whether the logit says anything of it: of counties it knows emigration alone."""
    return TABLES[row.table].kind != "county_by_reason" or row.outcome == "emigrate"


def summary(found: Sequence[Compared], model_type: int) -> Iterator[str]:
    """Yield rows of Markdown: how far off a type of model is, by kind of table."""
    for kind in KINDS:
        some = [row for row in found if TABLES[row.table].kind == kind]
        points = np.abs([row.points for row in some])
        errors = np.array([row.found_error / row.published_error for row in some])
        yield (
            f"| {kind} | {model_type} | {len(some)} | {np.median(points):.2f} | "
            f"{points.mean():.2f} | {points.max():.2f} | {np.nanmedian(errors):.2f} |"
        )


def page(population: Population, write: Callable[[str], object]) -> None:
    """Write the comparison of a population as Markdown: a summary, then every table."""
    fits = {kind: refit(expected_columns(population, kind)) for kind in (1, 2, 3)}
    found = {kind: [r for r in beside_published(f) if comparable(r)] for kind, f in fits.items()}
    write("| tables | type of models | figures | median | mean | largest | standard errors |")
    write("|---|---:|---:|---:|---:|---:|---:|")
    for model_type, rows in found.items():
        for line in summary(rows, model_type):
            write(line)
    for name, size in published_sizes().items():
        write(f"\n#### {title(TABLES[name])[0]}\n")
        write(f"N {size:,} printed, {fits[1][name].n:,.0f} here.\n")
        write("| variable | outcome | published | pooled | difference | by level | difference |")
        write("|---|---|---:|---:|---:|---:|---:|")
        for row, other in zip(found[1], found[2], strict=True):
            if row.table == name:
                both = " | ".join(
                    f"{signed(r.found, 3)} | {signed(r.points, 1)}" for r in (row, other)
                )
                star = "*" if row.note else ""
                write(f"| `{row.variable}` | {row.outcome} | {row.published:.3f}{star} | {both} |")


if __name__ == "__main__":
    page(reconstruct(), print)
