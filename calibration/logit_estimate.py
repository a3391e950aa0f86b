"""Estimating the trinomial logit from persons: coefficients, covariances, how well it fits.

`fit_trinomial_logit` takes a table with one row a person (the nine covariates of the codebook
and an outcome) and estimates the models of a type: 1 pooled, 2 by centrality, 3 by centrality
and sex, with the names of the publication (6.1, D1-D4, E1-E8).
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np
from scipy import stats

from calibration import logit_checks
from calibration.information import scaled_r2
from calibration.logit_kernel import cluster_scores, score_block
from calibration.logit_newton import BLOCK, Newton, Summed, guess, maximise, pairs_of, square
from calibration.logit_sample import Sample, read_sample
from calibration.logit_strata import Strata, Stratum
from calibration.patterns import Patterns, collapse
from calibration.raking import Floats
from sim.codes import CENTRALITY, SEX
from sim.problems import Problem, refuse, shown, suggest
from sim.transitions.covariates import Frame
from sim.transitions.terms import LEVEL_TERMS, OUTCOMES, TERMS, terms_of

Kind = Literal["classical", "robust", "clustered"]
KINDS = ("classical", "robust", "clustered")
WORST_CONDITION = 1e9  # of the scaled information: beyond it a coefficient is a guess
THREADS = min(os.cpu_count() or 1, 4)  # speed only: the numbers stay the same bits
PART = 8  # each eighth pattern makes the start of stratified models
MOST_PERSONS = 1e9  # that a row may stand for
FURTHEST = 30.0  # log odds that no estimate from data reaches


@dataclass(frozen=True, eq=False)
class LogitEstimate:
    """One estimated model.

    estimates: (terms, moves); covariance: (moves * terms) square, the first move's terms
    before the next one's; both in the order of `terms`, that of the publication.
    events: persons by outcome; empty: log likelihood of constants alone.
    condition: of the scaled information matrix.
    """

    name: str
    model_type: int
    centrality: int | None
    sex: str | None
    terms: tuple[str, ...]
    outcomes: tuple[str, ...]
    estimates: Floats
    covariance: Floats
    kind: str
    n: int
    events: Floats
    log_likelihood: float
    empty: float
    steps: int
    condition: float

    @property
    def std_errors(self) -> Floats:
        """Standard errors (terms, moves)."""
        return np.sqrt(np.diag(self.covariance)).reshape(self.estimates.T.shape).T

    @property
    def t_values(self) -> Floats:
        """Estimates over their standard errors."""
        return self.estimates / self.std_errors

    @property
    def p_values(self) -> Floats:
        """Two-sided p values of the normal distribution."""
        return np.asarray(2 * stats.norm.sf(np.abs(self.t_values)))

    @property
    def scaled_r2(self) -> float:
        """Scaled R2 as in the publication."""
        return scaled_r2(self.log_likelihood, self.empty, self.n)

    @property
    def bic(self) -> float:
        """Schwarz's criterion in the publication's scale: -logL + k/2 ln N."""
        return float(-self.log_likelihood + self.estimates.size / 2 * np.log(self.n))


def fit_trinomial_logit(
    frame: Frame,
    model_type: int | Iterable[int] = 1,
    *,
    outcome: str = "outcome",
    weight: str | None = None,
    cluster: str | None = None,
    covariance: Kind = "classical",
    threads: int = THREADS,
) -> dict[str, LogitEstimate]:
    """Estimate the models of a type from a pandas frame or an Arrow table, one row a person.

    model_type: 1, 2 or 3, or several of them: (2, 3) costs little more than 1.
    outcome, weight, cluster: names of columns. Outcomes are the codes stay, domestic and
        emigrate; persons of another outcome (death) are left out.
    covariance: classical (inverse information), robust (sandwich), or clustered.

    Raises InputError with all that keeps a model from being estimated.
    """
    return estimate(
        read_sample(frame, outcome, weight, cluster), model_type, covariance, threads=threads
    )


def estimate(
    sample: Sample,
    model_type: int | Iterable[int],
    kind: Kind = "classical",
    *,
    threads: int = THREADS,
) -> dict[str, LogitEstimate]:
    """Estimate the models of a type, or of several, from a sample.

    Several types share the collapsing of persons, and each starts where a wider one ended.
    """
    types = _types(model_type)
    refuse("estimation", _wrong_choices(sample, types, kind, threads))
    whole = collapse(sample.people, terms_of(1), sample.outcome, sample.weight, len(OUTCOMES))
    reached: dict[str, Reached] = {}
    if 1 not in types and (rough := guess(whole.every(PART), threads)) is not None:
        reached["6.1"] = whole.terms, rough
    found: dict[str, LogitEstimate] = {}
    problems: list[Problem] = []
    parts = {model: _part(whole, *model[1:]) for number in types for model in models_of(number)}
    strata = {
        (level, sex): Stratum(patterns)
        for (_, level, sex), patterns in parts.items()
        if sex is not None and 2 in types
    }  # the finest, whose sums serve the models of types 2 and 3

    for models in map(models_of, types):
        each = threads if len(models) == 1 else 1  # else models side by side, a thread each
        one = partial(_one, sample, parts, strata, reached, kind, each)
        largest_first = sorted(models, key=lambda model: -len(parts[model]))
        with ThreadPoolExecutor(threads) as pool:
            done = dict(zip(largest_first, pool.map(one, largest_first), strict=True))
        for model in models:
            fitted, newton, wrong = done[model]
            problems += wrong
            if fitted is not None and newton is not None:
                found[model[0]], reached[model[0]] = fitted, (newton.terms, newton.beta)
    refuse("estimation", problems)
    return found


Model = tuple[str, int | None, str | None]  # name, centrality, sex
Reached = tuple[tuple[str, ...], Floats]  # terms and coefficients of a wider model


def _one(
    sample: Sample,
    parts: Mapping[Model, Patterns],
    strata: Mapping[tuple[int | None, str], Stratum],
    reached: Mapping[str, Reached],
    kind: Kind,
    threads: int,
    model: Model,
) -> tuple[LogitEstimate | None, Newton | None, list[Problem]]:
    """Estimate one model, or say why not."""
    name, level, sex = model
    patterns = parts[model]
    wrong = list(logit_checks.problems(patterns, OUTCOMES, name))
    if kind == "clustered":
        wrong += _few_clusters(sample, patterns, name)
    if wrong:
        return None, None, wrong
    start = _start(reached, patterns.terms, level, sex)
    summed = _summed(strata, patterns.terms, level, sex)
    newton = maximise(patterns, threads, start, summed)
    wrong = list(_unfit(patterns, newton, name))
    if wrong:  # the information may be singular
        return None, None, wrong
    spread = _covariance(sample, patterns, newton, kind)
    return _result(patterns, newton, spread, kind, model), newton, []


def _few_clusters(sample: Sample, patterns: Patterns, name: str) -> list[Problem]:
    """Refuse a covariance of sums over so few clusters that it is singular."""
    assert sample.cluster is not None
    clusters, parameters = (
        np.unique(sample.cluster[patterns.persons()[0]]).size,
        len(patterns.terms),
    )
    needed = parameters * (len(OUTCOMES) - 1) + 1
    if clusters >= needed:
        return []
    cure = "Use robust errors, or smaller clusters."
    return [Problem(f"{name}, cluster", f"has {clusters:,} values", f"{needed} or more", cure)]


def _types(model_type: int | Iterable[int]) -> tuple[int, ...]:
    """Return the types asked for, each once, in ascending order if they can be ordered."""
    if isinstance(model_type, (str, bytes)) or not isinstance(model_type, Iterable):
        return (model_type,)  # type: ignore[return-value]  # what it is, is said later
    given: list[Any] = [n.item() if isinstance(n, np.generic) else n for n in model_type]
    known = all(type(n) is int and n in (1, 2, 3) for n in given)
    return tuple(sorted(set(given))) if known else tuple(given)


def _part(whole: Patterns, level: int | None, sex: str | None) -> Patterns:
    """Return the patterns of a model's persons, with its terms."""
    if level is None:
        return whole
    first, last = 2 * level - 2, 2 * level
    if sex is not None:
        first += SEX.index(sex)
        last = first + 1
    return whole.of_strata(first, last, terms_of(type_of(level, sex)))


