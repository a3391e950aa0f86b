"""How emigration answers to the economy: elasticities behind three published experiments.

    python -m calibration.elasticities

The article "Innvandrere som utvandrer igjen" tells what three lasting shocks would have done to
immigrants' emigrations in 2013. Three numbers do not fix an answer to unemployment in Norway,
to unemployment at home and to the income ratio for each of three country groups: stated priors
(elasticity_priors.csv) say the rest, and the posterior is kept as draws.

It is not told whether the experiments let the stock of immigrants adjust. Without feedback the
people of 2013 are given and only their choice is shocked; with it the shock has worked since
2004, and fewer emigrations have left more people who might emigrate. Both are fitted.

Unemployment in Norway also works through labour status. That part is simulated first, and only
what it leaves of the published effect is a direct answer.
"""

import csv
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator
from scipy.optimize import least_squares

from calibration import margins as m
from calibration.expected import weights
from calibration.raking import Floats
from calibration.reconstruction import reconstruct
from sim.agents.population import Population
from sim.chance import Chance
from sim.codes import COUNTRY_GROUP, ORIGIN_COUNTRY_GROUP
from sim.economy import Economy
from sim.engine import Simulation
from sim.transitions import sources
from sim.transitions.calibrated import DRAWS, DRIVERS, MEANS, SHIPPED, VARIANTS
from sim.transitions.levers import Change
from sim.transitions.process import Settings

FOLDER = Path(sources.__file__).parent / "data"
START, YEAR, SHOCKED = 2004, 2013, 2012  # statuses of a year are those at the end of the one before
LAST = 2100
GROUPS = len(COUNTRY_GROUP)
LEVERS = (
    ("experiment_unemployment_group1", "unemployment.group1", 1.0),
    ("experiment_unemployment_norway", "unemployment.norway", 1.0),
    ("experiment_income", "income_ratio", 0.1),
)
GRID = np.array([-1.0, -0.5, -0.2, 0.0, 0.2])  # log odds of emigrating
NUMBER = 400  # draws kept
TRIED = 200_000  # draws weighed to get them
SEED = 2016
AT = tuple((g, d) for g in range(GROUPS) for d in range(len(DRIVERS)))
UNITS = dict(zip(DRIVERS, ("log odds a percentage point", "log odds a percentage point",
                           "log odds a unit of the log ratio"), strict=True))  # fmt: skip
SOURCE = (
    "fitted to the three experiments of 'Innvandrere som utvandrer igjen', Økonomiske analyser "
    "2015, with the priors of calibration/data/elasticity_priors.csv"
)


@dataclass(frozen=True)
class Experiment:
    """A published experiment: what is shocked, and what it does in 2013, in percent.

    spread: of the percentage: its rounding, and the sampling error that is assumed, as none
        is published.
    """

    name: str
    shock: Floats
    through_status: bool
    percent: float
    spread: float


@cache
def experiments() -> tuple[Experiment, ...]:
    """Return the three experiments; a shock is a change of the drivers of 2013, by group."""
    economy = Economy.default()
    now = economy.drivers(YEAR)
    found = []
    for row in m.table("experiments_2015"):
        after = economy
        for series in row["series"].split():
            after = after.changed(series, START, 2060, "add", float(row["shock"]))
        shock = after.drivers(YEAR) - now
        status = "unemployment_norway" in row["series"]
        spread = float(np.hypot(float(row["rounding"]), float(row["sampling"])))
        found.append(Experiment(row["experiment"], shock, status, float(row["percent"]), spread))
    return tuple(found)


@cache
def priors() -> tuple[Floats, Floats, Floats]:
    """Return mean, spread and sign of each elasticity: (group, driver); spread 0: not there."""
    mean, spread, sign = np.zeros((3, GROUPS, len(DRIVERS)))
    for row in m.table("elasticity_priors"):
        at = COUNTRY_GROUP.index(row["country_group"]), DRIVERS.index(row["driver"])
        mean[at], spread[at], sign[at] = (float(row[c]) for c in ("mean", "spread", "sign"))
    return mean, spread, sign


# What shifted odds do to emigrations in 2013


