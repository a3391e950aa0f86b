"""Two worlds lived side by side: they are the worlds lived alone, and their books add up."""

import numpy as np
import pytest

from runs.differences import Tally
from runs.ensemble import Plan
from runs.lockstep import KINDS, BooksDoNotAddUpError, Duel, live_both
from runs.matching import (
    BY,
    CELLS,
    DIRECTIONS,
    EXPLAINED,
    MECHANISMS,
    OTHER_GROUP,
    OUTCOMES,
    Pair,
)
from runs.measures import COUNTS
from sim.chance import Chance
from sim.codes import BACKGROUND
from sim.engine import Simulation
from sim.transitions.levers import Change
from sim.transitions.process import Settings
from tests.conftest import COMPILED_ONLY, made_people

pytestmark = COMPILED_ONLY
N = 4_000
YEARS = 3
EVENTS = tuple(EXPLAINED)


def lived(b, replicates=1, threads=1, people=None, uncertain=()):
    """Return replicates of the world of plain settings and of another."""
    people = people or made_people(N)
    one, other = (Plan(people, settings, 3, YEARS, replicates, BY, uncertain)
                  for settings in (Settings(), b))  # fmt: skip
    return list(live_both(Duel((one, other)), threads, lambda: None))


def assuming(**choices):
    return Settings(assumptions=choices)


@pytest.fixture(scope="module")
def types():
    """The worlds of one logit for all and of one for each level and sex."""
    return lived(Settings(model_type=3), replicates=2)


def test_each_world_is_the_one_lived_alone(types):
    for number, history in enumerate(types):
        for w, model_type in enumerate((1, 3)):
            settings = Settings(model_type=model_type)
            alone = Simulation(made_people(N), settings, Chance(3, number))
            for y, counts in enumerate(alone.run(YEARS)):
                totals = [counts.total(event) for event in COUNTS.values()]
                assert history.totals[w, y].tolist() == totals
                stock = history.counts[w, y, KINDS.index("stock")]
                of_background = [stock[CELLS.index(("background", name))]
                                 for name in BACKGROUND.names]  # fmt: skip
                assert sum(of_background) == counts.stock[1].sum()


def test_each_replicate_of_both_worlds_lives_its_own_draw_of_the_parameters():
    """With the luck of replicate 1, its own draw gives other totals than the draw of 0."""
    drawn = lived(Settings(model_type=3), replicates=2, uncertain=("parameters",))
    for w, model_type in enumerate((1, 3)):
        totals = []
        for draw in (0, 1):
            settings = Settings(model_type=model_type, draw=draw, draw_seed=3)
            alone = Simulation(made_people(N), settings, Chance(3, 1))
            totals.append([[counts.total(event) for event in COUNTS.values()]
                           for counts in alone.run(YEARS)])  # fmt: skip
        assert totals[0] != totals[1]
        assert drawn[1].totals[w].tolist() == totals[1]


def test_persons_who_differ_are_the_difference_in_every_group(types):
    for history in types:
        for e, event in enumerate(EVENTS):
            counts = history.counts[:, :YEARS, KINDS.index(event)]
            gross = history.who[:, e].sum(axis=1)
            np.testing.assert_array_equal(counts[1] - counts[0], gross[:, 1] - gross[:, 0])
            parts = history.who[:, e, :OTHER_GROUP]
            for name in BY:
                cells = [i for i, (of, _) in enumerate(CELLS) if of == name]
                whole = parts[..., cells].sum(axis=-1)
                if name == "background":
                    assert (whole >= parts[..., 0]).all()  # Norwegian-born too
                else:
                    np.testing.assert_array_equal(whole, parts[..., 0])
        assert history.who[:, EVENTS.index("emigrate")].sum() > 0


def test_chances_of_every_group_add_up_and_tell_what_happens_on_average(types):
    """Beyond 5 standard errors of chance in any year: false alarms below 1 in 100,000."""
    for history in types:
        for name in set(BY) - {"background"}:
            cells = [i for i, (of, _) in enumerate(CELLS) if of == name]
            whole = history.expected[..., cells].sum(axis=-1)
            np.testing.assert_allclose(whole, history.expected[..., 0])
        for k, event in enumerate(("emigrate", "domestic")):
            happened = history.counts[:, :YEARS, KINDS.index(event), 0]
            expected = history.expected[:, :, k, 0]
            assert (expected > 0).all()
            assert (abs(happened - expected) <= 5 * 2 * np.sqrt(expected)).all()  # families go
            born = CELLS.index(("background", "norwegian_born"))
            told = history.expected[:, :, k, born]
            seen = history.counts[:, :YEARS, KINDS.index(event), born]
            assert (abs(seen - told) <= 5 * 2 * np.sqrt(told + 1)).all()


def test_the_first_year_is_expected_alike_whatever_the_luck(types):
    np.testing.assert_array_equal(types[0].expected[:, 0], types[1].expected[:, 0])
    assert (types[0].expected[:, 1] != types[1].expected[:, 1]).any()


def test_outcomes_add_up_to_the_counts_of_each_world(types):
    for history in types:
        for event in EVENTS:
            k, o = KINDS.index(event), OUTCOMES.index(event)
            np.testing.assert_array_equal(
                history.outcomes[:, o].sum(axis=-1), history.counts[0, :YEARS, k, 0]
            )
            np.testing.assert_array_equal(
                history.outcomes[:, :, o].sum(axis=-1), history.counts[1, :YEARS, k, 0]
            )


