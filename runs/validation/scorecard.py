"""The scorecard: which patterns hold, by cluster, fitted and held out, and how far off they are."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from runs.intervals import FEWEST_TO_SPLIT, split
from runs.validation.asking import Asked
from runs.validation.backtest import Backtest, part_of, questions
from runs.validation.checks import Verdict
from runs.validation.judging import judge
from runs.validation.levels import bounds
from runs.validation.lived import Ensemble
from runs.validation.record import Cluster, Pattern

HOLDS = 2 / 3  # of the judged patterns of a cluster, for the cluster to hold
CORE_ASKED, ALL_ASKED, WORSE_ALLOWED = 24, 80.0, 10.0  # clusters; percent; percentage points


@dataclass(frozen=True)
class Judged:
    """A pattern, the verdict on the mean of the replicates, and the share in which it holds."""

    pattern: Pattern
    verdict: Verdict
    replicates: float


@dataclass(frozen=True)
class Figure:
    """A published number beside the model's: mean, interval, and where its spread comes from.

    luck, parameters: standard deviations; bias: mean less published. told: whether there are
    replicates enough to say which share of the variance comes from what.
    """

    id: str
    member: str
    published: float
    mean: float
    low: float
    high: float
    luck: float
    parameters: float
    told: bool = True

    @property
    def shares(self) -> tuple[float, float, float]:
        """Return the percentages of the variance from parameters, economy and chance.

        The economy of the record is known, so that nothing comes from it.
        """
        both = self.luck**2 + self.parameters**2
        if not self.told or not both > 0:
            return (float("nan"),) * 3
        chance = 100 * self.luck**2 / both
        return 100 - chance, 0.0, chance

    @property
    def split(self) -> str:
        """Return these percentages as a table prints them."""
        return split(self.shares)

    @property
    def bias(self) -> float:
        """Return how far off the mean is."""
        return self.mean - self.published

    @property
    def covered(self) -> bool:
        """Say whether the published number lies within the interval."""
        return self.low <= self.published <= self.high


@dataclass(frozen=True)
class Score:
    """How many of the judged patterns of a cluster hold."""

    cluster: Cluster
    judged: int
    held: int

    @property
    def share(self) -> float:
        """Return the share that holds; nan if none was judged."""
        return self.held / self.judged if self.judged else np.nan

    @property
    def holds(self) -> bool:
        """Say whether the cluster holds."""
        return self.judged > 0 and self.share >= HOLDS - 1e-9


def judged(patterns: Iterable[Pattern], found: Mapping[str, Backtest]) -> dict[str, Judged]:
    """Return every pattern with its verdict."""
    return {pattern.id: _judged(pattern, found[part_of(pattern)].every) for pattern in patterns}


def _judged(pattern: Pattern, ensemble: Ensemble) -> Judged:
    verdict = judge(pattern, ensemble)
    if verdict.holds is None:
        verdict = replace(verdict, why=_reason(pattern, ensemble) or verdict.why)
    each = [judge(pattern, ensemble.replicate(k)).holds for k in range(ensemble.replicates)]
    told = [holds for holds in each if holds is not None]
    return Judged(pattern, verdict, float(np.mean(told)) if told else np.nan)


def _reason(pattern: Pattern, ensemble: Ensemble) -> str:
    """Return why the histories cannot tell what a pattern asks; '' if none of them says."""
    asked = questions([pattern], ensemble.years)
    return "; ".join(dict.fromkeys(ensemble.why[q] for q in asked if ensemble.why.get(q)))


def score(cluster: Cluster, verdicts: Mapping[str, Judged], *, only: str = "") -> Score:
    """Return the score of a cluster; only: of its 'fitted' or 'held out' patterns."""
    mine = [verdicts[i] for i in cluster.ids if i in verdicts]
    if only:
        mine = [j for j in mine if j.pattern.held_out == (only == "held out")]
    told = [j.verdict.holds for j in mine if j.verdict.holds is not None]
    return Score(cluster, len(told), sum(told))


def weighted(scores: Iterable[Score]) -> float:
    """Return the percentage of patterns that hold, every cluster weighing alike."""
    shares = [one.share for one in scores if one.judged]
    return 100 * float(np.mean(shares)) if shares else np.nan


def figures(patterns: Iterable[Pattern], found: Mapping[str, Backtest]) -> Iterator[Figure]:
    """Yield every published number that the model tells, of patterns that give one."""
    for pattern in patterns:
        if pattern.kind in ("value", "approx") and not pattern.expected.sign:
            yield from _figures(pattern, found[part_of(pattern)])


def _figures(pattern: Pattern, found: Backtest) -> Iterator[Figure]:
    asked = Asked(pattern, found.every)
    for chosen in asked.combinations():
        for member in asked.members():
            published, same = bounds(pattern, member)
            if published != same or not np.isfinite(published):
                continue
            wanted = asked.choose(chosen, member)
            values = {
                name: _values(pattern, wanted, of)
                for name, of in (
                    ("every", found.every),
                    ("luck", found.luck),
                    ("parameters", found.parameters),
                )
            }
            every = values["every"]
            if not np.isfinite(every).any():
                continue
            luck, both = (_sd(values[name]) for name in ("luck", "parameters"))
            low, high = np.nanquantile(every, (0.025, 0.975))
            more = float(np.sqrt(max(both**2 - luck**2, 0.0)))
            yield Figure(
                pattern.id, member, published, float(np.nanmean(every)), float(low), float(high),
                luck, more, found.every.replicates >= FEWEST_TO_SPLIT,
            )  # fmt: skip


def _values(pattern: Pattern, wanted: Mapping[str, object], of: Ensemble) -> np.ndarray:
    """Return one number a replicate: the mean over the windows that are told."""
    each = []
    for k in range(of.replicates):
        values = Asked(pattern, of.replicate(k)).values(wanted)
        each.append(np.nanmean(values) if np.isfinite(values).any() else np.nan)
    return np.array(each)


def _sd(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(known.std(ddof=1)) if known.size > 1 else 0.0


@dataclass(frozen=True)
class Scorecard:
    """The whole judgement."""

    verdicts: Mapping[str, Judged]
    core: tuple[Score, ...]
    all: tuple[Score, ...]
    fitted: float
    held_out: float
    figures: tuple[Figure, ...]

    @property
    def core_held(self) -> int:
        """Return how many core clusters hold."""
        return sum(one.holds for one in self.core)

    @property
    def percent(self) -> float:
        """Return the percentage of all patterns that hold, clusters weighing alike."""
        return weighted(self.all)

    @property
    def reached(self) -> bool:
        """Say whether all that was asked for is reached."""
        return (
            self.core_held >= CORE_ASKED
            and self.percent >= ALL_ASKED
            and self.held_out >= self.fitted - WORSE_ALLOWED
        )


def scorecard(
    patterns: Mapping[str, Pattern], core: Iterable[Cluster], every: Iterable[Cluster],
    found: Mapping[str, Backtest],
) -> Scorecard:  # fmt: skip
    """Judge everything."""
    verdicts = judged(patterns.values(), found)
    every = tuple(every)
    return Scorecard(
        verdicts,
        tuple(score(cluster, verdicts) for cluster in core),
        tuple(score(cluster, verdicts) for cluster in every),
        weighted(score(c, verdicts, only="fitted") for c in every),
        weighted(score(c, verdicts, only="held out") for c in every),
        tuple(figures(patterns.values(), found)),
    )
