"""How well a population agrees with what was published, figure by figure.

One row a figure: what was published, what is believed where sources contradict each other,
what the population holds, how far off it may be. `models` judges what the logits would have
printed, `stocks` and `shares` the margins.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from calibration.information import Shadow, scaled_r2, shadows_on
from calibration.margins import SAMPLED_FROM
from calibration.raking import Floats, Ints
from sim.agents.population import Population
from sim.codes import DURATION_STARTS
from sim.geography import CENTRALITY_OF
from sim.transitions.covariates import Covariates

LIKELIHOOD_ALLOWED = 0.003  # relative
R2_ALLOWED, R2_ALLOWED_SMALL, SMALLEST = 0.003, 0.006, 8  # the eight smallest samples
MEDIAN_ALLOWED, TAIL_ALLOWED = 0.015, 0.05  # of the gaps of standard errors
PERSONS_ALLOWED, POINTS_ALLOWED = 0.01, 0.003  # a margin: of its persons, or of everybody
RATE_ALLOWED = 0.10


SAMPLE_NOTE = (
    "the report says ages 15-74, of whom the stock by age has 532,879, 2.4 percent fewer; its N is "
    "the stock of 15 or more, and that is believed: the standard errors fit no other"
)


@dataclass(frozen=True)
class Row:
    """One published figure beside the population's.

    believed: the figure that the fit aims at; another than `published` only where sources
        contradict each other, and then `note` says which was believed and why.
    allowed: largest difference from what is believed, nan if the row is only shown.
    """

    block: str
    cell: str
    unit: str
    published: float
    believed: float
    found: float
    allowed: float
    note: str = ""

    @property
    def difference(self) -> float:
        """What was found less what is believed."""
        return self.found - self.believed

    @property
    def holds(self) -> bool | None:
        """Whether the difference is allowed; None for rows that are only shown."""
        if np.isnan(self.allowed):
            return None
        return abs(self.difference) <= self.allowed + 1e-12


def rows(
    block: str,
    cells: Sequence[str],
    published: ArrayLike,
    found: ArrayLike,
    *,
    unit: str = "persons",
    allowed: ArrayLike = np.nan,
    believed: ArrayLike | None = None,
    note: str = "",
) -> Iterator[Row]:
    """Yield one row for every cell."""
    size = len(cells)
    figures = (published, published if believed is None else believed, found, allowed)
    each = [np.broadcast_to(np.asarray(f, dtype=np.float64).ravel(), (size,)) for f in figures]
    for cell, p, b, f, a in zip(cells, *each, strict=True):
        yield Row(block, cell, unit, float(p), float(b), float(f), float(a), note)


def persons_allowed(believed: ArrayLike) -> Floats:
    """Return how far counts may be off: 1 percent of the persons or 0.3 points of the margin."""
    each = np.asarray(believed, dtype=np.float64)
    return np.asarray(np.maximum(PERSONS_ALLOWED * each, POINTS_ALLOWED * each.sum()))


@dataclass(frozen=True)
class Sample:
    """The resident immigrants of 15 or more, as the models see them.

    Persons with equal covariates are one row; number says how many they are.
    """

    shadows: tuple[Shadow, ...]
    number: Floats


def covariates(population: Population, some: Ints) -> Covariates:
    """Return what the logits ask of some persons."""
    last = population.year - 1
    names = ("sex", "education", "status", "reason", "family_total", "family_immigrants")
    stay = last - population["first_arrival_year"][some].astype(np.int64)
    return Covariates(
        age=last - population["birth_year"][some].astype(np.int64),
        duration=(np.searchsorted(DURATION_STARTS, stay, side="right") - 1).astype(np.int64),
        centrality=CENTRALITY_OF[population["municipality"][some]].astype(np.int64),
        **{name: population[name][some].astype(np.int64) for name in names},
    )


def sample(population: Population) -> Sample:
    """Return the estimation sample that a population makes."""
    columns = vars(covariates(population, np.flatnonzero(population.immigrants)))
    grown = columns["age"] >= SAMPLED_FROM
    table = tuple(column[grown] for column in columns.values())
    spans = tuple(int(column.max(initial=0)) + 1 for column in table)
    key, number = np.unique(np.ravel_multi_index(table, spans), return_counts=True)
    kinds = (kind.astype(np.int64) for kind in np.unravel_index(key, spans))
    people = Covariates(**dict(zip(columns, kinds, strict=True)))
    shadows = shadows_on(people, np.ones(key.size, dtype=np.bool_))
    return Sample(shadows, number.astype(np.float64))


def covariances(seen: Sample) -> dict[str, Floats]:
    """Return the covariance of every published model, nan where the sample is too small."""
    return {s.model.name: _covariance(s, seen.number) for s in seen.shadows}


def _covariance(shadow: Shadow, number: Floats) -> Floats:
    try:
        return shadow.covariance(number)
    except np.linalg.LinAlgError:  # nobody has some characteristic
        return np.full((2 * shadow.z.shape[1],) * 2, np.nan)


def models(seen: Sample, by_model: dict[str, Floats]) -> Iterator[Row]:
    """Yield sizes, log likelihoods, R2 and standard errors of the 13 models."""
    names = [s.model.name for s in seen.shadows]
    printed = [s.model.diagnostics for s in seen.shadows]
    n = np.array([d.n for d in printed], dtype=np.float64)
    found = [seen.number[s.rows].sum() for s in seen.shadows]
    yield from rows("sample size", names, n, found, allowed=0.0, note=SAMPLE_NOTE)
    likelihood = np.array([d.log_likelihood for d in printed])
    found = [s.log_likelihood(seen.number) for s in seen.shadows]
    yield from rows("log likelihood", names, likelihood, found, unit="log likelihood",
                    allowed=LIKELIHOOD_ALLOWED * np.abs(likelihood))  # fmt: skip
    small = np.isin(np.arange(n.size), np.argsort(n)[:SMALLEST])
    with np.errstate(divide="ignore", invalid="ignore"):  # a sample may be empty
        empty = [s.empty_log_likelihood(seen.number)[0] for s in seen.shadows]
    r2 = [scaled_r2(d.log_likelihood, e, d.n) for d, e in zip(printed, empty, strict=True)]
    allowed = np.where(small, R2_ALLOWED_SMALL, R2_ALLOWED)
    yield from rows("scaled R2", names, [d.scaled_r2 for d in printed], r2, unit="R2",
                    allowed=allowed)  # fmt: skip
    yield from _standard_errors(seen, by_model)


def gaps(seen: Sample, by_model: dict[str, Floats]) -> dict[str, Floats]:
    """Return by model the log ratios of found to printed standard errors that are usable."""
    found = {}
    for shadow in seen.shadows:
        with np.errstate(invalid="ignore"):  # of a matrix that is nearly singular
            every = shadow.gaps(by_model[shadow.model.name])
        found[shadow.model.name] = every[np.isfinite(every)]
    return found


def _standard_errors(seen: Sample, by_model: dict[str, Floats]) -> Iterator[Row]:
    by_name = gaps(seen, by_model)
    every = np.abs(np.concatenate(list(by_name.values())))
    cells = [f"median gap of {every.size}", "95th percentile"]
    found = _quantiles(every, (0.5, 0.95))
    yield from rows("standard errors", cells, 0.0, found, unit="percent",
                    allowed=100 * np.array([MEDIAN_ALLOWED, TAIL_ALLOWED]))  # fmt: skip
    for name, gap in by_name.items():
        cells = [f"{name}, median gap of {gap.size}", f"{name}, largest"]
        yield from rows("standard errors", cells, 0.0,
                        _quantiles(np.abs(gap), (0.5, 1.0)), unit="percent")  # fmt: skip


def _quantiles(gap: Floats, at: tuple[float, ...]) -> Floats:
    """Return quantiles in percent, nan if there is no gap."""
    return np.asarray(100 * np.quantile(gap, at) if gap.size else np.full(len(at), np.nan))


def failed(table: Iterable[Row]) -> list[Row]:
    """Return the rows that are further off than allowed."""
    return [row for row in table if row.holds is False]