def emigrating(
    people: Population, shift: Floats | float = 0.0, settings: Settings | None = None
) -> Floats:
    """Return the immigrants expected to emigrate in the population's year, by country group.

    shift: of everybody's log odds of emigrating, by country group.
    """
    group = np.array(ORIGIN_COUNTRY_GROUP)[people["origin"]]
    factor = np.exp(np.broadcast_to(shift, GROUPS))[group]
    leaving = weights(people, settings).emigrating(factor)
    mine = people.immigrants
    return np.asarray(np.bincount(group[mine], leaving[mine], GROUPS), dtype=np.float64)


def lived(
    changes: tuple[Change, ...] = (),
    *,
    scale: float = 1.0,
    calibration: str = SHIPPED,
    seed: int = SEED,
    **assumptions: str,
) -> Population:
    """Return the people of 1 January 2013 after years from 2004 with these changes."""
    settings = Settings(assumptions=assumptions, changes=changes, calibration=calibration)
    simulation = Simulation(reconstruct(year=START, scale=scale, seed=seed), settings,
                            Chance(seed), forgetful=True)  # fmt: skip
    for _ in simulation.run(YEAR - START):
        pass
    return simulation.population


@dataclass(frozen=True)
class Response:
    """Emigrations of 2013 beside the baseline's, under shifts and through status.

    by_group: of each country group at the shifts of GRID, as shares of all at no shift.
    status: what a point more unemployment in Norway does through labour status, a share of all.
    """

    by_group: Floats
    status: float

    def effect(self, shift: Floats) -> Floats:
        """Return the percentage change of all emigrations, for shifts (..., group)."""
        total = np.zeros(shift.shape[:-1])
        for g in range(GROUPS):
            total += PchipInterpolator(GRID, self.by_group[g])(shift[..., g])
        return np.asarray(100 * (total - 1))

    def of(self, elasticities: Floats, experiment: Experiment) -> Floats:
        """Return the percentage effect of an experiment, for elasticities (..., group, driver)."""
        direct = self.effect((elasticities * experiment.shock).sum(axis=-1))
        return np.asarray(direct + 100 * self.status * experiment.through_status)


def response(variant: str, scale: float = 1.0, calibration: str = SHIPPED) -> Response:
    """Simulate what shifts do, with the stock's answer or without.

    calibration: whose shifts of earlier years and offsets hold.
    """
    settings = Settings(calibration=calibration)
    plain = lived(scale=scale, calibration=calibration)
    at_rest = emigrating(plain, settings=settings)
    base = at_rest.sum()
    by_group = np.zeros((GROUPS, GRID.size))
    for g in range(GROUPS):
        for i, shift in enumerate(GRID):
            people = plain
            if variant == "with_feedback" and shift:
                lever = f"emigration.group{COUNTRY_GROUP.names[g]}"
                change = Change(lever, START, YEAR - 1, "factor", float(np.exp(shift)))
                people = lived((change,), scale=scale, calibration=calibration)
            shifts = np.zeros(GROUPS)
            shifts[g] = shift
            # Others change a little too: who stayed has children and partners.
            by_group[g, i] = (emigrating(people, shifts, settings).sum() - base + at_rest[g]) / base
    since = START if variant == "with_feedback" else SHOCKED
    more = Change("unemployment.norway", since, LAST, "add", 1.0)
    after = lived((more,), scale=scale, calibration=calibration, economy="none")
    status = float(emigrating(after, settings=settings).sum() / base - 1)
    return Response(by_group, status)


def checked(scale: float = 1.0, calibration: str = SHIPPED, seed: int = SEED + 1
            ) -> dict[tuple[str, str], float]:  # fmt: skip
    """Return what the experiments do as scenarios, on people and with luck of another seed.

    By name and variant, in percent: nothing of the fit is used but what was written.
    """
    found = {}
    for variant in VARIANTS:
        first = START if variant == "with_feedback" else SHOCKED
        how = {"scale": scale, "calibration": calibration, "seed": seed, "economy": variant}
        plain = Settings(calibration=calibration, assumptions={"economy": variant})
        base = emigrating(lived(**how), settings=plain).sum()  # type: ignore[arg-type]
        for name, lever, amount in LEVERS:
            direct = variant == "without_feedback" and lever != "unemployment.norway"
            change = Change(lever, YEAR if direct else first, LAST, "add", amount)
            people = lived((change,), **how)  # type: ignore[arg-type]
            after = emigrating(people, settings=replace(plain, changes=(change,))).sum()
            found[name, variant] = float(100 * (after / base - 1))
    return found


# The posterior


