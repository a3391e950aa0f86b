import numpy as np
import pytest

from sim.agents.mesa_adapter import PersonView, VandringModel
from sim.chance import Chance
from sim.engine import Simulation
from sim.transitions.process import Settings
from tests.conftest import CLOSED, load, made_people

N = load(5_000, 150)


def simulation():
    return Simulation(made_people(N), Settings(), Chance(3), processes=CLOSED)


def test_a_step_is_a_year_with_the_same_bits_as_the_engine():
    model, engine = VandringModel(simulation(), views=10), simulation()
    for _ in range(4):
        model.step()
        engine.step()
        for name, column in engine.population.columns.items():
            np.testing.assert_array_equal(model.population[name], column)
    assert model.year == 2017
    assert model.steps == 4


def test_the_data_collector_holds_what_the_engine_counted():
    model, engine = VandringModel(simulation(), views=0), simulation()
    counted = []
    for _ in range(3):
        model.step()
        counted.append(engine.step())
    frame = model.datacollector.get_model_vars_dataframe()
    assert frame["year"].tolist() == [2013, 2014, 2015, 2016]
    assert frame["emigrations"].tolist() == [0, *(c.total("emigrate") for c in counted)]
    assert frame["domestic_moves"].tolist() == [0, *(c.total("domestic") for c in counted)]
    assert frame["residents"].iloc[0] == N
    assert (frame["residents"].diff().dropna() == -frame["emigrations"].iloc[1:]).all()


def test_views_show_persons_in_codes_and_change_with_them():
    model = VandringModel(simulation(), views=N)
    assert len(model.agents) == N
    view = model.agents[7]
    assert isinstance(view, PersonView)
    people = model.population
    assert view.sex == ("female", "male")[people["sex"][7]]
    assert view.person == people["person"][7]
    assert view.age == 2012 - people["birth_year"][7]
    assert view.duration == 2012 - people["first_arrival_year"][7]
    assert len(view.municipality) == 4
    assert view.left_year is None
    assert view.partner is None
    for _ in range(5):
        model.step()
    gone = [v for v in model.agents if not v.is_resident]
    assert gone
    assert all(v.place == "abroad" and v.left_year >= 2013 for v in gone)
    assert view.age == 2017 - people["birth_year"][7]


def test_links_are_shown_as_identifiers():
    people = made_people(4, partner=np.array([1, 0, -1, -1]))
    model = VandringModel(Simulation(people, Settings(), Chance(1)))
    assert model.agents[0].partner == people["person"][1]


def test_a_word_that_is_no_column_is_refused():
    model = VandringModel(simulation(), views=1)
    with pytest.raises(AttributeError, match="a person has no 'salary'; columns: person, sex"):
        _ = model.agents[0].salary


def test_agent_sets_and_reporters_work_as_mesa_users_expect():
    model = VandringModel(
        simulation(),
        views=60,
        model_reporters={"women": lambda m: len(m.agents.select(lambda a: a.sex == "female"))},
        agent_reporters={"place": "place", "age": "age"},
    )
    model.step()
    frame = model.datacollector.get_agent_vars_dataframe()
    assert len(frame) == 2 * 60
    assert set(frame["place"]) <= {"resident", "abroad"}
    women = model.datacollector.get_model_vars_dataframe()["women"]
    assert women.nunique() == 1
    assert 0 < women.iloc[0] < 60


def test_the_documented_example_runs(capsys):
    from examples import mesa_model

    mesa_model.main(share=load(0.01, 0.0003))
    out = capsys.readouterr().out
    assert "emigrations" in out
    assert "2018" in out
