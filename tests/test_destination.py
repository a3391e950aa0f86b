import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.chance import Chance
from sim.codes import CENTRALITY, REASON
from sim.geography import CENTRALITY_OF, COUNTY_OF, MUNICIPALITY, municipality
from sim.transitions import choice_kernel
from sim.transitions.destination import DomesticDestination, published_weights, whereabouts
from sim.transitions.process import DOMESTIC, STAY, Settings, Year
from tests.conftest import load, made_people
from tests.odds import assert_shares

N = load(4_000, 150)


def year_of(people, outcome, seed=1):
    this = Year.begin(2013, people, Chance(seed))
    this.outcome[:] = outcome
    return this


def moved(people, process=None, outcome=DOMESTIC):
    before = people["municipality"].copy()
    this = year_of(people, outcome)
    (process or DomesticDestination.ready(Settings())).happen(this)
    return before, this


def test_the_weights_are_the_published_stock():
    weights = published_weights()
    assert weights.shape == (6, 428)
    oslo = MUNICIPALITY.index("0301")
    assert weights[REASON.index("work"), oslo] == 25_197
    by_reason = weights.sum(axis=1)
    published = {
        "work": 139_484,
        "refuge": 171_641,
        "family": 128_696,
        "education": 28_201,
        "nordic": 125_302,
        "unknown": 125_302,
    }
    for reason, persons in published.items():
        assert by_reason[REASON.index(reason)] == pytest.approx(persons, rel=0.001)


def test_every_mover_changes_level_and_nobody_else_moves():
    people = made_people(N)
    outcome = np.where(np.arange(N) % 3 == 0, DOMESTIC, STAY)
    before, this = moved(people, outcome=outcome)
    movers = outcome == DOMESTIC
    changed = CENTRALITY_OF[people["municipality"]] != CENTRALITY_OF[before]
    np.testing.assert_array_equal(changed, movers)
    np.testing.assert_array_equal(people["municipality"][~movers], before[~movers])
    np.testing.assert_array_equal(np.sort(this.happened("domestic")), np.flatnonzero(movers))
    np.testing.assert_array_equal(np.concatenate(this.changed), np.flatnonzero(movers))


@pytest.mark.parametrize("target", ["Oslo", "Kautokeino", "Træna", "Halden"])
def test_with_weight_on_one_municipality_everybody_goes_there(target):
    wanted = MUNICIPALITY.index(municipality(target).number)
    weights = np.zeros((6, 428))
    weights[:, wanted] = 1
    people = made_people(N)
    before, _ = moved(
        people,
        DomesticDestination(weights),
        outcome=np.where(
            CENTRALITY_OF[people["municipality"]] == CENTRALITY_OF[wanted], STAY, DOMESTIC
        ),
    )
    elsewhere = CENTRALITY_OF[before] != CENTRALITY_OF[wanted]
    assert (people["municipality"][elsewhere] == wanted).all()


@pytest.mark.parametrize("reason", ["work", "refuge", "education"])
@pytest.mark.parametrize("home", ["0301", "2011"])
def test_levels_and_counties_are_chosen_in_proportion_to_the_stock(reason, home):
    """False alarm: once in a million, for each of two distributions."""
    n = load(60_000, 800)
    start = MUNICIPALITY.index(home)
    people = made_people(
        n,
        families=False,
        municipality=np.full(n, start),
        reason=np.full(n, REASON.index(reason)),
    )
    moved(people, DomesticDestination(published_weights()))
    weights = published_weights()[REASON.index(reason)].copy()
    weights[CENTRALITY_OF[start] == CENTRALITY_OF] = 0
    where = people["municipality"]
    levels = [k for k in range(4) if k != CENTRALITY_OF[start]]
    by_level = [np.count_nonzero(CENTRALITY_OF[where] == k) for k in levels]
    expected = [weights[np.equal(CENTRALITY_OF, k)].sum() / weights.sum() for k in levels]
    assert_shares(by_level, expected)
    held = np.array([weights[np.equal(COUNTY_OF, c)].sum() for c in range(19)])
    counties = np.flatnonzero(held > 0.02 * weights.sum())
    seen = [np.count_nonzero(COUNTY_OF[where] == c) for c in counties]
    assert_shares(seen, held[counties] / held[counties].sum())


def test_of_those_whose_county_has_the_level_a_share_stays_in_it():
    """From Halden (level 3), all who move to a level that Østfold has; once in a million."""
    n, near = load(40_000, 800), 0.6
    start = MUNICIPALITY.index(municipality("Halden").number)
    people = made_people(n, families=False, municipality=np.full(n, start),
                         reason=np.full(n, REASON.index("work")))  # fmt: skip
    moved(people, DomesticDestination(published_weights(), near))
    where = people["municipality"]
    has = np.unique(CENTRALITY_OF[COUNTY_OF[start] == COUNTY_OF])
    weights = published_weights()[REASON.index("work")]
    counts, expected = [], []
    for level in has[has != CENTRALITY_OF[start]]:
        there = level == CENTRALITY_OF
        natural = weights[there & (COUNTY_OF[start] == COUNTY_OF)].sum() / weights[there].sum()
        some = where[CENTRALITY_OF[where] == level]
        inside = np.count_nonzero(COUNTY_OF[some] == COUNTY_OF[start])
        counts += [inside, some.size - inside]
        share = near + (1 - near) * natural
        expected += [share * some.size, (1 - share) * some.size]
    assert sum(counts) > 20
    assert_shares(counts, np.array(expected) / sum(expected))