def test_who_differs_is_who_is_in_one_list_only():
    """The same said with sets: emigrants of each world by identifier."""
    people = made_people(N)
    worlds = [Simulation(people, Settings(model_type=t), Chance(3, 0)) for t in (1, 3)]
    history = lived(Settings(model_type=3))[0]
    born = BACKGROUND.index("norwegian_born")
    for y in range(YEARS):
        gone = []
        for world in worlds:
            ears = _Ears()
            world.watcher = ears
            world.step()
            population, left = world.population, ears.year.happened("emigrate")
            left = left[population["background"][left] != born]
            gone.append(set(population["person"][left].tolist()))
        only = history.who[y, EVENTS.index("emigrate"), :, :, 0].sum(axis=0)
        assert only.tolist() == [len(gone[0] - gone[1]), len(gone[1] - gone[0])]


class _Ears:
    def before(self, process, year):
        self.year = year

    def after(self, process, year):
        pass


def test_the_same_settings_give_the_same_lives():
    history = lived(Settings())[0]
    assert not history.who.any()
    np.testing.assert_array_equal(history.counts[0], history.counts[1])
    off = history.outcomes * (1 - np.eye(len(OUTCOMES), dtype=int))
    assert not off.any()


def by_mechanism(history, event):
    """Return the persons who differ in any year, by mechanism."""
    found = history.who[:, EVENTS.index(event), :, :, 0].sum(axis=(0, 2))
    return dict(zip(MECHANISMS, found.tolist(), strict=True))


def test_labour_status_alone_never_acts_directly():
    history = lived(assuming(labour_status="unchanged"))[0]
    for event in EVENTS:
        assert by_mechanism(history, event)["direct"] == 0
    assert by_mechanism(history, "emigrate")["employment"] > 0


def test_in_the_first_year_other_behaviour_is_all_there_is(types):
    for history in types:
        first = history.who[0, :, :, :, 0].sum(axis=(0, 2))
        assert first[MECHANISMS.index("direct")] == first.sum() > 0


def test_a_rule_that_forbids_returns_acts_directly_in_the_first_year_they_differ():
    away = np.where(np.arange(N) % 3 == 0, 1, 0)
    people = made_people(
        N, families=False, place=away, left_year=2012 * away, registered_year=2012 * away,
        destination=away, first_arrival_year=np.full(N, 2005), birth_year=np.full(N, 1980),
    )  # fmt: skip
    history = lived(assuming(returning="nobody"), people=people)[0]
    first = history.who[0, EVENTS.index("return"), :, :, 0]
    assert first[MECHANISMS.index("direct"), DIRECTIONS.index("only_a")] == first.sum() > 0
    assert history.counts[1, :YEARS, KINDS.index("return")].sum() == 0


def test_a_wish_that_is_weaker_for_all_makes_nobody_leave_of_whom_nothing_else_differs():
    """So no pairing of luck could let fewer persons differ: all of the first year is direct."""
    less = Change("emigration", 2000, 2100, "factor", 0.7)
    history = lived(Settings(changes=(less,)))[0]
    gone = history.who[:, EVENTS.index("emigrate"), :, :, 0]
    only_b = DIRECTIONS.index("only_b")
    assert not gone[:, MECHANISMS.index("direct"), only_b].any()
    assert not gone[0, :, only_b].any()
    net = (
        history.counts[0, 0, KINDS.index("emigrate"), 0]
        - history.counts[1, 0, KINDS.index("emigrate"), 0]
    )
    assert gone[0].sum() == net > 0


@pytest.mark.parametrize("name", ["children", "families"])
def test_rules_of_following_and_sharing_are_direct_in_the_first_year(name):
    other = {"children": "stay", "families": "apart"}[name]
    first = lived(assuming(**{name: other}))[0].who[0, :, :, :, 0].sum(axis=(0, 2))
    assert first[MECHANISMS.index("direct")] == first.sum() > 0


def test_books_that_do_not_add_up_stop_the_program(monkeypatch):
    honest = Pair.who

    def one_too_many(self, event):
        counts = honest(self, event)
        counts[0, 0, 0] += 1
        return counts

    monkeypatch.setattr(Pair, "who", one_too_many)
    with pytest.raises(BooksDoNotAddUpError, match="2013, emigrate"):
        lived(Settings(model_type=3))


def test_books_of_a_single_group_are_checked_too(monkeypatch):
    honest = Pair.who
    refugees = CELLS.index(("reason", "refuge"))

    def one_too_many_refugees(self, event):
        counts = honest(self, event)
        counts[0, 0, refugees] += 1
        return counts

    monkeypatch.setattr(Pair, "who", one_too_many_refugees)
    with pytest.raises(BooksDoNotAddUpError, match="2013, emigrate"):
        lived(Settings(model_type=3))


def test_threads_change_nothing():
    one, two = (lived(Settings(model_type=3), replicates=3, threads=t) for t in (1, 2))
    for a, b in zip(one, two, strict=True):
        for name in ("counts", "who", "outcomes", "totals"):
            np.testing.assert_array_equal(getattr(a, name), getattr(b, name))


def test_what_is_kept_does_not_grow_with_replicates(types):
    tally = Tally()
    tally.add(types[0])
    held = [m.sums.nbytes for m in (tally.a, tally.b, tally.paired, tally.who, tally.net)]
    for history in types * 5:
        tally.add(history)
    assert [m.sums.nbytes for m in (tally.a, tally.b, tally.paired, tally.who, tally.net)] == held