def _summed(
    strata: Mapping[tuple[int | None, str], Stratum],
    terms: tuple[str, ...],
    level: int | None,
    sex: str | None,
) -> Summed | None:
    """Return how the sums of a model are taken from strata, if they are."""
    if not strata or level is None:
        return None
    if sex is not None:
        return strata[level, sex].sums
    marks = [("female",) if sex == "female" else () for sex in SEX.names]
    return Strata(terms, [strata[level, sex] for sex in SEX.names], marks).sums


def _start(
    reached: Mapping[str, Reached], terms: tuple[str, ...], level: int | None, sex: str | None
) -> Floats | None:
    """Return where a stratum starts: as a wider model says of it."""
    if level is None:
        return None
    wider = f"D{level}" if sex is not None and f"D{level}" in reached else "6.1"
    if wider not in reached:
        return None
    known = dict(zip(*reached[wider], strict=True))
    start = np.array([known[term] for term in terms])
    if wider == "6.1" and level <= len(LEVEL_TERMS):
        start[0] += known[LEVEL_TERMS[level - 1]]
    if sex == "female":
        start[0] += known["female"]
    return start


def models_of(model_type: int) -> list[Model]:
    """Return name, centrality and sex of each model of a type, as in the publication."""
    if model_type == 1:
        return [("6.1", None, None)]
    levels = [int(code) for code in CENTRALITY.names]
    if model_type == 2:
        return [(f"D{level}", level, None) for level in levels]
    return [
        (f"E{4 * s + level}", level, sex) for s, sex in enumerate(SEX.names) for level in levels
    ]


