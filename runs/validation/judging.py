"""Whether a pattern of the record holds in a history: one judge for each kind of pattern."""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from runs.validation.asking import Asked
from runs.validation.checks import Verdict
from runs.validation.levels import judge_level
from runs.validation.orders import judge_order
from runs.validation.quantity import History
from runs.validation.ratios import judge_ratio
from runs.validation.record import Pattern
from runs.validation.trends import judge_trend

JUDGES: Mapping[str, Callable[[Asked], Verdict]] = MappingProxyType({
    "value": judge_level,
    "approx": judge_level,
    "range": judge_level,
    "ordering": judge_order,
    "trend": judge_trend,
    "ratio": judge_ratio,
})  # fmt: skip


def judge(pattern: Pattern, history: History) -> Verdict:
    """Return whether a pattern holds in a history, by how much, and what was found."""
    return JUDGES[pattern.kind](Asked(pattern, history))


def judge_all(patterns: Iterable[Pattern], history: History) -> dict[str, Verdict]:
    """Return the verdicts on patterns by id."""
    return {pattern.id: judge(pattern, history) for pattern in patterns}
