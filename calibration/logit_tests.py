"""Tests of an estimated logit: are terms needed, may models be pooled, do alternatives compete.

`joint_tests`: Wald tests that all terms of a factor are 0.
`pooling_tests`: whether one model for all says as much as models by centrality, and these as
much as models by centrality and sex. Type 1 is nested in type 2: its coefficients are the same
at every level, but for a constant of each level. Type 2 is nested in type 3 in the same way:
the same for women and men of a level, but for a constant.
`independence_tests`: Hausman and McFadden's test of independence from irrelevant alternatives.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, stats

from calibration import logit_checks
from calibration.logit_estimate import Kind, LogitEstimate, estimate
from calibration.logit_newton import maximise
from calibration.logit_sample import Sample
from calibration.patterns import collapse
from calibration.raking import Floats
from sim.codes import SEX
from sim.problems import Problem, refuse, shown, suggest
from sim.transitions.terms import FACTORS, LEVEL_TERMS, MOVES, OUTCOMES, TERMS

BOTH = "both"
ALL = "all"
RANK = 1e-10  # of a variance in its own scale: less is none
SAME = 1e-9  # relative: counts of events, and likelihoods that should not fall
GROUPS: Mapping[str, tuple[str, ...]] = {
    "age": ("age", "age_over_10_squared"),
    "sex": ("female",),
    **{f.name: tuple(term for _, term in f.terms()) for f in FACTORS},
    "family": ("family_total", "family_immigrants"),
    "centrality": LEVEL_TERMS,
}
Words = tuple[str, str]  # English, Norwegian


@dataclass(frozen=True)
class Verdict:
    """The outcome of one test: a statistic that is chi-square distributed if the claim holds.

    test: joint, likelihood_ratio, equality or independence; model: which model, or for pooling
        the two types, narrower first, as in 1-2.
    what: the factor tested, all, or the move left out; move: domestic, emigrate or both.
    p_value: nan where nothing is left to test. note: what the reader must know, else empty;
        note_nb: the same in Norwegian.
    """

    test: str
    model: str
    what: str
    move: str
    statistic: float
    df: int
    p_value: float
    note: str = ""
    note_nb: str = ""

    def noting(self, words: Words) -> "Verdict":
        """Return the verdict with another remark."""
        english, norwegian = (
            " ".join(filter(None, (old, new)))
            for old, new in zip((self.note, self.note_nb), words, strict=True)
        )
        return replace(self, note=english, note_nb=norwegian)


NO_LIKELIHOOD: Words = (
    "The likelihood ratio takes persons as independent and weights as counts of persons: "
    "believe the Wald test of equality.",
    "Likelihood ratio-testen tar personer som uavhengige og vekter som antall personer: "
    "stol på Wald-testen av likhet.",
)
CLUSTERS_CROSS: Words = (
    "Strata are taken as independent, although clusters may cross them.",
    "Gruppene er tatt som uavhengige, selv om klynger kan gå på tvers av dem.",
)
CLASSICAL: Words = (
    "Classical variances: weights count persons, who are independent.",
    "Klassiske varianser: vekter teller personer, som er uavhengige.",
)

UNSURE: Words = (
    "Ask for the expected variance instead.",
    "Be heller om forventet varians.",
)
VARIANCES = ("expected", "observed")


def joint_tests(model: LogitEstimate) -> list[Verdict]:
    """Test for each factor that all its terms are 0, by move and for both moves together."""
    return [
        _wald(model, factor, moves)
        for factor, terms in GROUPS.items()
        if set(terms) <= set(model.terms)
        for moves in _choices()
    ]


def pooling_tests(
    sample: Sample, kind: Kind = "classical", *, threads: int = 1
) -> tuple[Verdict, ...]:
    """Estimate all three types on a sample and test whether each may be pooled to a narrower.

    Likelihood ratio tests and Wald tests (minimum distance), 1-2, 2-3 and 1-3.
    """
    fitted = estimate(sample, (1, 2, 3), kind, threads=threads)
    types = {
        number: {name: model for name, model in fitted.items() if model.model_type == number}
        for number in (1, 2, 3)
    }
    found = []
    for narrow, wide in ((1, 2), (2, 3), (1, 3)):
        ratio = likelihood_ratio(types[narrow], types[wide])
        if sample.weight is not None and kind == "classical":
            ratio = ratio.noting(NO_LIKELIHOOD)
        found += [ratio, *equality_tests(types[wide], narrow)]
    return tuple(found)


def likelihood_ratio(
    narrow: Mapping[str, LogitEstimate], wide: Mapping[str, LogitEstimate]
) -> Verdict:
    """Test a type of model against a wider type, both estimated on the same persons.

    The statistic is twice the rise of the log likelihood, summed over the models of a type;
    degrees of freedom are the difference in parameters.
    """
    small, large = list(narrow.values()), list(wide.values())
    before, after = (sum(m.log_likelihood for m in models) for models in (small, large))
    df = sum(m.estimates.size for m in large) - sum(m.estimates.size for m in small)
    events = [np.sum([m.events for m in models], axis=0) for models in (small, large)]
    problems = []
    if df <= 0:
        found = f"has {df:+} parameters beside the narrower type"
        problems.append(Problem("wide", found, "more", "Are the two exchanged?"))
    elif not np.allclose(events[0], events[1], rtol=SAME) or after < before - SAME * abs(before):
        seen = " and ".join(f"{e.sum():,.0f} persons, {e[1:].sum():,.0f} events" for e in events)
        problems.append(Problem("models", f"were not estimated on the same persons ({seen})",
                                "all models of both types from one sample"))  # fmt: skip
    refuse("likelihood ratio test", problems)
    statistic = max(2 * (after - before), 0.0)
    label = f"{small[0].model_type}-{large[0].model_type}"
    verdict = Verdict("likelihood_ratio", label, ALL, BOTH, statistic, df,
                      float(stats.chi2.sf(statistic, df)))  # fmt: skip
    classical = all(m.kind == "classical" for m in (*small, *large))
    return verdict if classical else verdict.noting(NO_LIKELIHOOD)


def equality_tests(wide: Mapping[str, LogitEstimate], narrow: int = 1) -> list[Verdict]:
    """Test that the coefficients of a type of model are as equal as a narrower type has them.

    wide: the models of type 2 or 3, each estimated on its own stratum; narrow: 1, or 2 to
        compare women and men level by level.

    The statistic is the least sum over strata of (b_g - b)' V_g^-1 (b_g - b), b being what
    the narrower type would say of the stratum. 'all' leaves the narrower type its constants
    of levels (and of women), so its degrees of freedom are those of the likelihood ratio test.
    """
    models = list(wide.values())
    kind = models[0].model_type if models else 0
    if not (1 <= narrow < kind):
        refuse("equality test", [Problem("narrow", f"is {narrow} for models of type {kind}",
                                         "1, or 2 for models of type 3")])  # fmt: skip
    found = []
    for what, terms in {ALL: models[0].terms, **GROUPS}.items():
        if set(terms) <= set(models[0].terms):
            maps = _constants(models, narrow) if what == ALL else _alike(models, narrow, terms)
            for moves in _choices():
                form = _distance(models, terms, maps, moves)
                found.append(_chi_square("equality", f"{narrow}-{kind}", what, moves, form))
    crossing = any(model.kind == "clustered" for model in models)
    return [verdict.noting(CLUSTERS_CROSS) for verdict in found] if crossing else found


def independence_tests(
    sample: Sample, model_type: int = 1, *, variance: str = "expected", threads: int = 1
) -> tuple[Verdict, ...]:
    """Test that odds of one move against staying are the same whether the other is open or not.

    Each move is left out in turn; a binary logit of those who did the other or stayed must
    find the same coefficients, but for chance (Hausman and McFadden 1984).

    variance: of that chance, the difference of two variances. observed takes each model's own
        and often has no positive definite difference where the move left out is rare;
        directions without a positive one are then left out, with a note. expected computes
        both at the model's probabilities, so the difference is always positive.
    """
    if variance not in VARIANCES:
        cure = suggest(str(variance), VARIANCES)
        problem = Problem("variance", f"is {shown(variance)}", ", ".join(VARIANCES), cure)
        refuse("independence test", [problem])
    found = []
    for model in estimate(sample, model_type, threads=threads).values():
        part = sample.of(_of_model(sample, model))
        for dropped in range(len(MOVES)):
            verdict = _hausman(part, model, dropped, variance, threads)
            found.append(verdict if sample.weight is None else verdict.noting(CLASSICAL))
    return tuple(found)


def _of_model(sample: Sample, model: LogitEstimate) -> NDArray[np.bool_]:
    whom = np.ones(len(sample), dtype=np.bool_)
    if model.centrality is not None:
        whom &= sample.people.centrality == model.centrality - 1
    if model.sex is not None:
        whom &= sample.people.sex == SEX.index(model.sex)
    return whom


def _choices() -> list[tuple[int, ...]]:
    """Return each move alone, then all together."""
    every = tuple(range(len(MOVES)))
    return [*((move,) for move in every), every]


def _named(moves: Sequence[int]) -> str:
    return MOVES[moves[0]] if len(moves) == 1 else BOTH


def _wald(model: LogitEstimate, factor: str, moves: Sequence[int]) -> Verdict:
    estimates, variance = _part(model, GROUPS[factor], moves)
    return _chi_square("joint", model.name, factor, moves, _form(estimates, variance))


def _part(
    model: LogitEstimate, terms: Sequence[str], moves: Sequence[int]
) -> tuple[Floats, Floats]:
    """Return coefficients of some terms and moves, and their variance; moves one by one."""
    place = np.array([model.terms.index(term) for term in terms])
    where = (np.asarray(moves)[:, None] * len(model.terms) + place).ravel()
    return model.estimates.T.ravel()[where], model.covariance[np.ix_(where, where)]


def _strata(models: Sequence[LogitEstimate], narrow: int) -> tuple[list[int], int]:
    """Return the model of the narrower type that each model belongs to, and their number."""
    if narrow == 1:
        return [0] * len(models), 1
    levels = sorted({model.centrality or 0 for model in models})
    return [levels.index(model.centrality or 0) for model in models], len(levels)


def _alike(models: Sequence[LogitEstimate], narrow: int, terms: Sequence[str]) -> list[Floats]:
    """Return what makes coefficients of some terms of a narrower type into each stratum's."""
    belongs, number = _strata(models, narrow)
    return [np.kron(np.eye(number)[of], np.eye(len(terms))) for of in belongs]


