"""What an analysis found, as sentences: which input matters most for each output, how much."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from runs.answer import number
from runs.sensitivity.design import DELTA, MORRIS, OAT, SOBOL, Design
from runs.sensitivity.evaluation import Experiment
from runs.sensitivity.indices import INDICES, Index, Noise, indices, noise, undefined
from scenarios.changes import ALL_YEARS
from scenarios.outputs import Output
from scenarios.wording import subject

Floats = NDArray[np.float64]
FIFTH = 0.2
NEARLY_NOTHING = 0.005  # of a share of the variance


@dataclass(frozen=True)
class Found:
    """An experiment with its outputs at every point, (replicates, points, outputs), and indices."""

    experiment: Experiment
    design: Design
    values: Floats

    @cached_property
    def indices(self) -> tuple[Index, ...]:
        """Return every index."""
        return tuple(indices(self.design, self.experiment.points, self.values))

    @cached_property
    def noise(self) -> list[Noise]:
        """Return what luck leaves in each output."""
        return noise(self.values)

    @cached_property
    def undefined(self) -> list[int]:
        """Return the outputs that have no value at some point."""
        return undefined(self.values)

    @cached_property
    def main(self) -> str:
        """Return the index that ranks inputs."""
        return INDICES[self.design.method][0]

    def of(self, output: int, name: str) -> dict[int, Index]:
        """Return one kind of index of an output by input, without pairs."""
        return {one.input: one for one in self.indices
                if (one.output, one.name, one.other) == (output, name, -1)}  # fmt: skip

    def ranked(self, output: int) -> list[Index]:
        """Return the main indices of an output, the largest first."""
        return sorted(self.of(output, self.main).values(), key=lambda one: (-one.value, one.input))

    def middle(self, output: int) -> tuple[float, float, float]:
        """Return the mean over points and the ends between which 95 percent of them lie."""
        mean = self.values[:, :, output].mean(axis=0)
        low, high = np.quantile(mean, (0.025, 0.975))
        return float(mean.mean()), float(low), float(high)

    def base(self, output: int) -> float:
        """Return an output in the scenario as it is (one input at a time alone knows it)."""
        return float(self.values[:, 0, output].mean())

    def fifths(self, output: int, one: int) -> tuple[float, float]:
        """Return the mean output in the lowest and in the highest fifth of an input's range."""
        shares, mean = self.experiment.points[:, one], self.values[:, :, output].mean(axis=0)
        return float(mean[shares <= FIFTH].mean()), float(mean[shares >= 1 - FIFTH].mean())


def words(found: Found, one: int) -> str:
    """Return an input in words: 'unemployment in Norway from 2025 on'."""
    held = found.experiment.inputs[one].range
    if held is None:
        return f"the draw of {found.experiment.inputs[one].label}"
    if not held.told(0.0).change:
        return f"the parameter {held.name}"
    told = subject(held.name)[0]
    return f"{told[0].lower()}{told[1:]}"


def short(label: str) -> str:
    """Return an input's name as a picture has room for it: '2025..' for all later years."""
    return label.replace(f"..{ALL_YEARS[1]}", "..")


def answers(found: Found) -> list[str]:
    """Return one sentence an output: what matters most for it, and how much."""
    return [_answer(found, o, output) for o, output in enumerate(found.experiment.outputs)]


def _answer(found: Found, o: int, output: Output) -> str:
    most = f"What matters most for {output.name}"
    if o in found.undefined:
        return f"{most} is not told: at some points there is nobody to divide by."
    ranked = found.ranked(o)
    first = ranked[0]
    if first.value == 0:
        return f"{most}: nothing that was varied moves it from {_amount(output, found.base(o))}."
    if found.design.method in (SOBOL, DELTA) and first.low <= 0:
        return (f"{most} is not told by so few points: of {words(found, first.input)}, which comes "
                f"first, the interval holds 0 ({_size(found, first, output)}).")  # fmt: skip
    then = ""
    if len(ranked) > 1 and ranked[1].value > 0:
        then = f"; then {words(found, ranked[1].input)}, {_size(found, ranked[1], output)}"
    return f"{most}: {words(found, first.input)}, {_how_much(found, first, output)}{then}."


def _how_much(found: Found, first: Index, output: Output) -> str:
    """Say what the input does that matters most."""
    size = _size(found, first, output)
    one = found.experiment.inputs[first.input]
    if found.design.method == OAT:
        low, high = (found.of(first.output, name)[first.input].value for name in ("low", "high"))
        base = found.base(first.output)
        ends = (f"{_number(output, base + value)} ({one.end(share)})"
                for value, share in ((low, 0.0), (high, 1.0)))  # fmt: skip
        return f"{size}, from {_number(output, base)} in the scenario to {' or '.join(ends)}"
    if not one.ordered:
        return size
    below, above = found.fifths(first.output, first.input)
    return (f"{size}; from the lowest to the highest fifth of its range the mean goes from "
            f"{_number(output, below)} to {_amount(output, above)}")  # fmt: skip


def _size(found: Found, one: Index, output: Output) -> str:
    """Return the main index in words, with its interval."""
    method = found.design.method
    shares = method in (SOBOL, DELTA)
    low, high = (number(end, 2) if shares else _number(output, end) if math.isfinite(end) else ""
                 for end in (one.low, one.high))  # fmt: skip
    interval = f" ({low} to {high})" if math.isfinite(one.low) else ""
    if method == OAT:
        return f"a swing of {_amount(output, one.value)}{interval}"
    if method == MORRIS:
        return f"{_amount(output, one.value)}{interval} over its whole range"
    what = {SOBOL: "total share of the variance", DELTA: "shift of the distribution"}[method]
    return f"{what} {number(one.value, 2)}{interval}"


def _amount(output: Output, value: float) -> str:
    """Return a value of an output with its unit."""
    return f"{_number(output, value)} {output.unit}"


def _number(output: Output, value: float) -> str:
    if output.unit == "percent":
        return number(value, 2)
    return number(value, 0 if abs(value) >= 100 else 1)


def caveats(found: Found) -> Iterator[str]:
    """Yield what a reader must know of all numbers: luck that is left, joint effects, ranges."""
    many = found.experiment.replicates
    if many == 1:
        yield ("Every point has the same luck and is lived once. Luck still makes lives differ "
               "where an input alters them, and a single replicate cannot tell how much: "
               "--replicates 4 does.")  # fmt: skip
    else:
        shares = [one.chance for one in found.noise if one.spread > 0]
        most = max(shares, default=0.0)
        yield (f"Every point has the same luck, {many} times over, and its outputs are means over "
               f"these replicates. Luck that differs from point to point makes at most "
               f"{number(100 * most, 1)} percent of the variance between points.")  # fmt: skip
    if found.design.method == OAT:
        yield "One input at a time: effects that inputs have together are not seen."
    if found.design.method == SOBOL:
        yield from _unsure(found)
    yield ("How much an input matters depends on how wide its range is, and inputs vary "
           "independently of each other.")  # fmt: skip


def _unsure(found: Found) -> Iterator[str]:
    """Say of which outputs the intervals are wide."""
    wide = [output.name for o, output in enumerate(found.experiment.outputs)
            if any(one.high - one.low > 0.4 for one in found.ranked(o))]  # fmt: skip
    if wide:
        yield (f"Intervals are wider than 0.4 for {', '.join(wide)}: a larger --size narrows "
               "them.")  # fmt: skip


def input_names(found: Found) -> Sequence[str]:
    """Return the names of the inputs as tables have them."""
    return [one.label for one in found.experiment.inputs]