def type_of(level: int | None, sex: str | None) -> int:
    """Return the model type: 1 pooled, 2 by centrality, 3 also by sex."""
    return 1 if level is None else 2 if sex is None else 3


def _covariance(sample: Sample, patterns: Patterns, newton: Newton, kind: Kind) -> Floats:
    """Return the covariance in the order of the patterns' terms."""
    inverse = np.linalg.inv(newton.information)
    inverse = (inverse + inverse.T) / 2
    if kind == "classical":
        return np.asarray(inverse)
    middle = (
        _scores(patterns, newton.beta) if kind == "robust" else _clusters(sample, patterns, newton)
    )
    return np.asarray(inverse @ middle @ inverse)


def _scores(patterns: Patterns, beta: Floats) -> Floats:
    """Return the sum over persons of their scores' products."""
    terms, moves = beta.shape
    total = np.zeros((terms, terms, len(list(pairs_of(moves)))))
    for first in range(0, len(patterns), BLOCK):
        part = np.zeros_like(total)
        last = min(first + BLOCK, len(patterns))
        score_block(first, last, patterns.numbers, patterns.active, patterns.places,
                    patterns.squares, beta, part)  # fmt: skip
        total += part
    return square(total)


def _clusters(sample: Sample, patterns: Patterns, newton: Newton) -> Floats:
    """Return the sum over clusters of their scores' products, corrected for their number."""
    assert sample.cluster is not None
    mine, pattern = patterns.persons()
    turn = np.argsort(sample.cluster[mine], kind="stable")
    order, pattern = mine[turn], pattern[turn]
    starts = np.flatnonzero(np.diff(sample.cluster[order], prepend=-1, append=-2))
    weight = np.ones(len(sample)) if sample.weight is None else sample.weight
    size = newton.beta.size
    total = np.zeros((size, size))
    cluster_scores(
        pattern, sample.outcome[order], weight[order], starts,
        patterns.numbers, patterns.active, patterns.places, newton.beta, total,
    )  # fmt: skip
    clusters = starts.size - 1
    return total * (clusters / max(clusters - 1, 1))


