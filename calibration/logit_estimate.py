"""Estimating the trinomial logit from persons: coefficients, covariances, how well it fits.

`fit_trinomial_logit` takes a table with one row a person (the nine covariates of the codebook
and an outcome) and estimates the models of a type: 1 pooled, 2 by centrality, 3 by centrality
and sex, with the names of the publication (6.1, D1-D4, E1-E8).
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy import stats

from calibration import logit_checks
from calibration.information import scaled_r2
from calibration.logit_kernel import cluster_scores, score_block
from calibration.logit_newton import BLOCK, Newton, maximise, pairs_of, square
from calibration.patterns import Patterns, collapse
from calibration.raking import Floats, Ints
from sim.codes import CENTRALITY, SEX
from sim.problems import Problem, refuse, shown, suggest
from sim.transitions.covariates import Covariates, Frame, read_covariates
from sim.transitions.terms import LEVEL_TERMS, OUTCOMES, TERMS, terms_of

Kind = Literal["classical", "robust", "clustered"]
KINDS = ("classical", "robust", "clustered")
WORST_CONDITION = 1e9  # of the scaled information: beyond it a coefficient is a guess
THREADS = min(os.cpu_count() or 1, 4)  # speed only: the numbers stay the same bits
ROUGH = 8  # each so-manieth pattern makes the start of stratified models
FURTHEST = 30.0  # log odds that no estimate from data reaches


@dataclass(frozen=True, eq=False)
class Sample:
    """Persons with their outcomes, 0 staying; weight and cluster may be missing."""

    people: Covariates
    outcome: Ints
    weight: Floats | None = None
    cluster: Ints | None = None

    def __len__(self) -> int:
        return self.outcome.size

    def of(self, whom: NDArray[np.bool_]) -> "Sample":
        """Return the persons of a mask."""
        people = Covariates(**{name: column[whom] for name, column in vars(self.people).items()})
        weight = None if self.weight is None else self.weight[whom]
        cluster = None if self.cluster is None else self.cluster[whom]
        return Sample(people, self.outcome[whom], weight, cluster)


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
    model_type: int = 1,
    *,
    outcome: str = "outcome",
    weight: str | None = None,
    cluster: str | None = None,
    covariance: Kind = "classical",
    threads: int = THREADS,
) -> dict[str, LogitEstimate]:
    """Estimate the models of a type from a pandas frame or an Arrow table, one row a person.

    outcome, weight, cluster: names of columns. Outcomes are the codes stay, domestic and
        emigrate; persons of another outcome (death) are left out.
    covariance: classical (inverse information), robust (sandwich), or clustered.

    Raises InputError with all that keeps a model from being estimated.
    """
    return estimate(
        read_sample(frame, outcome, weight, cluster), model_type, covariance, threads=threads
    )


def estimate(
    sample: Sample, model_type: int, kind: Kind = "classical", *, threads: int = THREADS
) -> dict[str, LogitEstimate]:
    """Estimate the models of a type from a sample."""
    refuse("estimation", _wrong_choices(sample, model_type, kind))
    whole = collapse(sample.people, terms_of(1), sample.outcome, sample.weight, len(OUTCOMES))
    rough = _rough(whole, threads) if model_type > 1 else {}
    found, problems = {}, []
    for name, level, sex in models_of(model_type):
        patterns = _part(whole, model_type, level, sex)
        wrong = list(logit_checks.problems(patterns, OUTCOMES, name))
        if not wrong:
            newton = maximise(patterns, threads, _start(rough, patterns.terms, level, sex))
            wrong = list(_unfit(patterns, newton, name))
            if not wrong:  # else the information may be singular
                spread = _covariance(sample, patterns, newton, kind)
                found[name] = _result(patterns, newton, spread, kind, (name, level, sex))
        problems += wrong
    refuse("estimation", problems)
    return found


def _part(whole: Patterns, model_type: int, level: int | None, sex: str | None) -> Patterns:
    """Return the patterns of a model's persons, with its terms."""
    if level is None:
        return whole
    marked = [whole.has(term) for term in LEVEL_TERMS]
    rows = marked[level - 1] if level <= len(marked) else ~np.any(marked, axis=0)
    if sex is not None:
        rows = rows & (whole.has("female") == (sex == "female"))
    return whole.restricted(rows, terms_of(model_type))


def _rough(whole: Patterns, threads: int) -> dict[str, Floats]:
    """Return a start for stratified models: the pooled model on a part of the patterns."""
    some = whole.every(ROUGH)
    if not (some.counts.sum(axis=0) > 0).all():
        return {}
    newton = maximise(some, threads)
    good = newton.converged and np.isfinite(newton.beta).all()
    return dict(zip(some.terms, newton.beta, strict=True)) if good else {}


