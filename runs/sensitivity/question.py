"""What an analysis asks, and the experiment that answers it."""

import math
from dataclasses import dataclass

from runs.people import People
from runs.sensitivity.design import Design
from runs.sensitivity.evaluation import Experiment, experiment
from runs.sensitivity.inputs import Input, inputs_of
from runs.settings import settings_of
from scenarios.outputs import outputs_of
from scenarios.schema import Scenario
from sim.observe import DIMENSIONS
from sim.problems import Problem, refuse

MOST_GROUPS = 1_000_000  # combinations of the groups of all outputs, each with its own mask


@dataclass(frozen=True)
class Question:
    """What is asked: a scenario with ranges and outputs, how to look, and how often to live.

    uncertain: what is drawn as an input of its own besides the ranges.
    """

    scenario: Scenario
    design: Design
    replicates: int = 1
    uncertain: tuple[str, ...] = ()

    @property
    def inputs(self) -> tuple[Input, ...]:
        """Return what is varied."""
        return inputs_of(self.scenario.ranges, self.uncertain)


def experiment_of(question: Question, people: People) -> Experiment:
    """Return what is lived at every point, or say that people and years do not fit."""
    scenario = question.scenario
    outputs = outputs_of(scenario.outputs)
    here = people.population.year
    problems = []
    if scenario.years[0] != here:
        found = f"begin with {scenario.years[0]}, but the population is that of 1 January {here}"
        problems.append(Problem("years", found, f"{here}..", f"Start the years in {here}."))
    made = experiment(
        people.population, settings_of(scenario), scenario.seed, question.replicates,
        question.inputs, outputs, question.design.points(len(question.inputs)),
    )  # fmt: skip
    cells = math.prod(len(DIMENSIONS[name].codes) for name in made.dimensions)
    if cells > MOST_GROUPS:
        allowed = f"at most {MOST_GROUPS:,} combinations of their groups"
        problems.append(Problem("outputs", f"need {cells:,} combinations", allowed))
    refuse(f"scenario {scenario.name}", problems)
    return made
