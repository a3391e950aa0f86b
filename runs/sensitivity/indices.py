"""From the outputs at all points to what is told of each input: indices with intervals.

Sobol, Morris and delta are SALib's; what it returns is renamed here, so that its versions may
differ. Intervals hold 95 percent: of the means over replicates for `oat`, of SALib's bootstrap
over points for the others (seeded). An input without effect has indices of exactly 0, since
with shared luck an unaltered life is the same life.
"""

import io
import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from runs.sensitivity.design import DELTA, LEVELS, MORRIS, OAT, SOBOL, Design, unit_problem

Floats = NDArray[np.float64]
RESAMPLES, DELTA_RESAMPLES = 200, 50  # each resample of delta takes tens of milliseconds
LEVEL = 0.95
# By method the indices, the one that ranks first; and what each says.
INDICES = {
    OAT: ("swing", "low", "high"),
    MORRIS: ("mu_star", "mu", "sigma"),
    SOBOL: ("total", "first", "second"),
    DELTA: ("delta", "first"),
}
MEANINGS = {
    (OAT, "swing"): "between the smallest and the largest value that the output takes as the "
    "input alone goes through its range",
    (OAT, "low"): "the output at the low end of the range, less that of the scenario",
    (OAT, "high"): "the same at the high end",
    (MORRIS, "mu_star"): "by how much the output moves, up or down, per whole range of the "
    "input, on average over many places",
    (MORRIS, "mu"): "the same with its sign",
    (MORRIS, "sigma"): "how much that differs from place to place: bent or joint effects",
    (SOBOL, "total"): "share of the variance that would be left if all other inputs were known",
    (SOBOL, "first"): "share of the variance that goes once the input is known",
    (SOBOL, "second"): "share that two inputs make together, beyond what each makes alone",
    (DELTA, "delta"): "how far the distribution of the output shifts on average once the input "
    "is known: 0 not at all, 1 altogether",
    (DELTA, "first"): "share of the variance that goes once the input is known",
}


class Index(NamedTuple):
    """One index of one input (or of a pair) for one output.

    input, other: numbers of inputs; other is -1 but for pairs. low, high: nan where unknown.
    """

    output: int
    name: str
    input: int
    other: int
    value: float
    low: float
    high: float


def indices(design: Design, points: Floats, values: Floats) -> list[Index]:
    """Return all indices.

    points: (points, inputs). values: (replicates, points, outputs).
    """
    found: list[Index] = []
    for output in range(values.shape[2]):
        mine = values[:, :, output]
        if not np.isfinite(mine).all():
            continue  # a rate of nobody: the page says so
        found += [one._replace(output=output) for one in _of_output(design, points, mine)]
    return found


def undefined(values: Floats) -> list[int]:
    """Return the outputs that are no number at some point, which have no indices."""
    return [int(o) for o in np.flatnonzero(~np.isfinite(values).all(axis=(0, 1)))]


def _of_output(design: Design, points: Floats, values: Floats) -> Iterator[Index]:
    if design.method == OAT:
        yield from _one_at_a_time(points.shape[1], values)
        return
    mean = values.mean(axis=0)
    if np.ptp(mean) == 0:  # nothing moves it, and shares of no variance have no meaning
        for name in INDICES[design.method]:
            if name != "second":
                yield from (Index(0, name, i, -1, 0.0, 0.0, 0.0) for i in range(points.shape[1]))
        return
    how = {MORRIS: _morris, SOBOL: _sobol, DELTA: _delta}[design.method]
    with _quiet():
        yield from how(design, points, mean)


def _one_at_a_time(inputs: int, values: Floats) -> Iterator[Index]:
    """Yield what each input moves alone; differences are taken within replicates."""
    steps = (values.shape[1] - 1) // inputs
    moved = values - values[:, :1]
    for i in range(inputs):
        mine = moved[:, 1 + i * steps : 1 + (i + 1) * steps]
        course = np.concatenate([[0.0], mine.mean(axis=0)])
        top, bottom = int(course.argmax()), int(course.argmin())
        whole = np.concatenate([np.zeros((len(values), 1)), mine], axis=1)
        yield Index(0, "swing", i, -1, *interval(whole[:, top] - whole[:, bottom]))
        yield Index(0, "low", i, -1, *interval(mine[:, 0]))
        yield Index(0, "high", i, -1, *interval(mine[:, -1]))


