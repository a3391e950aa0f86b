"""What must hold before a logit can be estimated: each fault named by variable and outcome."""

from collections.abc import Iterator, Sequence

import numpy as np
from scipy import linalg

from calibration.patterns import Patterns
from calibration.raking import Floats
from sim.problems import Problem

DEPENDENT = 1e-11  # of a column's squared length: what is left of it beside the others
PART, PART_FROM = 16, 8_000  # of the patterns, looked at first
NAMED = 1e-6  # smallest share of a column in a dependence that is worth naming
MERGE = "Merge it with a neighbouring value, or leave it out."


def problems(patterns: Patterns, outcomes: Sequence[str], model: str) -> Iterator[Problem]:
    """Yield all that keeps a model from being estimated."""
    counts = patterns.events
    if counts.sum() <= 0:
        yield Problem(model, "has nobody", "persons with an outcome")
        return
    few = list(_few_events(patterns, counts, outcomes, model))
    yield from few
    bearers = patterns.bearers()
    constant = list(_constant(patterns, bearers, model))
    yield from constant
    if not few:
        yield from _separated(patterns, bearers, outcomes, model)
    if not constant:
        yield from _dependent(patterns, model)


def _few_events(
    patterns: Patterns, counts: Floats, outcomes: Sequence[str], model: str
) -> Iterator[Problem]:
    parameters = len(patterns.terms)
    # patterns with an outcome: no more than its events
    persons = [np.count_nonzero(column) for column in patterns.counts.T]
    for outcome, weighted, seen in zip(outcomes, counts, persons, strict=True):
        if weighted <= 0:
            cure = "Is the outcome coded as the codebook says?"
            yield Problem(f"{model}, outcome {outcome}", "happens to nobody", "persons", cure)
        elif min(weighted, seen) < parameters:
            cure = "Estimate on more persons, or a model with fewer terms."
            if seen >= parameters:
                cure = "Weights count persons: leave them as they are, do not divide them."
            found = f"happens {weighted:,.0f} times, to estimate {parameters} terms"
            yield Problem(f"{model}, outcome {outcome}", found, f"{parameters} or more", cure)


def _constant(patterns: Patterns, bearers: Floats, model: str) -> Iterator[Problem]:
    """Yield terms that are the same for everybody."""
    here = patterns.weights > 0
    first = patterns.places.size
    for column, term in enumerate(patterns.terms[1:first]):
        values = patterns.numbers[:, column][here]
        if values.min() == values.max():
            yield Problem(f"{model}, {term}", f"is {values[0]:g} for everybody", "it varies", MERGE)
    total = patterns.events.sum()
    for term, has in zip(patterns.terms[first:], bearers.sum(axis=1), strict=True):
        if has <= 0 or has >= total:
            who = "nobody" if has <= 0 else "everybody"
            found = f"is the same for all: {who} has it"
            yield Problem(f"{model}, {term}", found, "both with and without it", MERGE)


def _separated(
    patterns: Patterns, with_it: Floats, outcomes: Sequence[str], model: str
) -> Iterator[Problem]:
    """Yield dummies whose bearers never, or always, have an outcome."""
    first = patterns.places.size
    without = patterns.events - with_it
    for term, has, lacks in zip(patterns.terms[first:], with_it, without, strict=True):
        if has.sum() <= 0 or lacks.sum() <= 0:
            continue  # said already
        for who, row in ((f"with {term}", has), (f"without {term}", lacks)):
            for outcome, count in zip(outcomes, row, strict=True):
                if count <= 0 and (patterns.events > 0).all():
                    found = f"none of the {row.sum():,.0f} persons {who} has the outcome {outcome}"
                    allowed = "every outcome on both sides; else its coefficient is infinite"
                    yield Problem(f"{model}, {term}", found, allowed, MERGE)


def _dependent(patterns: Patterns, model: str) -> Iterator[Problem]:
    """Yield terms that the others add up to, found from the terms' products."""
    if len(patterns) > PART_FROM:
        part = patterns.every(PART)  # independent in a part is independent in the whole
        if not list(_dependent(part, model)):
            return
    table = patterns.dense()
    products = table.T @ (table * patterns.weights[:, None])
    scale = 1 / np.sqrt(np.maximum(np.diag(products), 1e-300))
    products = products * scale[:, None] * scale
    _, triangle, order = linalg.qr(products, pivoting=True)
    left = np.abs(np.diag(triangle))
    rank = int((left > DEPENDENT * left[0]).sum())
    kept = order[:rank]
    for column in order[rank:]:
        inside = products[np.ix_(kept, kept)]
        share = np.linalg.lstsq(inside, products[kept, column], rcond=None)[0]
        makers = [patterns.terms[kept[i]] for i in np.flatnonzero(np.abs(share) > NAMED)]
        found = f"follows from {', '.join(makers)}"
        yield Problem(f"{model}, {patterns.terms[column]}", found, "independent terms",
                      "Leave one of them out.")  # fmt: skip
