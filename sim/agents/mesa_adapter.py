"""The engine as a Mesa model: one step is one year, agents are light views of persons.

    from sim.agents.mesa_adapter import VandringModel
    model = VandringModel(simulation)
    model.step()
    model.datacollector.get_model_vars_dataframe()

The model steps the very simulation that it is given, so it yields the same bits. It is
meant for teaching, for looking at single lives and for Mesa's tools; a run of many
replicates belongs to the engine itself.
"""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import mesa
import numpy as np

from sim.agents.columns import BY_NAME, LINKS
from sim.agents.population import RESIDENT, Population

MOST_VIEWS = 10_000
Reporters = Mapping[str, str | Callable[..., Any]]


class Happened(Protocol):
    """What a year of the engine returns."""

    year: int

    def total(self, event: str) -> int:
        """Return how many persons an event happened to."""


class Steps(Protocol):
    """What the adapter needs of a simulation; sim.engine.Simulation has it."""

    population: Population

    def step(self) -> Any:
        """Live one year."""


class PersonView(mesa.Agent):
    """One person, seen through the columns: `view.sex`, `view.reason`, `view.age` ...

    A view holds no data of its own, so it is always as the engine left the person.
    """

    def __init__(self, model: "VandringModel", position: int) -> None:
        super().__init__(model)
        self.position = position

    def __getattr__(self, name: str) -> Any:
        column = BY_NAME.get(name)
        if column is None:
            raise AttributeError(f"a person has no {name!r}; columns: {', '.join(BY_NAME)}")
        population = self.model.population
        value = int(population[name][self.position])
        if column.none is not None and value == column.none:
            return None
        if column.codes is not None:
            return column.codes.names[value]
        return int(population["person"][value]) if name in LINKS else value

    @property
    def age(self) -> int:
        """Completed years on the coming 1 January."""
        return int(self.model.population.year - 1 - self.birth_year)

    @property
    def duration(self) -> int:
        """Years since first arrival, as of the coming 1 January."""
        return int(self.model.population.year - 1 - self.first_arrival_year)

    @property
    def is_resident(self) -> bool:
        """Whether the person lives in Norway now."""
        return bool(self.place == "resident")


class VandringModel(mesa.Model):
    """A Mesa model around one simulation.

    simulation: a sim.engine.Simulation; the model steps it and does not copy it.
    views: how many persons get an agent, from the first row on. Mesa's agents cost about
        a kilobyte each, the engine's persons 41 bytes, so not everybody gets one by default.
    model_reporters, agent_reporters: as of mesa.DataCollector; the model's own reporters
        are year and residents, of the coming 1 January, and emigrations and domestic_moves, of
        the year before it. They count everybody resident, Norwegian-born persons too.
    """

    def __init__(
        self,
        simulation: Steps,
        *,
        views: int = MOST_VIEWS,
        model_reporters: Reporters | None = None,
        agent_reporters: Reporters | None = None,
    ) -> None:
        super().__init__()
        self.simulation = simulation
        self.happened: Happened | None = None
        for position in range(min(views, len(self.population))):
            PersonView(self, position)
        self.datacollector = mesa.DataCollector(
            model_reporters={**OWN_REPORTERS, **(model_reporters or {})},
            agent_reporters=dict(agent_reporters or {}),
        )
        self.datacollector.collect(self)

    @property
    def population(self) -> Population:
        """The persons as they are now."""
        return self.simulation.population

    @property
    def year(self) -> int:
        """The coming year."""
        return self.population.year

    def step(self) -> None:
        """Live one year and collect."""
        self.happened = self.simulation.step()
        self.datacollector.collect(self)

    def events(self, event: str) -> int:
        """Return how many persons an event happened to in the latest year."""
        return 0 if self.happened is None else self.happened.total(event)


OWN_REPORTERS: dict[str, Callable[[VandringModel], int]] = {
    "year": lambda model: model.year,
    "residents": lambda model: int(np.count_nonzero(model.population["place"] == RESIDENT)),
    "emigrations": lambda model: model.events("emigrate"),
    "domestic_moves": lambda model: model.events("domestic"),
}
