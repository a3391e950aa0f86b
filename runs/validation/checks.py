"""What a judgement is made of: single checks, and the verdict that sums them up."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from runs.validation.record import Pattern

ENOUGH = 0.25  # judged if the history tells at least so many of the checks
SMALL = 1e-9  # what rounding of sums may do to a number at its bound
MOST_NAMED = 6


@dataclass(frozen=True)
class Check:
    """One comparison: whether it holds, by how much, and what was compared.

    margin: signed distance to the bound in units of the tolerance, nan if it is all or nothing.
    """

    holds: bool
    words: str
    margin: float = np.nan


@dataclass(frozen=True)
class Verdict:
    """Whether a pattern holds in a history.

    holds: None if the history cannot tell; why: the reason then.
    margin: signed distance to the bound in units of the tolerance, negative if it fails.
    found, expected: in words.
    right: the share of checks that hold; told: the share that the history can tell.
    """

    id: str
    holds: bool | None
    margin: float
    found: str
    expected: str
    why: str = ""
    right: float = np.nan
    told: float = 1.0


def not_judged(pattern: Pattern, expected: str, why: str, told: float = 0.0) -> Verdict:
    """Return the verdict of a pattern that the history cannot tell."""
    return Verdict(pattern.id, None, np.nan, "", expected, why, np.nan, told)


def sum_up(
    pattern: Pattern, expected: str, checks: Sequence[Check], asked: int, known: float = 1.0
) -> Verdict:  # fmt: skip
    """Return the verdict: all checks must hold, or the share that the tolerance asks for.

    asked: how many checks there would be if the history told everything; known: the share of
    the years that the checks are about.
    """
    told = known * len(checks) / asked if asked else 0.0
    if not checks or told < ENOUGH:
        return not_judged(pattern, expected, why_not(told), told)
    right = float(np.mean([check.holds for check in checks]))
    asked_share = pattern.tolerance.share
    if asked_share is None:
        holds = all(check.holds for check in checks)
        margin = _least(checks)
        found = _named(checks)
    else:
        holds = right >= asked_share - SMALL
        margin = (right - asked_share) / max(1 - asked_share, 1 / len(checks))
        found = _counted(checks, right)
    return Verdict(pattern.id, holds, margin, found, expected, "", right, told)


def why_not(told: float) -> str:
    """Return why a pattern is not judged."""
    if told:
        return f"only {told:.0%} of what it compares is known"
    return "nothing is known of what it compares"


def _least(checks: Sequence[Check]) -> float:
    margins = [c.margin if np.isfinite(c.margin) else (1.0 if c.holds else -1.0) for c in checks]
    return float(min(margins))


def _named(checks: Sequence[Check]) -> str:
    """Return all that was found, or the worst of it."""
    if len(checks) <= MOST_NAMED:
        return "; ".join(check.words for check in checks)
    failed = sorted((c for c in checks if not c.holds), key=lambda c: np.nan_to_num(c.margin))
    if failed:
        return f"{len(failed)} of {len(checks)} off, most {failed[0].words}"
    nearest = min(checks, key=lambda c: np.nan_to_num(c.margin))
    return f"all {len(checks)} hold, nearest to the bound {nearest.words}"


def _counted(checks: Sequence[Check], right: float) -> str:
    count = sum(check.holds for check in checks)
    failed = [check.words for check in checks if not check.holds]
    said = f"{count} of {len(checks)} ({right:.0%})"
    if not failed:
        return said
    more = f" and {len(failed) - 3} more" if len(failed) > 3 else ""
    return f"{said}; not {', '.join(failed[:3])}{more}"


def number(value: float) -> str:
    """Return a number with as many digits as it needs to be compared."""
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    digits = 2 if abs(value) >= 1 else 4
    text = f"{value:.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
