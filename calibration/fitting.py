"""From candidates to a solution: the fit of 2013, and the other years raked from it."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from calibration import margins as m
from calibration import start_years, targets
from calibration.descendants import GROWN
from calibration.equations import Block, bands, block
from calibration.families import ALONE, CHILD
from calibration.information import published_shadows
from calibration.own_margins import contradictions, own_blocks
from calibration.pool import Pool, draw_pool
from calibration.register import PULL, SE_FLOOR, Fit, Watch, fit_register
from calibration.solution import EXACT, FIRST_YEAR, Solution, shipped_solution
from sim.codes import SEX
from sim.problems import InputError, Problem, refuse

PER_LEVEL = 8_000  # candidate families at each level of centrality
POOL_SEED = 1
MOST_STEPS = 100
TELLING = 30  # steps after which an unfinished fit still tells what contradicts


@dataclass(frozen=True)
class Fitted:
    """A solution with the fit of its last year."""

    solution: Solution
    fit: Fit


def fit_2013(
    pool: Pool,
    *,
    margins: str | Path | None = None,
    steps: int = MOST_STEPS,
    watch: Watch | None = None,
) -> Fitted:
    """Fit candidates to the publication and the margins of 2013.

    margins: a file of the user's own (see `calibration.own_margins`).
    """
    began = time.perf_counter()
    own = () if margins is None else own_blocks(margins, pool, m.PERSONS)
    published = targets.blocks_of_2013(pool)
    blocks = replace_blocks(published, own)
    fit = fit_register(pool, published_shadows(pool), blocks, steps=steps, watch=watch)
    if margins is not None and (fit.converged or fit.steps >= TELLING):
        refuse(str(margins), contradictions(own, blocks[: -len(own)], fit.number))
    about = _about(pool, fit, began)
    return Fitted(Solution(pool, {m.YEAR: fit.number}, about, _replaced(own)), fit)


def refit(
    year: int,
    margins: str | Path | None = None,
    *,
    anew: bool = False,
    steps: int = MOST_STEPS,
    watch: Watch | None = None,
) -> Fitted:
    """Fit for one start year, with margins of the user's own if there are any.

    anew: fit 2013 again too, instead of raking another year from the shipped people.
    """
    if year != m.YEAR and not anew:
        return fit_year(shipped_solution(), year, margins=margins, steps=steps, watch=watch)
    pool = draw_pool(PER_LEVEL, seed=POOL_SEED)
    own = margins if year == m.YEAR else None
    fitted = fit_2013(pool, margins=own, steps=steps, watch=watch)
    if year == m.YEAR or not fitted.fit.converged:
        return fitted
    return fit_year(fitted.solution, year, margins=margins, steps=steps, watch=watch)


def _replaced(own: Sequence[Block]) -> frozenset[str]:
    """Return which exact sizes the user's margins take the place of."""
    return frozenset(b.name for b in own) & EXACT


def replace_blocks(published: Sequence[Block], extra: Sequence[Block]) -> tuple[Block, ...]:
    """Return the published margins and the user's; one of the same name takes its place."""
    own = {b.name for b in extra}
    return (*(b for b in published if b.name not in own), *extra)


def _about(pool: Pool, fit: Fit, began: float) -> dict[str, Any]:
    number = fit.number
    persons = float(number[pool["family"]].sum())
    entropy = float(number @ np.log(np.maximum(number, 1e-300) / pool.prior)) / persons
    return {
        "candidate_families": int(pool.level.size),
        "candidate_persons": pool.size,
        "converged": fit.converged,
        "steps": fit.steps,
        "seconds": round(time.perf_counter() - began, 1),
        "standard_errors": {
            "median_gap": fit.gap_quantile(0.5), "95th_percentile": fit.gap_quantile(0.95),
        },
        "log_likelihood": fit.log_likelihood,
        "scaled_r2": fit.r2,
        "entropy_per_person": entropy,
        "effective_families": float(number.sum() ** 2 / (number**2).sum()),
        "pull": PULL,
        "standard_error_floor": SE_FLOOR,
    }  # fmt: skip


