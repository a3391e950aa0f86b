import gc
import weakref
from typing import ClassVar

import numpy as np
import pytest

from calibration import reconstruct
from sim.agents.families import recount
from sim.agents.population import ABROAD, RESIDENT, Population
from sim.chance import Chance, process_number
from sim.engine import ENTERING, LEAVING, THE_YEAR, BooksDoNotBalanceError, Simulation
from sim.geography import CENTRALITY_OF
from sim.transitions.mobility_kernel import Persons
from sim.transitions.process import Process, Settings, Year
from tests.conftest import CLOSED, load, made_people

N = load(20_000, 300)


def lived(people, years=4, settings=None, chance=None, **extra):
    simulation = Simulation(people, settings or Settings(), chance or Chance(7), **extra)
    return simulation, list(simulation.run(years))


def flat(counts):
    """Everything a simulation counted, in comparable form."""
    return [
        (
            c.year,
            [a.tolist() for a in c.stock],
            {e: [a.tolist() for a in f] for e, f in c.flows.items()},
        )
        for c in counts
    ]


def test_the_year_is_a_visible_list_of_named_processes():
    names = [process.name for process in THE_YEAR]
    order = ["mobility", "domestic_destination", "emigration", "coming_of_age"]
    assert [name for name in names if name in order] == order
    assert len(set(names)) == len(names)
    drawing = [*names, "destination_level", "destination_municipality"]
    assert len(set(map(process_number, drawing))) == len(drawing)


def test_a_simulation_that_is_over_leaves_no_population_behind():
    """What refers to itself stays until the garbage is collected, and a run's memory grows."""
    simulation, _ = lived(made_people(300), 3)
    people, families = weakref.ref(simulation.population), weakref.ref(simulation._families)
    gc.disable()
    try:
        del simulation
        assert people() is None
        assert families() is None
    finally:
        gc.enable()


def test_people_are_conserved_every_year():
    people = made_people(N)
    simulation, years = lived(people, 6)
    residents = np.count_nonzero(people["place"] == RESIDENT)
    for counts in years:
        assert counts.stock[1].sum() == residents
        exposed = sum(counts.total(e) for e in ("stay", "domestic", "emigrate"))
        assert residents - counts.total("death") <= exposed <= residents  # the others died
        residents += sum(map(counts.total, ENTERING)) - sum(map(counts.total, LEAVING))
        assert all(counts.total(e) > 0 for e in (*ENTERING, *LEAVING) if e != "return")
    assert np.count_nonzero(simulation.population["place"] == RESIDENT) == residents
    assert simulation.stock().stock[1].sum() == residents
    newcomers = sum(c.total("arrive") + c.total("birth") for c in years)
    assert len(simulation.population) == N + newcomers
    assert np.unique(simulation.population["person"]).size == N + newcomers
    simulation.population.check()


def test_everybody_ages_and_stays_a_year_longer_each_year():
    simulation, years = lived(made_people(50), 3)
    assert [c.year for c in years] == [2013, 2014, 2015]
    assert simulation.year == simulation.population.year == 2016


def test_the_population_given_is_left_as_it_was():
    people = made_people(N)
    before = people.copy()
    lived(people)
    assert people.year == 2013
    assert all((people[name] == before[name]).all() for name in people.columns)


def test_who_has_left_is_abroad_until_they_return_or_die():
    people = made_people(N)
    simulation, _ = lived(people, 1)
    gone = np.flatnonzero(simulation.population["place"] == ABROAD)
    back = 0
    for _ in range(4):
        counts = simulation.step()
        population = simulation.population
        away = population["place"][gone] == ABROAD
        assert (population["left_year"][gone][away] == 2013).all()
        back += np.count_nonzero(population["place"][gone] == RESIDENT)
        gone = gone[away]
        assert counts.total("return") >= 0
    assert back > 0 or N < 1_000


def test_families_stay_equal_to_a_recount_through_the_years():
    people = made_people(N)
    others = people["family_total"] - recount(people)[0]
    simulation, _ = lived(people, 5)
    here = simulation.population["place"] == RESIDENT
    persons, immigrants = recount(simulation.population)
    assert others.min() >= 0
    assert (simulation.population["family_total"] >= persons)[here].all()
    np.testing.assert_array_equal(
        simulation.population["family_immigrants"][here], immigrants[here]
    )


@pytest.mark.parametrize("draws", ["explicit", "threshold"])
def test_neither_chunks_nor_ceilings_nor_order_change_a_count(draws):
    people = made_people(N)
    turned = people.select(np.random.default_rng(1).permutation(N))
    base = flat(lived(people, settings=Settings(draws=draws))[1])
    for other, settings in (
        (people, Settings(draws=draws, chunk=load(777, 31))),
        (people, Settings(draws=draws, renew=1)),
        (turned, Settings(draws=draws, renew=3, chunk=1024)),
    ):
        assert flat(lived(other, settings=settings)[1]) == base


def test_a_subset_lives_as_it_does_among_all():
    people = made_people(N, families=False)
    some = people.select(np.arange(0, N, 3))
    whole, part = (lived(these, processes=CLOSED)[0] for these in (people, some))
    np.testing.assert_array_equal(whole.population["place"][::3], part.population["place"])
    np.testing.assert_array_equal(
        whole.population["municipality"][::3], part.population["municipality"]
    )