def interval(some: Floats) -> tuple[float, float, float]:
    """Return the mean over replicates and its 95 percent interval, nan for a single one."""
    mean, n = float(some.mean()), some.size
    if n < 2:
        return mean, math.nan, math.nan
    half = float(student.ppf(0.5 + LEVEL / 2, n - 1) * some.std(ddof=1) / math.sqrt(n))
    return mean, mean - half, mean + half


def _morris(design: Design, points: Floats, mean: Floats) -> Iterator[Index]:
    from SALib.analyze import morris

    found = morris.analyze(
        unit_problem(points.shape[1]), points, mean, num_resamples=RESAMPLES, conf_level=LEVEL,
        num_levels=LEVELS, seed=_seed(design),
    )  # fmt: skip
    yield from _named("mu_star", found["mu_star"], found["mu_star_conf"])
    yield from _named("mu", found["mu"], None)
    yield from _named("sigma", found["sigma"], None)


def _sobol(design: Design, points: Floats, mean: Floats) -> Iterator[Index]:
    from SALib.analyze import sobol

    inputs = points.shape[1]
    found = sobol.analyze(
        unit_problem(inputs), mean, calc_second_order=design.second, num_resamples=RESAMPLES,
        conf_level=LEVEL, seed=_seed(design),
    )  # fmt: skip
    yield from _named("total", found["ST"], found["ST_conf"])
    yield from _named("first", found["S1"], found["S1_conf"])
    if design.second:
        for i in range(inputs):
            for j in range(i + 1, inputs):
                yield _index("second", i, j, found["S2"][i, j], found["S2_conf"][i, j])


def _delta(design: Design, points: Floats, mean: Floats) -> Iterator[Index]:
    from SALib.analyze import delta

    found = delta.analyze(
        unit_problem(points.shape[1]), points, mean, num_resamples=DELTA_RESAMPLES,
        conf_level=LEVEL, seed=_seed(design),
    )  # fmt: skip
    yield from _named("delta", found["delta_raw"], found["delta_raw_conf"])
    yield from _named("first", found["S1"], found["S1_conf"])


def _named(name: str, values: Floats, half: Floats | None) -> Iterator[Index]:
    for i, value in enumerate(np.asarray(values, dtype=np.float64)):
        yield _index(name, i, -1, value, math.nan if half is None else half[i])


def _index(name: str, one: int, other: int, value: float, half: float) -> Index:
    middle = float(value) + 0.0  # + 0.0 turns a negative zero into zero
    return Index(0, name, one, other, middle, middle - float(half), middle + float(half))


def _seed(design: Design) -> int:
    """Return a seed for the bootstrap: SALib takes 0 for none."""
    return design.seed % (2**31) + 1


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep what SALib prints, and what it does to warnings, to itself."""
    told = warnings.formatwarning
    nowhere = io.StringIO()
    try:
        with (
            redirect_stdout(nowhere),
            redirect_stderr(nowhere),
            warnings.catch_warnings(record=True),  # SALib alters filters, so they are collected
            np.errstate(invalid="ignore", divide="ignore"),
        ):
            yield
    finally:
        warnings.formatwarning = told


class Noise(NamedTuple):
    """What luck leaves in one output although it is shared.

    spread: standard deviation over points of the means over replicates. chance: share of that
    variance that is luck which differs from point to point; nan for a single replicate.
    """

    spread: float
    chance: float


def noise(values: Floats) -> list[Noise]:
    """Return what luck leaves in each output; values: (replicates, points, outputs)."""
    found = []
    replicates, points, outputs = values.shape
    for output in range(outputs):
        mine = values[:, :, output]
        mean = mine.mean(axis=0)
        variance = float(mean.var(ddof=1)) if points > 1 else 0.0
        chance = math.nan
        if replicates > 1 and points > 1:
            apart = mine - mean - mine.mean(axis=1, keepdims=True) + mine.mean()
            left = float((apart**2).sum()) / ((replicates - 1) * (points - 1)) / replicates
            chance = min(left / variance, 1.0) if variance > 0 else 0.0
        found.append(Noise(math.sqrt(variance), chance))
    return found