def fit_year(
    solution: Solution,
    year: int,
    *,
    margins: str | Path | None = None,
    steps: int = MOST_STEPS,
    watch: Watch | None = None,
) -> Fitted:
    """Rake the people of 2013 to the margins of another year.

    Candidates are as `Pool.as_of` says. Whoever would have a recorded reason from before 1990,
    when reasons were not recorded, or would not have been born or have come, is left out.
    """
    pool, everybody = solution.pool.as_of(year), float(start_years.immigrants(year).sum())
    own = () if margins is None else own_blocks(margins, pool, everybody)
    prior = np.where(_possible(pool, year), solution.number[m.YEAR], 0.0)
    prior *= everybody / prior[pool["family"]].sum()
    blocks = replace_blocks(blocks_of(pool, year), own)
    fit = fit_register(pool, (), blocks, prior=prior, steps=steps, watch=watch)
    if margins is not None and (fit.converged or fit.steps >= TELLING):
        refuse(str(margins), contradictions(own, blocks[: -len(own)], fit.number))
    numbers = {**solution.number, year: fit.number}
    return Fitted(Solution(solution.pool, numbers, solution.about, _replaced(own)), fit)


def _possible(pool: Pool, year: int) -> np.ndarray[Any, np.dtype[np.bool_]]:
    recorded = pool["group"] < m.NORDIC
    before = pool["duration"] > year - 1 - m.REASON_RECORDED_FROM
    wrong = np.where(recorded, before, (pool["group"] == m.EARLY) & ~before)
    wrong |= (pool["age"] < 0) | (pool["duration"] < 0) | (pool["duration"] > pool["age"])
    role, age = pool["role"], pool["age"]
    wrong |= (role == ALONE) & (age < m.SAMPLED_FROM)
    wrong |= ~np.isin(role, (ALONE, CHILD)) & (age < GROWN)
    possible = np.ones(pool.level.size, dtype=np.bool_)
    possible[pool["family"][wrong]] = False
    return possible


def blocks_of(pool: Pool, year: int) -> tuple[Block, ...]:
    """Return the margins of a year before 2013."""
    stock = start_years.stock_by_reason(year)
    return (
        targets.official_reason(pool, stock.sum(axis=3), f"IMDi / Statistics Norway, 1.1.{year}"),
        targets.origins(pool, start_years.stock_by_origin(year), f"the same, 1.1.{year}"),
        _ages(pool, year),
        _stays(pool, year),
        _employed(pool, year),
        targets.norwegian_born_at_home(pool, year),
    )


def _ages(pool: Pool, year: int) -> Block:
    target = start_years.stock_by_age(year)
    label = pool["sex"] * len(m.AGE_NAMES) + bands(pool["age"], m.AGE_EDGES[:-1])
    cells = [f"{s} {a}" for s in SEX.names for a in m.AGE_NAMES]
    return block("age", cells, pool, label, target, 0.003 * target.ravel() + 15, "stock by age")


def _stays(pool: Pool, year: int) -> Block:
    target, starts = start_years.stock_by_duration(year), start_years.DURATIONS
    cells = [f"{start} years or more" for start in starts]
    label = bands(pool["duration"], starts)
    return block("stay", cells, pool, label, target, 0.005 * target, "length of stay")


def _employed(pool: Pool, year: int) -> Block:
    share = start_years.employed(year)
    label = np.where(pool.grown, pool["sex"], -1)
    value = np.isin(pool["status"], (1, 2)) - share[pool["sex"]]
    size = 0.9 * start_years.immigrants(year)
    return block("employed", SEX.names, pool, label, 0, 0.005 * size, "4th quarter", value)


def fit_every_year(fitted: Fitted, watch: Watch | None = None) -> Solution:
    """Return the solution with the numbers of all start years."""
    solution, steps = fitted.solution, {}
    for year in range(FIRST_YEAR, m.YEAR):
        found = fit_year(solution, year, watch=watch)
        refuse_unfinished(found.fit, f"the margins of {year}")
        solution, steps[str(year)] = found.solution, found.fit.steps
    about = {**solution.about, "steps_of_other_years": steps}
    return Solution(solution.pool, solution.number, about)


def refuse_unfinished(fit: Fit, what: str) -> None:
    """Raise InputError if a fit has not converged."""
    if not fit.converged:
        found = f"has not converged after {fit.steps} steps"
        cure = "Give it more steps, or look for margins that contradict each other."
        raise InputError("reconstruction", [Problem(what, found, "a converged fit", cure)])
