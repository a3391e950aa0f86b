"""What an analysis varies: the ranges of a scenario, and draws of what is uncertain.

A point gives each input a share between 0 and 1: how much of the input's range lies below its
value. NaN leaves the lever as the scenario has it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scenarios.fields import UNCERTAIN
from scenarios.ranges import Range
from scenarios.wording import amount_of_range, in_a_sentence
from sim.transitions.process import Settings
from sim.transitions.sources import CellChange

Floats = NDArray[np.float64]
PARAMETERS, ECONOMY = UNCERTAIN
DRAWS = 1_000  # draws among which an uncertain input chooses


@dataclass(frozen=True)
class Input:
    """One thing that differs between points.

    range: of a lever; None: the input is a draw of `label`, one of DRAWS that have no order.
    """

    label: str
    range: Range | None = None

    @property
    def ordered(self) -> bool:
        """Say whether more of it means something."""
        return self.range is not None

    def number(self, share: float) -> float:
        """Return the value of the input: an amount, or the number of a draw."""
        if math.isnan(share):
            return math.nan
        if self.range is None:
            return float(min(int(share * DRAWS), DRAWS - 1))
        return self.range.value(share)

    def end(self, share: float) -> str:
        """Return an end of the range in words."""
        return amount_of_range(self.range, share) if self.range else "any draw"

    @property
    def meaning(self) -> str:
        """Say what is varied, as a sentence."""
        if self.range is not None:
            return in_a_sentence(self.range)
        what = "coefficients and the answer to the economy" if self.label == PARAMETERS else (
            "paths of unemployment and income ratios"
        )  # fmt: skip
        return f"Draws of {self.label}: the {what}, one of {DRAWS:,} draws."


def inputs_of(ranges: Sequence[Range], uncertain: Sequence[str] = ()) -> tuple[Input, ...]:
    """Return the inputs of a scenario's ranges, and of what is drawn besides."""
    return (*(Input(one.label, one) for one in ranges), *(Input(word) for word in uncertain))


def altered(settings: Settings, inputs: Sequence[Input], point: Floats, seed: int) -> Settings:
    """Return the settings of a point: those of the scenario, with each input where it lies."""
    shares = [float(share) for share in point]
    told = [one.range.told(share) for one, share in zip(inputs, shares, strict=True)
            if one.range is not None and not math.isnan(share)]  # fmt: skip
    levers = tuple(change for one in told if (change := one.change) is not None)
    cells = tuple(one.cells for one in told if one.change is None)
    made = replace(
        settings,
        changes=(*settings.changes, *levers),
        tables=(*settings.tables, *(cell for cell in cells if isinstance(cell, CellChange))),
    )
    for one, share in zip(inputs, shares, strict=True):
        if one.range is None and not math.isnan(share):
            made = replace(made, **_drawn(one.label, int(one.number(share)), seed))
    return made


def _drawn(word: str, number: int, seed: int) -> dict[str, Any]:
    if word == PARAMETERS:
        return {"draw": number, "draw_seed": seed}
    return {"economy_draw": (number, seed)}


def numbers(inputs: Sequence[Input], points: Floats) -> Floats:
    """Return the values of all inputs at all points."""
    return np.array([[one.number(float(share)) for one, share in zip(inputs, point, strict=True)]
                     for point in points]).reshape(len(points), len(inputs))  # fmt: skip
