"""Where the points of an analysis are lived: threads of this process, or a Dask cluster."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from runs.cluster import connected
from runs.elsewhere import expected_of, found_alike, made_once, placed
from runs.ensemble import in_order
from runs.people import People
from runs.sensitivity.evaluation import Experiment, evaluate
from runs.sensitivity.question import Question, experiment_of

Values = tuple[float, ...]
Lives = Callable[[Sequence[int]], Iterator[Values]]


@dataclass(frozen=True)
class Sweep:
    """The lives of an analysis, by number; small, so that it can be sent with each of them.

    expected: what must be the same there as here, by name.
    """

    question: Question
    expected: Mapping[str, str]

    def life(self, run: int) -> Values:
        """Live one point once."""
        return evaluate(made_once(self, self._made), run)

    def _made(self) -> Experiment:
        return experiment_of(self.question, found_alike(self.question.scenario, self.expected))


def sweep(question: Question, people: People) -> Sweep:
    """Describe the lives of an analysis so that they can be lived elsewhere."""
    scenario = question.scenario
    return Sweep(replace(question, scenario=placed(scenario)), expected_of(scenario, people))


@contextmanager
def points_lived(
    question: Question, people: People, asked: Experiment, threads: int | None, dask: str | None
) -> Iterator[tuple[dict[str, Any], Lives]]:
    """Give where lives are lived, as a manifest tells it, and what lives those of some numbers."""
    if dask is None:
        many = threads or 1

        def here(runs: Sequence[int]) -> Iterator[Values]:
            return in_order(lambda k: evaluate(asked, runs[k]), len(runs), many)

        yield {"engine": "threads", "threads": many}, here
        return
    work = sweep(question, people)
    with connected(dask, threads) as cluster:
        yield cluster.described(), lambda runs: cluster.in_order(work.life, runs)
