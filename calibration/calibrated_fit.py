"""The whole calibration in order, and what its page tells of the fit.

First the offset by kind of family, then the shifts of the years with it, then the answer to the
economy with both. Each step reads what the step before has written into the folder.
"""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import numpy as np

from calibration import elasticities, family_offsets, year_shifts
from calibration.raking import Floats
from calibration.reconstruction import reconstruct
from sim.codes import COUNTRY_GROUP, REASON
from sim.transitions.calibrated import COLUMNS, DRIVERS, KINDS, OFFSETS, VARIANTS, YEARS

Told = Callable[[str], None]
AT_REST = 0.05  # log odds by which the last round may move a shift
IDENTIFIED = 0.8  # of the prior's spread: a posterior at least as wide has learnt nothing
ROWS: dict[str, dict[str, tuple[str, ...]]] = {
        "all_families": {"1": KINDS[:1], "2": KINDS[1:3], "3+": KINDS[3:]},
        "immigrants_only": {"1": KINDS[:1], "2": KINDS[1:2], "3+": KINDS[3:4]},
        "also_non_immigrants": {"2": KINDS[2:3], "3+": KINDS[4:]},
        "more_immigrants": {"3+": KINDS[4:5]}, "equal": {"3+": KINDS[5:6]},
        "fewer_immigrants": {"3+": KINDS[6:7]}}  # fmt: skip


@dataclass(frozen=True)
class Line:
    """A published figure, what the calibrated model has, and where it stands.

    held: whether it is within what was asked for.
    """

    where: str
    published: float
    model: float
    held: bool


@dataclass(frozen=True)
class Answer:
    """An elasticity: posterior and prior, and whether the experiments tell of it at all."""

    variant: str
    group: str
    driver: str
    mean: float
    spread: float
    prior_mean: float
    prior_spread: float

    @property
    def identified(self) -> bool:
        """Say whether the posterior is narrower than the prior."""
        return self.spread < IDENTIFIED * self.prior_spread


@dataclass(frozen=True)
class Found:
    """What a calibration found, for its page."""

    families: tuple[Line, ...]
    experiments: tuple[Line, ...]
    answers: tuple[Answer, ...]
    shifts: Floats
    errors: Floats
    moved: tuple[float, ...]

    @property
    def settled(self) -> bool:
        """Say whether the shifts of the years have come to rest."""
        return self.moved[-1] <= AT_REST


def calibrate(
    folder: Path, *, scale: float, seeds: tuple[int, ...], stocks: bool, say: Told
) -> Found:
    """Write a calibration into a folder, and return what its page tells.

    scale, seeds: of the histories that are simulated. stocks: whether the shifts of the years
        are fitted to the stocks too, or to flows alone.
    """
    with resources.as_file(resources.files("sim.transitions") / "data") as shipped:
        for name in COLUMNS:
            shutil.copy(shipped / name, folder / name)
    say("offsets by kind of family")
    people = reconstruct()
    offset, _, reached = family_offsets.offsets(people)
    family_offsets.write(offset, folder / OFFSETS)
    say("shifts of the years 2004-2012")
    years = year_shifts.fit(year_shifts.Plan(stocks=stocks), seeds=seeds, scale=scale)
    year_shifts.write_table(folder / YEARS, years.posterior)
    say("answer to the economy")
    responses = {v: elasticities.response(v, scale, str(folder)) for v in VARIANTS}
    answers = {v: elasticities.fitted(response) for v, response in responses.items()}
    elasticities.write(answers, folder)
    return Found(
        tuple(family_lines(family_offsets.cells_of(people).persons, reached)),
        tuple(_experiments(scale, str(folder))),
        tuple(_answers(answers)),
        years.posterior.shifts, years.posterior.std_error, years.moved,
    )  # fmt: skip


def family_lines(persons: Floats, reached: Floats) -> Iterator[Line]:
    """Yield every emigration rate of Tables 4.1-4.3 beside the calibrated model's, in percent."""
    for table in ("4.1", "4.2", "4.3"):
        for (reason, size, kind), told in family_offsets.published(table).items():
            ages = [1] if table == "4.2" else [0, 1]
            kinds = [KINDS.index(k) for k in ROWS[kind][size]]
            at = np.ix_([REASON.index(reason)], kinds, ages)
            here = float((reached[at] * persons[at]).sum() / persons[at].sum())
            held = abs(here - told) <= 0.005 or abs(here / told - 1) <= 0.15
            where = f"Table {table}: {reason}, {size} persons, {kind.replace('_', ' ')}"
            yield Line(where, 100 * told, 100 * here, held)


def _experiments(scale: float, folder: str) -> Iterator[Line]:
    """Yield the experiments beside what they do to other people with what was written."""
    published = {e.name: e.percent for e in elasticities.experiments()}
    for (name, variant), effect in elasticities.checked(scale, folder).items():
        where = f"{name.replace('_', ' ')}, {variant.replace('_', ' ')}"
        held = abs(effect - published[name]) <= 0.3
        yield Line(where, published[name], effect, held)


def _answers(found: dict[str, tuple[Floats, Floats]]) -> Iterator[Answer]:
    prior_mean, prior_spread, _ = elasticities.priors()
    for variant, (mean, draws) in found.items():
        for (g, d), value in np.ndenumerate(mean):
            if prior_spread[g, d]:
                yield Answer(variant, COUNTRY_GROUP.names[g], DRIVERS[d], float(value),
                             float(draws[:, g, d].std()), float(prior_mean[g, d]),
                             float(prior_spread[g, d]))  # fmt: skip
