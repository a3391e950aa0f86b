"""One point lived once: from where the inputs lie to the numbers that are asked for.

Nothing is read, and no table made anew that a point does not alter: the people, the settings
and their calibration are those of the experiment. What comes out is a function of the
experiment, the point and the replicate alone. Every point has the same luck.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from runs.sensitivity.inputs import Input, altered
from scenarios.outputs import FLOWS, RATES, STOCK, Output
from sim.agents.population import Population
from sim.chance import Chance
from sim.engine import Simulation
from sim.observe import DIMENSIONS, Counts
from sim.transitions.process import Settings
from sim.transitions.share import share_of_all

Floats = NDArray[np.float64]
PLAIN = ("background",)  # divides an experiment whose outputs divide by nothing


@dataclass(frozen=True)
class Experiment:
    """What is lived at every point: whom, how, how long, how often, and what is told of it.

    points: (points, inputs) shares; see runs.sensitivity.inputs.
    """

    population: Population
    settings: Settings
    seed: int
    first: int
    replicates: int
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    points: Floats

    @property
    def runs(self) -> int:
        """How many lives of the whole population there are."""
        return len(self.points) * self.replicates

    @cached_property
    def dimensions(self) -> tuple[str, ...]:
        """By what the people must be divided for these outputs."""
        named = {dimension for output in self.outputs for dimension, _ in output.groups}
        return tuple(name for name in DIMENSIONS if name in named) or PLAIN

    @cached_property
    def years(self) -> int:
        """How many years must be lived for these outputs."""
        return max(output.needed[1] for output in self.outputs) - self.first + 1

    @cached_property
    def masks(self) -> tuple[NDArray[np.bool_], ...]:
        """Return, for each output, which cells count."""
        return tuple(mask(output, self.dimensions) for output in self.outputs)


def experiment(
    population: Population,
    settings: Settings,
    seed: int,
    replicates: int,
    inputs: tuple[Input, ...],
    outputs: tuple[Output, ...],
    points: Floats,
) -> Experiment:
    """Return an experiment with what is the same at every point worked out once."""
    if settings.scale is None:
        settings = replace(settings, scale=share_of_all(population))
    first = population.year
    return Experiment(population, settings, seed, first, replicates, inputs, outputs, points)


def mask(output: Output, dimensions: tuple[str, ...]) -> NDArray[np.bool_]:
    """Return which cells of these dimensions an output counts, in the order of an observer's."""
    cells = np.ones((), dtype=np.bool_)
    groups = dict(output.groups)
    for name in dimensions:
        codes = DIMENSIONS[name].codes.names
        held = groups.get(name, codes)
        mine = np.array([code in held for code in codes])
        cells = np.logical_and.outer(cells, mine)
    return cells.ravel()


def evaluate(experiment: Experiment, run: int) -> tuple[float, ...]:
    """Live one point once and return its outputs.

    run: the replicate, and within it the point: replicates come one after the other.
    """
    replicate, point = divmod(run, len(experiment.points))
    settings = altered(
        experiment.settings, experiment.inputs, experiment.points[point], experiment.seed
    )
    simulation = Simulation(
        experiment.population,
        settings,
        Chance(experiment.seed, replicate),
        dimensions=experiment.dimensions,
        forgetful=True,
    )
    lived = list(simulation.run(experiment.years))
    if any(output.measure == STOCK for output in experiment.outputs):
        lived.append(simulation.stock())
    by_year = {counts.year: counts for counts in lived}
    return tuple(
        told(output, cells, by_year)
        for output, cells in zip(experiment.outputs, experiment.masks, strict=True)
    )


def told(output: Output, cells: NDArray[np.bool_], by_year: dict[int, Counts]) -> float:
    """Return one output of the years lived."""
    years = range(output.years[0], output.years[1] + 1)
    if output.measure == STOCK:
        return sum(_count(by_year[year].stock, cells) for year in years) / len(years)
    event = FLOWS.get(output.measure) or RATES[output.measure]
    flows = sum(_count(by_year[year].flows.get(event), cells) for year in years)
    if output.measure in FLOWS:
        return float(flows)
    exposed = sum(_count(by_year[year].stock, cells) for year in years)
    return 100 * flows / exposed if exposed else float("nan")


def _count(
    counted: tuple[NDArray[np.int64], NDArray[np.int64]] | None, cells: NDArray[np.bool_]
) -> int:
    """Return how many persons are in the cells that count."""
    if counted is None:
        return 0
    where, many = counted
    return int(many[cells[where]].sum())