@pytest.mark.parametrize("other", [Chance(8), Chance(7, 1)])
def test_another_seed_or_replicate_is_another_history(other):
    people = made_people(N)
    assert flat(lived(people)[1]) != flat(lived(people, chance=other)[1])


@pytest.mark.parametrize("model_type", [2, 3])
def test_model_types_differ_but_agree_broadly(model_type):
    """Half as many or twice as many emigrants would be a fault of indexing, not of models."""
    people = made_people(N)
    one, other = lived(people)[1], lived(people, settings=Settings(model_type=model_type))[1]
    assert flat(one) != flat(other)
    emigrated = [sum(c.total("emigrate") for c in history) for history in (one, other)]
    assert 0.5 < emigrated[1] / emigrated[0] < 2


@pytest.mark.parametrize("process", THE_YEAR, ids=lambda p: p.name)
def test_a_process_alters_only_what_it_declares_and_reports_changed_covariates(process):
    """Covariates of mobility may change only for persons whom the process names."""
    people = made_people(N)
    this = Year.begin(2013, people, Chance(1))
    for earlier in THE_YEAR[: THE_YEAR.index(process)]:
        earlier.ready(Settings()).happen(this)
    before = people.copy()
    this.changed.clear()
    this.regrouped.clear()
    process.ready(Settings()).happen(this)
    n = len(before)
    altered = {name: people[name][:n] != before[name] for name in people.columns}
    assert {name for name, where in altered.items() if where.any()} <= process.writes
    named = set(
        np.concatenate([np.empty(0, dtype=np.int64), *this.changed, *this.regrouped]).tolist()
    )
    for name in Persons._fields:
        where = altered[name]
        if name == "municipality":
            where = CENTRALITY_OF[people[name][:n]] != CENTRALITY_OF[before[name]]
        if name == "place":  # only residents are asked, but whoever leaves must be named
            where = where & (before["place"] == RESIDENT)
        else:
            where = where & (people["place"][:n] == RESIDENT)
        assert set(np.flatnonzero(where).tolist()) <= named, name
    moved = set(np.concatenate([np.empty(0, dtype=np.int64), *this.moved]).tolist())
    back = altered["place"] & (people["place"][:n] == RESIDENT)
    assert set(np.flatnonzero(altered["municipality"] | back).tolist()) <= moved


def test_couples_part_who_are_found_apart_among_those_who_moved():
    """Unions look at those who moved alone; nobody else can have come to live apart."""
    people = reconstruct(scale=load(0.02, 0.004))
    simulation = Simulation(people, Settings(), Chance(3), forgetful=True)
    for _ in range(9):
        simulation.step()
        moved = np.concatenate(simulation._last.moved)
        people = simulation.population
        paired = np.flatnonzero((people["partner"] >= 0) & (people["place"] == RESIDENT))
        partner = people["partner"][paired]
        apart = people["municipality"][paired] != people["municipality"][partner]
        apart &= people["place"][partner] == RESIDENT
        assert simulation._last.settled
        assert set(paired[apart]) <= {*moved, *people["partner"][moved]}


class Watched(Population):
    """A population that remembers which columns were asked for."""

    def __getitem__(self, name):
        self.__dict__.setdefault("asked", set()).add(name)
        return super().__getitem__(name)


@pytest.mark.parametrize("process", THE_YEAR, ids=lambda p: p.name)
def test_a_process_looks_only_at_what_it_declares(process):
    plain = made_people(N)
    people = Watched(plain.columns, plain.year, plain.source)
    this = Year.begin(2013, people, Chance(1))
    for earlier in THE_YEAR[: THE_YEAR.index(process)]:
        earlier.ready(Settings()).happen(this)
    people.asked = set()
    process.ready(Settings()).happen(this)
    assert people.asked <= process.reads | process.writes


class Trespasser:
    name: ClassVar = "trespasser"
    reads: ClassVar = frozenset[str]()
    writes: ClassVar = frozenset({"status"})
    assumptions: ClassVar = ()

    @classmethod
    def ready(cls, settings: Settings) -> Process:
        return cls()

    def happen(self, year: Year) -> None:
        year.population["education"][0] = 1


class Kidnapper(Trespasser):
    name: ClassVar = "kidnapper"
    writes: ClassVar = frozenset({"place"})

    def happen(self, year: Year) -> None:
        year.population["place"][0] = ABROAD


def test_a_process_cannot_write_what_it_has_not_declared():
    with pytest.raises(ValueError, match="read-only"):
        lived(made_people(10), 1, processes=(Trespasser,))


def test_lost_people_stop_the_engine():
    with pytest.raises(BooksDoNotBalanceError, match=r"2013: 10 residents .* make 10 .* but 9 are"):
        lived(made_people(10), 1, processes=(Kidnapper,))


def test_locks_are_lifted_even_after_a_fault():
    simulation = Simulation(made_people(10), Settings(), Chance(1), processes=(Trespasser,))
    with pytest.raises(ValueError, match="read-only"):
        simulation.step()
    assert all(column.flags.writeable for column in simulation.population.columns.values())