def test_without_nearness_moves_go_where_the_stock_is():
    apart = DomesticDestination.ready(Settings(assumptions={"near_moves": "none"}))
    plain = DomesticDestination(published_weights())
    np.testing.assert_array_equal(apart.county_weights, plain.county_weights)
    near = DomesticDestination.ready(Settings())
    assert (near.county_weights != plain.county_weights).any()


def test_everybody_goes_where_their_own_reason_weighs():
    """Certain weights: one municipality for each reason, all on one level."""
    targets = np.flatnonzero(CENTRALITY_OF == 1)[:6]
    weights = np.zeros((6, 428))
    weights[np.arange(6), targets] = 1
    people = made_people(N)
    elsewhere = CENTRALITY_OF[people["municipality"]] != 1
    moved(people, DomesticDestination(weights), outcome=np.where(elsewhere, DOMESTIC, STAY))
    np.testing.assert_array_equal(
        people["municipality"][elsewhere], targets[people["reason"][elsewhere]]
    )


def test_children_arrive_where_their_adult_does():
    people = made_people(N)
    this = year_of(people, DOMESTIC)
    this.children, this.adults = np.arange(0, 40), np.arange(40, 80)
    before = people["municipality"].copy()
    DomesticDestination.ready(Settings()).happen(this)
    np.testing.assert_array_equal(people["municipality"][:40], people["municipality"][40:80])
    same_level = CENTRALITY_OF[before[:40]] == CENTRALITY_OF[people["municipality"][:40]]
    assert set(np.flatnonzero(same_level)).isdisjoint(this.happened("domestic"))


def test_luck_follows_the_person():
    people = made_people(N)
    turn = np.random.default_rng(0).permutation(N)
    turned = people.select(turn)
    moved(people)
    moved(turned)
    np.testing.assert_array_equal(people["municipality"][turn], turned["municipality"])


def test_a_level_that_loses_weight_gains_nobody():
    people, again = made_people(N), made_people(N)
    weights = published_weights()
    poorer = np.where(CENTRALITY_OF == 2, weights * 0.3, weights)
    moved(people, DomesticDestination(weights))
    moved(again, DomesticDestination(poorer))
    before, after = (CENTRALITY_OF[p["municipality"]] for p in (people, again))
    assert (after[before != 2] == before[before != 2]).all()
    assert (after[before == 2] != 2).any()
    assert len(CENTRALITY) == 4


def test_movers_are_described_by_where_they_live():
    people = made_people(40, 1, municipality=np.arange(40) * 10)
    movers = np.array([3, 39, 0, 17])
    person, reason, level, county = whereabouts(movers, people)
    for j, i in enumerate(movers):
        here = people["municipality"][i]
        assert (person[j], reason[j]) == (people["person"][i], people["reason"][i])
        assert (level[j], county[j]) == (CENTRALITY_OF[here], COUNTY_OF[here])


def test_luck_is_found_between_the_ends_of_a_cell():
    heap = np.array([0.5, 1.0, 1.0, 4.0, 9.0, 10.0, 11.0, 12.0, 13.0, 14.0])  # of two reasons
    first, last = np.array([[0, 3]]), np.array([[2, 4]])  # of one level and two counties
    county, reason = np.array([0, 0, 1, 0, 1, 1]), np.array([0, 0, 0, 1, 1, 1])
    luck, none = np.array([0.4, 0.6, 0.3, 0.9, 0.4, 0.6]), np.zeros(6, dtype=np.int64)
    found = np.empty(6, dtype=np.int64)
    choice_kernel.find(heap, first, last, reason, none, county, luck, found)
    assert found.tolist() == [0, 1, 3, 2, 3, 4]


def waits_of(words, weights, row):
    """E / weight of each chooser's alternatives, which for those without weight never ends."""
    weight, wait = weights[row].T, -np.log((words + 0.5) * 2.0**-32)
    return np.divide(wait, weight, out=np.full(wait.shape, np.inf), where=weight > 0)


@given(seed=st.integers(0, 10_000), alternatives=st.integers(1, 20))
def test_a_rough_choice_is_the_exact_one_wherever_luck_lies(seed, alternatives):
    """Also at the ends of luck, with equal luck, and with weights far apart or none at all."""
    n, rng = load(1_500, 60), np.random.default_rng(seed)
    words = rng.integers(0, 2**32, (alternatives, n), dtype=np.uint32)
    words[:, ::7] = 2**32 - 1 - rng.integers(0, 300, words[:, ::7].shape, dtype=np.uint32)
    words[:, 1::7] = rng.integers(0, 3, words[:, 1::7].shape, dtype=np.uint32)
    words[:, 2::7] = words[:1, 2::7] + rng.integers(0, 2, words[:, 2::7].shape, dtype=np.uint32)
    weights = rng.choice([0.0, 1.0, 1.0, 2.0, 1e-60, 1e60, 0.3, 1e-4], (9, alternatives))
    weights[0], weights[1] = 0.0, 1.0
    row, chosen = rng.integers(0, 9, n), np.empty(n, dtype=np.int64)
    choice_kernel.choose(words, weights, row, chosen)
    waits = waits_of(words, weights, row)
    nothing = np.isinf(waits).all(axis=0)
    np.testing.assert_array_equal(chosen[nothing], -1)
    some = np.flatnonzero(~nothing)  # of equal luck and weight, rounding tells which is the first
    taken = waits[chosen[some], some]
    assert (chosen[some] >= 0).all()
    assert (taken <= waits[:, some].min(axis=0) * (1 + 1e-14)).all()
