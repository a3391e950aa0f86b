"""Vandring as a Mesa model: five years of a tenth of the immigrants in Norway.

python examples/mesa_model.py
"""

from calibration import reconstruct
from sim.agents.mesa_adapter import VandringModel
from sim.chance import Chance
from sim.engine import Simulation
from sim.transitions.process import Settings


def share_gone(model: VandringModel) -> float:
    """Return the share of the agents in view who are abroad."""
    agents = model.agents
    return round(len(agents.select(lambda agent: agent.place == "abroad")) / len(agents), 4)


def main(share: float = 0.1, years: int = 5) -> None:
    """Build the model, step it, and print what the data collector holds."""
    people = reconstruct(scale=share)
    simulation = Simulation(people, Settings(), Chance(seed=1))
    model = VandringModel(
        simulation,
        views=1_000,
        model_reporters={"share_gone": share_gone},
        agent_reporters={"place": "place", "age": "age"},
    )
    for _ in range(years):
        model.step()
    print(model.datacollector.get_model_vars_dataframe())
    lives = model.datacollector.get_agent_vars_dataframe()
    print(lives.groupby("Step")["place"].value_counts().unstack(fill_value=0))


if __name__ == "__main__":
    main()
