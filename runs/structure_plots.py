"""Pictures of the structure of a run's residents: pyramids, dependency, sizes of families."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from runs import plots
from runs.intervals import Floats
from runs.plots import Drawing, Line
from runs.structure import IMMIGRANTS, NORWEGIAN_BORN, OLD, YOUNG, Structures, estimates_of
from sim.codes import SEX
from sim.structure import OLDEST

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BAND = 5  # years of age
PANELS = 3
LABEL_OF = {"immigrants": "Immigrants", "norwegian_born": "Norwegian-born"}
PYRAMID = Drawing(
    "population_pyramids",
    "Immigrants and Norwegian-born by age and sex",
    "Thousand residents on 1 January by five-year age group, mean over replicates; women left, men "
    "right",
    "structure",
    "persons",
)
DEPENDENCY = Drawing(
    "dependency_ratio",
    "Dependency ratio",
    f"Residents younger than {YOUNG} or {OLD} and older, per 100 of {YOUNG}-{OLD - 1} years, "
    "1 January",
    "structure",
    "dependency",
)
FAMILIES = Drawing(
    "family_sizes",
    "Immigrants by size of their family",
    "Percent of resident immigrants on 1 January, by resident members of their family",
    "structure",
    "share",
)
SIZES = ("1", "2", "3", "4", "5", "6", "7", "8_or_more")


def draw_structure(table: pa.Table, manifest: Mapping[str, Any]) -> dict[str, str]:
    """Return the pictures, as SVG by name; none without anybody."""
    structures = Structures(table)
    if not structures.ages.sum():
        return {}
    drawn = {PYRAMID.name: _pyramids(structures, manifest)}
    found = {whom: estimates_of(structures, whom) for whom in LABEL_OF}
    lines = [
        Line(whom, LABEL_OF[whom], structures.years, found[whom]["dependency_ratio"])
        for whom in LABEL_OF
        if not np.isnan([e.mean for e in found[whom]["dependency_ratio"]]).any()
    ]
    if lines:
        drawn[DEPENDENCY.name] = plots.draw(DEPENDENCY, lines, manifest)
    shares = {size: found["immigrants"][f"share_in_families_of_{size}"] for size in SIZES}
    if not np.isnan([estimate.mean for of in shares.values() for estimate in of]).any():
        sized = [
            Line(size, size.replace("_", " "), structures.years, of) for size, of in shares.items()
        ]
        drawn[FAMILIES.name] = plots.draw(FAMILIES, sized, manifest)
    return drawn


DRAWINGS = (PYRAMID, DEPENDENCY, FAMILIES)


def _pyramids(structures: Structures, manifest: Mapping[str, Any]) -> str:
    """Draw the first, a middle and the last 1 January beside each other."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    last = len(structures.years) - 1
    shown = sorted({0, last // 2, last})[:PANELS]
    style: Any = {**plots.STYLE, "svg.hashsalt": PYRAMID.name}
    with mpl.rc_context(style):
        notes = plots.notes_for(len(structures.ages), manifest)
        below = plots.NOTE * len(notes) + 0.1
        height = plots.TOP + plots.HEIGHT + 0.3 + below
        figure = Figure(figsize=(plots.WIDTH, height))
        figure.text(plots.LEFT, 1 - 0.3 / height, PYRAMID.title, fontsize=13, fontweight="bold")
        figure.text(plots.LEFT, 1 - 0.55 / height, PYRAMID.unit, color=plots.QUIET)
        for row, note in enumerate(notes):
            place = (below - 0.05 - plots.NOTE * row) / height
            figure.text(plots.LEFT, place, note, fontsize=7.5, color=plots.QUIET, va="top")
        mean = structures.ages.mean(axis=0) / 1000  # (years, background, sex, age)
        widest = max(_bands(mean[y].sum(axis=0)).max() for y in shown)
        for panel, y in enumerate(shown):
            width = 0.92 / len(shown)
            box = (0.065 + panel * width, (below + 0.4) / height, width - 0.03,
                   (plots.HEIGHT - 0.35) / height)  # fmt: skip
            axes = figure.add_axes(box)
            _panel(axes, mean[y], widest, structures.years[y], named=panel == 0)
        return plots.svg_of(figure, PYRAMID)


def _panel(axes: "Axes", mean: Floats, widest: float, year: int, *, named: bool) -> None:
    at = np.arange(OLDEST // BAND + 1)
    for sign, sex in ((-1, SEX.index("female")), (1, SEX.index("male"))):
        start = np.zeros(at.size)
        for whom, which in (("immigrants", IMMIGRANTS), ("norwegian_born", NORWEGIAN_BORN)):
            bars = _bands(mean[list(which), sex].sum(axis=0))
            label = LABEL_OF[whom] if sign > 0 else None
            axes.barh(at, sign * bars, 0.85, sign * start, color=plots.COLOURS[whom], label=label)
            start += bars
    axes.set_xlim(-1.05 * widest, 1.05 * widest)
    axes.set_yticks(at[::2], [str(BAND * a) if named else "" for a in at[::2]])
    axes.xaxis.set_major_locator(_round_marks())
    axes.xaxis.set_major_formatter(lambda value, _: f"{abs(value):g}")
    axes.set_title(str(year), fontsize=10, color=plots.INK)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.axvline(0, color="white", linewidth=0.8)
    axes.tick_params(length=0)
    if named:
        axes.legend(frameon=False, fontsize=8, loc="upper left", borderaxespad=0)


def _round_marks() -> Any:
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(nbins=5, symmetric=True)


def _bands(ages: Floats) -> Floats:
    """Sum the last axis by five years; the last band is the oldest age and beyond."""
    size = -(-ages.shape[-1] // BAND) * BAND
    padded = np.zeros((*ages.shape[:-1], size))
    padded[..., : ages.shape[-1]] = ages
    return np.asarray(padded.reshape(*ages.shape[:-1], -1, BAND).sum(axis=-1))
