"""What pins the reconstructed register down: every margin with each source left out.

Two answers for each margin and each source of information. How far the margin moves when
the source is left out and the rest is fitted again; and how uncertain it is then: the fit
seen as a regression, with the entropy as the prior, whose spread is that of the numbers
of people between starting population and solution. `python -m calibration.identify` (some
minutes) writes the table that docs/reconstruction.md shows.
"""

import csv
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import linalg

from calibration.equations import Block
from calibration.fitting import PER_LEVEL, POOL_SEED
from calibration.information import Shadow, published_shadows, sizes
from calibration.pool import Pool, draw_pool
from calibration.raking import Floats, Ints
from calibration.register import PULL, Problem, fit_register
from calibration.solution import FOLDER
from calibration.targets import blocks_of_2013
from sim.codes import DURATION_GROUP, EDUCATION, ORIGIN, REASON, STATUS

FILE, SHARES = FOLDER / "identifiability.csv", FOLDER / "shares.csv"
# Blocks of one kind of information, left out together.
SOURCES: Mapping[str, tuple[str, ...]] = {
    "standard errors, likelihoods": (),
    "sample sizes": ("sample size",),
    "reasons": ("official reason",),
    "origins": ("origin",),
    "arrivals": ("arrival", "Nordic arrival"),
    "ages": ("age", "ages of the old"),
    "work": (
        "status",
        "employed by reason",
        "employed by age",
        "employed by stay",
        "employed of the old",
        "idle by age",
    ),
    "education": ("education",),
    "families": ("one-person families", "emigrants by reason", "mixed families"),
    "Norwegian-born": ("Norwegian-born at home",),
}
ONLY_SIZES = "all margins but the sizes"
FAMILY = ("1", "2", "3", "4", "5", "6+")
# Margins that are watched, counted among those aged 15-74 except where they are wider.
WATCHED = (
    "reason (report)", "age", "arrival", "education", "status", "family size",
    "immigrants in family", "origin",
)  # fmt: skip


@dataclass(frozen=True)
class Watched:
    """A margin: for each cell the persons of each family; share: of whom, in persons."""

    name: str
    cells: Floats


def watched(pool: Pool) -> tuple[Watched, ...]:
    """Return the margins that are watched, each (cells, families), ages 15-74."""
    people = pool.covariates()
    age = np.searchsorted((16, 20, 30, 45, 55, 67), pool["age"], side="right")
    labels = (
        people.reason, age, people.duration, people.education, people.status,
        np.minimum(people.family_total, 6) - 1, np.minimum(people.family_immigrants, 6) - 1,
        pool["origin"],
    )  # fmt: skip
    return tuple(
        Watched(name, _cells(pool, label)) for name, label in zip(WATCHED, labels, strict=True)
    )


def shares_by_choice(pool: Pool, numbers: Mapping[str, Floats]) -> Iterator[tuple[str, ...]]:
    """Yield margin, cell, choice and percent of those aged 15-74, for each set of numbers."""
    names = (
        REASON.names, ("15", "16-19", "20-29", "30-44", "45-54", "55-66", "67-74"),
        DURATION_GROUP.names, EDUCATION.names, STATUS.names, FAMILY, FAMILY, ORIGIN.names,
    )  # fmt: skip
    for margin, cells in zip(watched(pool), names, strict=True):
        for choice, number in numbers.items():
            share = margin.cells @ number
            for cell, percent in zip(cells, 100 * share / share.sum(), strict=True):
                yield margin.name, cell, choice, f"{percent:.3f}"


def _cells(pool: Pool, label: Ints) -> Floats:
    k, families = int(label.max()) + 1, pool.level.size
    where = (label * families + pool["family"])[pool.grown]
    return np.bincount(where, minlength=k * families).reshape(k, families).astype(np.float64)


@dataclass(frozen=True)
class Line:
    """One margin with one source left out.

    moved: largest change of a share, in percentage points; spread: root mean square of
    the standard deviations of the shares, in points.
    """

    margin: str
    left_out: str
    moved: float
    spread: float