def _constants(models: Sequence[LogitEstimate], narrow: int) -> list[Floats]:
    """Return the same for all terms; a stratum's constant is a sum of the narrower type's."""
    belongs, number = _strata(models, narrow)
    terms = models[0].terms
    own = [term for term in TERMS if term not in (LEVEL_TERMS if narrow == 2 else ())]
    maps = []
    for of, model in zip(belongs, models, strict=True):
        one = np.zeros((len(terms), len(own)))
        for row, term in enumerate(terms):
            one[row, own.index(term)] = 1
        if narrow == 1 and f"centrality_{model.centrality}" in own:
            one[terms.index("constant"), own.index(f"centrality_{model.centrality}")] = 1
        if model.sex == "female":
            one[terms.index("constant"), own.index("female")] = 1
        maps.append(np.kron(np.eye(number)[of], one))
    return maps


def _distance(
    models: Sequence[LogitEstimate], terms: Sequence[str], maps: Sequence[Floats],
    moves: Sequence[int],
) -> "_Form":  # fmt: skip
    """Return the least distance of strata's coefficients from the maps' image of common ones.

    It is that of what no common coefficients can reach from 0.
    """
    estimates, variances = zip(*(_part(model, terms, moves) for model in models), strict=True)
    reach = np.concatenate([np.kron(np.eye(len(moves)), one) for one in maps])
    beyond = linalg.null_space(reach.T)
    rest = beyond.T @ np.concatenate(estimates)
    variance = beyond.T @ linalg.block_diag(*variances) @ beyond
    return _form(rest, variance)


