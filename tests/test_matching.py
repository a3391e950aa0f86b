"""Persons of two worlds matched, and the rule that says why they differ, person by person."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runs.matching import (
    BY,
    CELLS,
    EXPLAINED,
    FIRST_CELL,
    KEPT,
    LEADER,
    LUCK,
    MECHANISMS,
    OUTCOMES,
    Lived,
    Pair,
    company,
    in_cells,
    matched,
)
from sim.codes import AGE_GROUP, BACKGROUND, PLACE, REASON, STATUS
from sim.geography import CENTRALITY_OF, COUNTY, COUNTY_OF

RESIDENT, ABROAD = PLACE.index("resident"), PLACE.index("abroad")
EMPLOYED, STUDENT = STATUS.index("employed"), STATUS.index("student")
IN_OSLO, IN_HORDALAND = (np.equal(COUNTY_OF, COUNTY.index(code)) for code in ("03", "12"))
OSLO = int(np.flatnonzero(IN_OSLO)[0])
BERGEN = int(np.flatnonzero(IN_HORDALAND & np.equal(CENTRALITY_OF, 3))[0])
USUAL = {"sex": 1, "birth_year": 1980, "first_arrival_year": 2010, "status": EMPLOYED,
         "family_total": 2, "family_immigrants": 2, "partner": -1, "mother": -1, "family": 0,
         "place": RESIDENT, "left_year": 0, "municipality": OSLO}  # fmt: skip


def world(*people, newcomers=0, decider=None, lucky=None):
    """Return a year from (identifier, outcome, {column: stored number}) of each person."""
    n = len(people)
    columns = {name: np.array([{**USUAL, **traits}.get(name, 0) for _, _, traits in people],
                              dtype=np.int64)
               for name in KEPT}  # fmt: skip
    person = np.array([identifier for identifier, _, _ in people], dtype=np.int64)
    outcome = np.array([OUTCOMES.index(what) for _, what, _ in people], dtype=np.uint8)
    return Lived(
        2013, n - newcomers, person, outcome, columns,
        np.arange(n) if decider is None else np.array(decider),
        person[: n - newcomers] if lucky is None else np.array(lucky),
    )  # fmt: skip


def why(a, b, event="emigrate", **rules):
    """Return the mechanisms of those in A only and of those in B only."""
    pair = Pair(a, b, **rules)
    return [[MECHANISMS[m] for m in pair.mechanism(event, found)]
            for found in pair.differing(event)]  # fmt: skip


identifiers = st.lists(st.integers(0, 40), unique=True, max_size=25)


@given(identifiers, identifiers)
def test_everybody_is_matched_once(one, other):
    rows, theirs = matched(np.array(one, dtype=np.int64), np.array(other, dtype=np.int64))
    pairs = {(one[i] if i >= 0 else None, other[j] if j >= 0 else None)
             for i, j in zip(rows, theirs, strict=True)}  # fmt: skip
    wanted = {(p if p in one else None, p if p in other else None) for p in {*one, *other}}
    assert pairs == wanted
    assert len(rows) == len(wanted)


def test_same_persons_in_the_same_rows_are_their_own_pairs():
    rows, theirs = matched(np.array([5, 3, 9]), np.array([5, 3, 9]))
    assert rows.tolist() == theirs.tolist() == [0, 1, 2]


def test_who_differs_is_found_in_either_direction():
    a = world((1, "emigrate", {}), (2, "stay", {}), (3, "emigrate", {}), (4, "domestic", {}))
    b = world((4, "stay", {}), (3, "emigrate", {}), (2, "emigrate", {}), (1, "stay", {}))
    pair = Pair(a, b)
    only_a, only_b = pair.differing("emigrate")
    assert a.person[pair.rows[0][only_a]].tolist() == [1]
    assert b.person[pair.rows[1][only_b]].tolist() == [2]
    assert why(a, b, "domestic") == [["direct"], []]


def test_nothing_else_differs_then_it_is_direct():
    assert why(world((1, "emigrate", {})), world((1, "stay", {}))) == [["direct"], []]


@pytest.mark.parametrize(
    "there", [(), ((1, "elsewhere", {"place": ABROAD}),), ((1, "return", {"place": ABROAD}),),
              ((1, "elsewhere", {"place": PLACE.index("dead")}),)],
)  # fmt: skip
def test_who_was_not_in_norway_in_both_is_composition(there):
    here = world((1, "emigrate", {"status": STUDENT}))
    assert why(here, world(*there)) == [["composition"], []]
    assert why(world(*there), here) == [[], ["composition"]]


def test_who_arrived_this_year_in_one_only_is_composition():
    a = world((1, "emigrate", {}))
    b = world((1, "arrive", {}), newcomers=1, lucky=[])
    assert why(a, b) == [["composition"], []]


def test_status_alone_is_employment_and_status_with_more_is_circumstances():
    a = world((1, "emigrate", {}))
    assert why(a, world((1, "stay", {"status": STUDENT}))) == [["employment"], []]
    both = {"status": STUDENT, "education": 2}
    assert why(a, world((1, "stay", both))) == [["circumstances"], []]


@pytest.mark.parametrize("column", ["education", "family_total", "family_immigrants"])
def test_other_traits_are_circumstances(column):
    a, b = world((1, "emigrate", {})), world((1, "stay", {column: 1}))
    assert why(a, b) == [["circumstances"], []]


def test_only_the_level_of_the_municipality_counts():
    level = int(CENTRALITY_OF[OSLO])
    other_level = int(np.flatnonzero(np.not_equal(CENTRALITY_OF, level))[0])
    a = world((1, "emigrate", {}))
    assert CENTRALITY_OF[BERGEN] == level
    assert why(a, world((1, "stay", {"municipality": BERGEN}))) == [["direct"], []]
    assert why(a, world((1, "stay", {"municipality": other_level}))) == [["circumstances"], []]


def test_shared_luck_of_another_family_is_a_circumstance_unless_a_rule_differs():
    a, b = world((1, "emigrate", {})), world((1, "stay", {}), lucky=[77])
    assert why(a, b) == [["circumstances"], []]
    assert why(a, b, ruled=(LUCK,)) == [["direct"], []]


def test_a_child_differs_for_the_reason_of_the_adult_it_follows():
    child = {"birth_year": 2008}
    a = world((1, "emigrate", {}), (2, "emigrate", child), decider=[0, 0])
    b = world((2, "stay", child), (1, "stay", {"status": STUDENT}), decider=[1, 1])
    assert why(a, b) == [["employment", "employment"], []]


def test_another_adult_to_follow_is_a_circumstance_unless_the_rule_differs():
    child = {"birth_year": 2008}
    people = (1, "stay", {}), (3, "stay", {})
    a = world(*people, (2, "emigrate", child), decider=[0, 1, 0])
    b = world(*people, (2, "stay", child), decider=[0, 1, 1])
    assert why(a, b) == [["circumstances"], []]
    alone = world(*people, (2, "stay", child))
    assert why(a, alone, ruled=(LEADER,)) == [["direct"], []]


def test_norwegian_born_with_rates_of_their_own_look_at_education_alone():
    born = {"background": BACKGROUND.index("norwegian_born")}
    a = world((1, "emigrate", born))
    b = world((1, "stay", {**born, "status": STUDENT, "family_total": 5}))
    assert why(a, b) == [["direct"], []]
    assert why(a, b, own_rates=False) == [["circumstances"], []]
    learned = world((1, "stay", {**born, "education": 4}))
    assert why(a, learned) == [["circumstances"], []]
    moved = world((1, "domestic", born)), world((1, "stay", {**born, "status": STUDENT}))
    assert why(*moved, event="domestic") == [["employment"], []]


AWAY = {"place": ABROAD, "left_year": 2011, "destination": 1}


def test_returns_compare_the_absence():
    a = world((1, "return", AWAY))
    assert why(a, world((1, "elsewhere", AWAY)), "return") == [["direct"], []]
    elsewhere = {**AWAY, "destination": 2, "status": STUDENT}
    assert why(a, world((1, "elsewhere", elsewhere)), "return") == [["circumstances"], []]
    assert why(a, world((1, "stay", {})), "return") == [["composition"], []]
    busy = world((1, "elsewhere", {**AWAY, "status": STUDENT}))
    assert why(a, busy, "return") == [["direct"], []]  # nobody asks what they do abroad


def test_returns_compare_the_company():
    with_partner = [(1, "return", {**AWAY, "partner": 1}), (2, "return", {**AWAY, "partner": 0})]
    a = world(*with_partner)
    left_alone = world((1, "elsewhere", AWAY), (2, "stay", {}))
    assert why(a, left_alone, "return")[0] == ["circumstances", "composition"]
    later = world((2, "elsewhere", {**AWAY, "partner": 1, "left_year": 2012}),
                  (1, "elsewhere", {**AWAY, "partner": 0}))  # fmt: skip
    assert why(a, later, "return")[0] == ["circumstances", "circumstances"]
    same = world((2, "elsewhere", {**AWAY, "partner": 1}),
                 (1, "elsewhere", {**AWAY, "partner": 0}))  # fmt: skip
    assert why(a, same, "return")[0] == ["direct", "direct"]


def test_company_knows_no_order_and_no_numbers_of_families():
    one = world((1, "stay", AWAY), (2, "stay", AWAY), (3, "stay", {**AWAY, "family": 1}))
    two = world((3, "stay", {**AWAY, "family": 4}), (2, "stay", {**AWAY, "family": 9}),
                (1, "stay", {**AWAY, "family": 9}))  # fmt: skip
    first, second = company(one, np.arange(3)), company(two, np.array([2, 1, 0]))
    assert first.tolist() == second.tolist()
    assert first[0] == first[1] != first[2]


def test_company_knows_who_is_where():
    """Two who swap places are other company, though the same numbers occur."""
    one = world((1, "stay", AWAY), (2, "stay", {**AWAY, "destination": 2}))
    two = world((1, "stay", {**AWAY, "destination": 2}), (2, "stay", AWAY))
    assert company(one, np.array([0])) != company(two, np.array([0]))


def test_counts_by_group_hold_immigrants_and_everybody_by_background():
    a = world((1, "emigrate", {"reason": 0}), (2, "emigrate", {"reason": 2, "municipality": BERGEN}),
              (3, "emigrate", {"background": BACKGROUND.index("norwegian_born")}))  # fmt: skip
    b = world((1, "stay", {"reason": 0}))
    counts = Pair(a, b).who("emigrate")
    only_a = dict(zip(CELLS, counts.sum(axis=0)[0], strict=True))
    assert only_a["total", ""] == 2
    assert only_a["reason", "work"] == only_a["reason", "family"] == 1
    assert only_a["county", "12"] == 1
    assert only_a["background", "norwegian_born"] == 1
    assert sum(n for (name, _), n in only_a.items() if name == "background") == 3
    for name in BY:
        whole = sum(n for (of, _), n in only_a.items() if of == name)
        assert whole == (3 if name == "background" else 2)
    direct = counts[MECHANISMS.index("direct")]
    assert direct[:, 0].tolist() == [1, 0]


def test_who_does_it_in_both_from_other_counties_adds_up_by_county():
    a = world((1, "emigrate", {"municipality": OSLO}))
    b = world((1, "emigrate", {"municipality": BERGEN}))
    counts = Pair(a, b).who("emigrate")[MECHANISMS.index("other_group")]
    county = FIRST_CELL["county"]
    assert counts[0, county + COUNTY.index("03")] == counts[1, county + COUNTY.index("12")] == 1
    assert counts.sum() == 2


def test_outcomes_of_immigrants_are_counted_side_by_side():
    born = {"background": BACKGROUND.index("norwegian_born")}
    a = world((1, "emigrate", {}), (2, "stay", {}), (3, "death", {}), (4, "stay", born))
    b = world((2, "stay", {}), (1, "stay", {}), (5, "arrive", {}), (6, "birth", born),
              newcomers=2, lucky=[2, 1])  # fmt: skip
    counts = Pair(a, b).outcome_counts()
    found = {(OUTCOMES[i], OUTCOMES[j]): int(counts[i, j]) for i, j in np.argwhere(counts)}
    assert found == {("emigrate", "stay"): 1, ("stay", "stay"): 1, ("death", "elsewhere"): 1,
                     ("elsewhere", "arrive"): 1}  # fmt: skip


def test_cells_count_what_a_person_stands_for():
    codes = np.zeros((len(BY), 2), dtype=np.int64)
    codes[BY.index("reason")] = [REASON.index("work"), REASON.index("refuge")]
    codes[BY.index("age_group")] = [0, len(AGE_GROUP) - 1]
    counts = dict(zip(CELLS, in_cells(codes, np.array([3, 5])), strict=True))
    assert counts["total", ""] == 8
    assert counts["reason", "refuge"] == counts["age_group", "75+"] == 5


def test_every_event_explained_is_an_outcome():
    assert {OUTCOMES[outcome] for outcome in EXPLAINED.values()} == set(EXPLAINED)