def _result(
    patterns: Patterns,
    newton: Newton,
    spread: Floats,
    kind: str,
    model: Model,
) -> LogitEstimate:
    """Put a model together, its terms in the order of the publication."""
    terms = tuple(term for term in TERMS if term in patterns.terms)
    order = np.array([patterns.terms.index(term) for term in terms])
    k, moves = newton.beta.shape
    every = (np.arange(moves)[:, None] * k + order).ravel()
    events = patterns.events
    n = round(float(patterns.events.sum()))
    name, level, sex = model
    return LogitEstimate(
        name, type_of(level, sex), level, sex, terms, OUTCOMES,
        newton.beta[order], spread[np.ix_(every, every)], kind, n, events,
        newton.log_likelihood, float(events @ np.log(events / events.sum())), newton.steps,
        condition(newton.information),
    )  # fmt: skip


def condition(information: Floats) -> float:
    """Return the condition number of the information, its columns brought to one length."""
    scale = 1 / np.sqrt(np.maximum(np.diag(information), 1e-300))
    return float(np.linalg.cond(information * scale[:, None] * scale))


def _unfit(patterns: Patterns, newton: Newton, name: str) -> list[Problem]:
    """Say what makes an estimate worthless although a number came out."""
    found = []
    furthest = patterns.furthest(newton.beta)
    if furthest > FURTHEST:  # by a bound that is quick
        furthest = float(np.abs(patterns.log_odds(newton.beta)).max())
    large = int(np.abs(newton.beta).argmax() // newton.beta.shape[1])
    if furthest > FURTHEST or not newton.converged:
        found.append(
            Problem(name, f"has no finite maximum (log odds of {furthest:.0f} after "
                    f"{newton.steps} steps; {patterns.terms[large]} is furthest)",
                    "outcomes that no combination of terms tells for certain",
                    "Merge values, leave a term out, or pool models.")
        )  # fmt: skip
    elif (worst := condition(newton.information)) > WORST_CONDITION:
        found.append(
            Problem(name, f"has nearly dependent terms (condition number {worst:.1e})",
                    f"{WORST_CONDITION:.0e} or less", "Leave one of the related terms out.")
        )  # fmt: skip
    return found


def _wrong_choices(sample: Sample, types: Sequence[int], kind: str, threads: int) -> list[Problem]:
    problems = [
        Problem("model_type", f"is {shown(number)}", "1, 2, 3")
        for number in types
        if type(number) is not int or number not in (1, 2, 3)
    ]
    if not types:
        problems.append(Problem("model_type", "is missing", "1, 2, 3"))
    if kind not in KINDS:
        cure = suggest(str(kind), KINDS)
        problems.append(Problem("covariance", f"is {shown(kind)}", ", ".join(KINDS), cure))
    if kind == "clustered" and sample.cluster is None:
        problems.append(Problem("cluster", "is missing", "a column such as family"))
    if type(threads) is not int or threads < 1:
        problems.append(Problem("threads", f"is {shown(threads)}", "a whole number, 1 or more"))
    if len(sample) == 0:
        problems.append(Problem("persons", "are missing", "one row a person"))
    weight = sample.weight
    if weight is not None:
        bad = ~(np.isfinite(weight) & (weight >= 0))
        if bad.any():
            where = int(bad.argmax())
            problems.append(
                Problem("weight", f"{bad.sum():,} rows are negative or no number, such as "
                        f"{weight[where]} in row {where + 1}", "0 or more")
            )  # fmt: skip
        elif not weight.any():
            problems.append(Problem("weight", "is 0 for everybody", "some above 0"))
        elif weight.max() > MOST_PERSONS:
            cure = "A weight says how many persons a row stands for."
            problems.append(Problem("weight", f"is {weight.max():.1e} in row {weight.argmax() + 1}",
                                    f"{MOST_PERSONS:.0e} or less", cure))  # fmt: skip
    return problems