def lines(
    pool: Pool,
    shadows: Sequence[Shadow],
    blocks: Sequence[Block],
    numbers: Mapping[str, Floats],
) -> Iterator[Line]:
    """Yield every margin with nothing, each source, all margins and everything left out."""
    margins, full = watched(pool), numbers["nothing"]
    problem = Problem(pool, shadows, blocks, pool.prior)
    normal = _Normal(problem, full, margins)
    of = _sources(problem, blocks)
    choices = {"nothing": np.ones(of.size, dtype=np.bool_)}
    choices |= {name: of != i for i, name in enumerate(SOURCES)}
    choices[ONLY_SIZES] = (of == 0) | (of == 1)
    choices["everything"] = np.zeros(of.size, dtype=np.bool_)
    for name, kept in choices.items():
        number = numbers[name]
        for margin, spread in zip(margins, normal.spreads(kept), strict=True):
            yield Line(margin.name, name, _moved(margin, number, full), spread)


def refits(
    pool: Pool, shadows: Sequence[Shadow], blocks: Sequence[Block]
) -> Iterator[tuple[str, Floats]]:
    """Yield what was left out and the numbers of families then fitted."""
    yield "nothing", fit_register(pool, shadows, blocks).number
    for name in (*SOURCES, ONLY_SIZES, "everything"):
        yield name, _refit(pool, shadows, blocks, name)


def _refit(pool: Pool, shadows: Sequence[Shadow], blocks: Sequence[Block], left_out: str) -> Floats:
    if left_out == "everything":
        return pool.prior
    if left_out == ONLY_SIZES:
        kept = [b for b in blocks if b.name == "sample size"]
        return fit_register(pool, shadows, kept).number
    names = SOURCES[left_out]
    kept = [b for b in blocks if b.name not in names]
    return fit_register(pool, shadows if names else (), kept).number


def _sources(problem: Problem, blocks: Sequence[Block]) -> Ints:
    """Return the source of every figure, by position in SOURCES."""
    place = {name: i for i, names in enumerate(SOURCES.values()) for name in names}
    margins = [np.full(b.target.size, place[b.name]) for b in blocks]
    models = problem.residuals(problem.prior).size - sum(m.size for m in margins)
    return np.concatenate([*margins, np.zeros(models, dtype=np.int64)])


def _moved(margin: Watched, number: Floats, full: Floats) -> float:
    shares = [margin.cells @ n / (margin.cells @ n).sum() for n in (number, full)]
    return float(100 * np.abs(shares[0] - shares[1]).max())


class _Normal:
    """The fit as a regression: spreads of margins under any choice of figures."""

    def __init__(self, problem: Problem, number: Floats, margins: Sequence[Watched]) -> None:
        residuals, parts = problem.linearise(number)
        size = residuals.size
        slopes = np.zeros((size, number.size))
        for part in parts:
            rows = slice(int(problem.bounds[part.level]), int(problem.bounds[part.level + 1]))
            slopes[part.figures, rows] += part.slopes.T
        weighted = slopes * number
        self.system = weighted @ slopes.T
        self.margins = margins
        self.own = [(m.cells**2 @ number) for m in margins]
        self.shared = [weighted @ m.cells.T for m in margins]

    def spreads(self, kept: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Iterator[float]:
        """Yield the spread of each margin when only these figures are known."""
        some = np.flatnonzero(kept)
        system = self.system[np.ix_(some, some)] + PULL * np.eye(some.size)
        factor = linalg.cho_factor(system) if some.size else None
        for own, shared in zip(self.own, self.shared, strict=True):
            known = np.zeros(own.size)
            if factor is not None:
                solved = linalg.cho_solve(factor, shared[some])
                known = (shared[some] * solved).sum(axis=0)
            variance = np.maximum(own - known, 0) / PULL
            yield float(100 * np.sqrt(variance.mean()) / sizes().sum())


def main() -> int:
    """Fit, leave out, write."""
    pool = draw_pool(PER_LEVEL, seed=POOL_SEED)
    shadows, blocks = published_shadows(pool), blocks_of_2013(pool)
    numbers: dict[str, Floats] = {}
    for name, number in refits(pool, shadows, blocks):
        numbers[name] = number
        print(f"fitted without {name}", flush=True)
    table = [
        (x.margin, x.left_out, f"{x.moved:.3f}", f"{x.spread:.3f}")
        for x in lines(pool, shadows, blocks, numbers)
    ]
    _write(FILE, ("margin", "left_out", "moved_points", "spread_points"), table)
    chosen = {
        "starting population": numbers["everything"],
        "standard errors and sizes": numbers[ONLY_SIZES],
        "margins only": numbers["standard errors, likelihoods"],
        "everything": numbers["nothing"],
    }
    _write(SHARES, ("margin", "cell", "choice", "percent"), shares_by_choice(pool, chosen))
    return 0


def _write(path: Path, header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


if __name__ == "__main__":
    sys.exit(main())