def _hausman(
    part: Sample, model: LogitEstimate, dropped: int, variance: str, threads: int
) -> Verdict:
    """Compare a model's coefficients of one move with those of a binary logit without the other."""
    kept = 1 - dropped
    rest = part.of(part.outcome != dropped + 1)
    name = f"{model.name} without {MOVES[dropped]}"
    chosen = np.asarray(rest.outcome > 0, dtype=np.int64)
    patterns = collapse(rest.people, model.terms, chosen, rest.weight, 2)
    refuse("independence test", logit_checks.problems(patterns, (OUTCOMES[0], MOVES[kept]), name))
    newton = maximise(patterns, threads)
    if not newton.converged:
        found = f"has no finite maximum (after {newton.steps} steps)"
        problem = Problem(name, found, "a finite one", "Merge values or pool models.")
        refuse("independence test", [problem])
    order = [patterns.terms.index(term) for term in model.terms]
    own = newton.information[np.ix_(order, order)]
    information = own if variance == "observed" else _expected(part, model, kept)
    estimates, known = _part(model, model.terms, (kept,))
    difference = newton.beta[order, 0] - estimates
    form = _form(difference, np.linalg.inv(information) - known, known)
    verdict = _chi_square("independence", model.name, MOVES[dropped], (kept,), form)
    return verdict if form.rank == form.asked else verdict.noting(UNSURE)