def _start(
    rough: Mapping[str, Floats], terms: tuple[str, ...], level: int | None, sex: str | None
) -> Floats | None:
    """Return where a stratum starts: as the pooled model says of it."""
    if not rough or level is None:
        return None
    start = np.array([rough[term] for term in terms])
    if level <= len(LEVEL_TERMS):
        start[0] += rough[LEVEL_TERMS[level - 1]]
    if sex == "female":
        start[0] += rough["female"]
    return start


def models_of(model_type: int) -> list[tuple[str, int | None, str | None]]:
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
    mine = np.flatnonzero(patterns.of_person >= 0)
    order = mine[np.argsort(sample.cluster[mine], kind="stable")]
    starts = np.flatnonzero(np.diff(sample.cluster[order], prepend=-1, append=-2))
    weight = np.ones(len(sample)) if sample.weight is None else sample.weight
    size = newton.beta.size
    total = np.zeros((size, size))
    cluster_scores(
        patterns.of_person[order], sample.outcome[order], weight[order], starts,
        patterns.numbers, patterns.active, patterns.places, newton.beta, total,
    )  # fmt: skip
    clusters = starts.size - 1
    return total * (clusters / max(clusters - 1, 1))


def _result(
    patterns: Patterns,
    newton: Newton,
    spread: Floats,
    kind: str,
    model: tuple[str, int | None, str | None],
) -> LogitEstimate:
    """Put a model together, its terms in the order of the publication."""
    terms = tuple(term for term in TERMS if term in patterns.terms)
    order = np.array([patterns.terms.index(term) for term in terms])
    k, moves = newton.beta.shape
    every = (np.arange(moves)[:, None] * k + order).ravel()
    events = patterns.counts.sum(axis=0)
    n = round(float(patterns.counts.sum()))
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


def _wrong_choices(sample: Sample, model_type: int, kind: str) -> list[Problem]:
    problems = []
    if model_type not in (1, 2, 3):
        problems.append(Problem("model_type", f"is {shown(model_type)}", "1, 2, 3"))
    if kind not in KINDS:
        cure = suggest(str(kind), KINDS)
        problems.append(Problem("covariance", f"is {shown(kind)}", ", ".join(KINDS), cure))
    if kind == "clustered" and sample.cluster is None:
        problems.append(Problem("cluster", "is missing", "a column such as family"))
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
    return problems


def read_sample(
    frame: Frame, outcome: str = "outcome", weight: str | None = None, cluster: str | None = None
) -> Sample:
    """Read covariates, outcome, weight and cluster of a frame; other outcomes are left out."""
    people = read_covariates(frame)
    problems: list[Problem] = []
    columns: Mapping[str, Any] = {
        name: _plain(frame, name, problems) for name in (outcome, weight, cluster) if name
    }
    refuse("frame", problems)
    codes = _outcomes(columns[outcome], outcome)
    weights = None if weight is None else np.asarray(columns[weight], dtype=np.float64)
    groups = None
    if cluster is not None:
        groups = np.unique(np.asarray(columns[cluster]), return_inverse=True)[1].astype(np.int64)
    sample = Sample(people, codes, weights, groups)
    return sample if (codes >= 0).all() else sample.of(codes >= 0)


def _plain(frame: Any, name: str, problems: list[Problem]) -> Any:
    names = list(getattr(frame, "column_names", getattr(frame, "columns", ())))
    if name not in names:
        cure = suggest(name, [str(n) for n in names])
        problems.append(Problem(f"column {name!r}", "is missing", "one column", cure))
        return []
    column = frame[name]
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _outcomes(values: Any, name: str) -> Ints:
    """Return 0, 1, 2 for the outcomes, -1 for death."""
    known = {code: number for number, code in enumerate(OUTCOMES)} | {"death": -1}
    column = pa.array(values, from_pandas=True)
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    coded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    words = [str(word) for word in coded.dictionary.to_pylist()]
    place = coded.indices.fill_null(len(words)).to_numpy(zero_copy_only=False)
    numbers = np.array([known.get(word, -2) for word in words] + [-2], dtype=np.int64)
    found = np.asarray(numbers[place])
    if (found == -2).any():
        row = int((found == -2).argmax())
        word = words[place[row]] if place[row] < len(words) else "nothing"
        said = f"holds {shown(word)}, first in row {row + 1}"
        cure = suggest(word, list(known))
        refuse("frame", [Problem(f"column {name!r}", said, ", ".join(known), cure)])
    return found