def fitted(of: Response) -> tuple[Floats, Floats]:
    """Return the posterior's mean and draws: (group, driver), and (draw, group, driver).

    Draws around the mode are weighed by prior, signs and experiments, and resampled. They are
    moved together, as little as possible, until their mean meets the experiments, which the
    mean of a curved posterior misses a little.
    """
    mean, spread, _ = priors()
    free = spread > 0
    start = mean[free]

    def gaps(x: Floats) -> Floats:
        full = _full(x, free)
        told = [(of.of(full, e) - e.percent) / e.spread for e in experiments()]
        return np.concatenate([np.ravel(told), (x - mean[free]) / spread[free]])

    found = least_squares(gaps, start, x_scale=spread[free])
    covariance = np.linalg.inv(found.jac.T @ found.jac)
    draws = _resampled(found.x, covariance, free, gaps_of=of)
    centre = draws.mean(axis=0)
    mean = _on_target(of, centre, covariance, free)
    return mean, draws + (mean - centre)


def _full(x: Floats, free: NDArray[np.bool_]) -> Floats:
    full = np.zeros((*x.shape[:-1], *free.shape))
    full[..., free] = x
    return full


def _resampled(mode: Floats, covariance: Floats, free: NDArray[np.bool_], gaps_of: Response
               ) -> Floats:  # fmt: skip
    """Return draws of the posterior by weighing draws around its mode."""
    mean, spread, sign = (part[free] for part in priors())
    chance = np.random.Generator(np.random.Philox(SEED))
    root = np.linalg.cholesky(covariance) * 1.1  # a little wider than the posterior
    normal = chance.standard_normal((TRIED, mode.size))
    x = mode + normal @ root.T
    log = -0.5 * (((x - mean) / spread) ** 2).sum(axis=1) + 0.5 * (normal**2).sum(axis=1)
    for experiment in experiments():
        gap = gaps_of.of(_full(x, free), experiment) - experiment.percent
        log -= 0.5 * (gap / experiment.spread) ** 2
    log[(x * sign < 0).any(axis=1)] = -np.inf  # signs that are told
    weight = np.exp(log - log.max())
    chosen = chance.choice(TRIED, NUMBER, replace=False, p=weight / weight.sum())
    return _full(x[chosen], free)


def _on_target(of: Response, centre: Floats, covariance: Floats, free: NDArray[np.bool_]
               ) -> Floats:  # fmt: skip
    """Return the nearest elasticities, as the posterior measures, that meet the experiments."""
    x = centre[free].copy()
    for _ in range(20):
        gap = np.array([e.percent - float(of.of(_full(x, free), e)) for e in experiments()])
        slope = np.array([[float(of.of(_full(x + step, free), e) - of.of(_full(x, free), e)) / 1e-4
                           for step in 1e-4 * np.eye(x.size)] for e in experiments()])  # fmt: skip
        x += covariance @ slope.T @ np.linalg.solve(slope @ covariance @ slope.T, gap)
    return _full(x, free)


# Tables


def write(found: Mapping[str, tuple[Floats, Floats]], folder: Path = FOLDER) -> None:
    """Write means and draws of both variants."""
    _, spread, _ = priors()
    with (folder / MEANS).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["variant", "country_group", "driver", "mean", "std_error", "unit",
                         "assumed", "source"])  # fmt: skip
        for variant, (mean, draws) in found.items():
            for g, d in AT:
                told = SOURCE if spread[g, d] else "no published effect needs it: taken to be 0"
                writer.writerow([variant, COUNTRY_GROUP.names[g], DRIVERS[d], f"{mean[g, d]:.6f}",
                                 f"{draws[:, g, d].std():.6f}", UNITS[DRIVERS[d]],
                                 "no" if spread[g, d] else "yes", told])  # fmt: skip
    with (folder / DRAWS).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["variant", "draw", "country_group", *DRIVERS, "assumed", "source"])
        for variant, (_, draws) in found.items():
            for (k, g), row in zip(np.ndindex(draws.shape[:2]), draws.reshape(-1, len(DRIVERS)),
                                   strict=True):  # fmt: skip
                writer.writerow([variant, k, COUNTRY_GROUP.names[g], *(f"{x:.5f}" for x in row),
                                 "no", "posterior of elasticities.csv"])  # fmt: skip


def main() -> int:
    """Fit both variants and write them."""
    write({variant: fitted(response(variant)) for variant in VARIANTS})
    sources.forget()
    return 0


if __name__ == "__main__":
    sys.exit(main())
