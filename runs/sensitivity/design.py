"""At which points a method looks: rows of shares between 0 and 1, one column an input.

oat       the scenario as it is, then every input alone at even steps from end to end
morris    trajectories that move one input at a time (elementary effects)
sobol     Saltelli's scheme on a Sobol sequence, for shares of the variance
delta     a Latin hypercube, for what a value tells of the whole distribution
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.problems import Problem

Floats = NDArray[np.float64]
OAT, MORRIS, SOBOL, DELTA = METHODS = ("oat", "morris", "sobol", "delta")
MEANINGS = {
    OAT: "one input at a time, from end to end of its range, all others as in the scenario",
    MORRIS: "elementary effects: what an input moves when it alone moves, from many places",
    SOBOL: "shares of the variance that each input makes alone, and with the others",
    DELTA: "how far the distribution of a number shifts once an input is known",
}
# What --size counts, and its least, usual and largest number.
SIZES = {
    OAT: ("steps from end to end of each range", 2, 2, 1_000),
    MORRIS: ("trajectories", 4, 16, 100_000),
    SOBOL: ("base points, a power of 2", 8, 128, 2**20),
    DELTA: ("points", 64, 512, 10**6),
}
LEVELS = 4  # of the grid on which Morris' trajectories move
MOST_INPUTS = 100


@dataclass(frozen=True)
class Design:
    """How an analysis looks: by which method, how closely and from which seed.

    second: whether pairs of inputs are told of too (Sobol alone; twice the points).
    """

    method: str
    size: int
    seed: int
    second: bool = False

    def points(self, inputs: int) -> Floats:
        """Return the points, one row each."""
        if self.method == OAT:
            return _one_at_a_time(inputs, self.size)
        problem = unit_problem(inputs)
        if self.method == MORRIS:
            from SALib.sample import morris

            found = morris.sample(problem, self.size, num_levels=LEVELS, seed=self.seed)
        elif self.method == SOBOL:
            from SALib.sample import sobol

            found = sobol.sample(
                problem, self.size, calc_second_order=self.second, seed=self.seed
            )  # fmt: skip
        else:
            from SALib.sample import latin

            found = latin.sample(problem, self.size, seed=self.seed)
        return np.ascontiguousarray(found, dtype=np.float64)

    def many(self, inputs: int) -> int:
        """Return how many points there are."""
        per = {OAT: inputs, MORRIS: inputs + 1, DELTA: 1,
               SOBOL: 2 * inputs + 2 if self.second else inputs + 2}[self.method]  # fmt: skip
        return self.size * per + (self.method == OAT)


def unit_problem(inputs: int) -> dict[str, Any]:
    """Return inputs between 0 and 1 as SALib describes them."""
    return {"num_vars": inputs, "names": [f"input {i}" for i in range(inputs)],
            "bounds": [[0.0, 1.0]] * inputs}  # fmt: skip


def size_problem(method: str, size: int) -> list[Problem]:
    """Return what is wrong with the size of a design."""
    what, least, usual, most = SIZES[method]
    if not least <= size <= most:
        allowed = f"{least:,} to {most:,} {what} (usually {usual:,})"
        return [Problem("--size", f"is {size:,}", allowed)]
    if method == SOBOL and size & (size - 1):
        near = 1 << (size.bit_length() - 1)
        cure = f"{near:,} and {2 * near:,} are the nearest."
        return [Problem("--size", f"is {size:,}", f"a power of 2 for {SOBOL}", cure)]
    return []


def _one_at_a_time(inputs: int, steps: int) -> Floats:
    """Return the point of no change, then each input alone from its low to its high end."""
    points = np.full((1 + inputs * steps, inputs), np.nan)
    for i in range(inputs):
        points[1 + i * steps : 1 + (i + 1) * steps, i] = np.linspace(0.0, 1.0, steps)
    return points