def _expected(part: Sample, model: LogitEstimate, kept: int) -> Floats:
    """Return the information of the binary logit that a model expects of its persons.

    Of n alike, n (p_stay + p_kept) are left and spread by p_kept / (p_stay + p_kept).
    """
    patterns = collapse(part.people, model.terms, part.outcome, part.weight, len(OUTCOMES))
    z = patterns.dense()[:, [patterns.terms.index(term) for term in model.terms]]
    odds = z @ model.estimates
    stay = -np.logaddexp.reduce(np.column_stack([np.zeros(len(odds)), odds]), axis=1)
    spread = np.exp(stay + odds[:, kept] - np.logaddexp(0, odds[:, kept]))
    return np.asarray(z.T @ (z * (patterns.counts.sum(axis=1) * spread)[:, None]))


@dataclass(frozen=True)
class _Form:
    """A quadratic form, over how many directions, and of how many asked for."""

    statistic: float
    rank: int
    asked: int


def _form(difference: Floats, variance: Floats, scale: Floats | None = None) -> _Form:
    """Return d' V^- d, leaving out the directions in which V is not positive.

    scale: the variance beside which V is judged; else its own diagonal. With V positive
        definite the scale does not matter.
    """
    if scale is None:
        own = np.diag(variance)
        scale = np.diag(np.where(own > 0, own, 1.0))
    values, directions = linalg.eigh((variance + variance.T) / 2, (scale + scale.T) / 2)
    some = values > RANK
    along = directions[:, some].T @ difference
    return _Form(float(along**2 @ (1 / values[some])), int(some.sum()), difference.size)


def _chi_square(test: str, model: str, what: str, moves: Sequence[int], form: _Form) -> Verdict:
    p_value = float(stats.chi2.sf(form.statistic, form.rank)) if form.rank else float("nan")
    verdict = Verdict(test, model, what, _named(moves), form.statistic, form.rank, p_value)
    if form.rank == form.asked:
        return verdict
    missing = form.asked - form.rank
    return verdict.noting((
        f"The variance is not positive definite: {missing} of {form.asked} directions are left "
        "out (generalised inverse), and the p value says little.",
        f"Variansen er ikke positivt definit: {missing} av {form.asked} retninger er utelatt "
        "(generalisert invers), og p-verdien sier lite.",
    ))  # fmt: skip
