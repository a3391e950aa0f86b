"""Cells: classes, types and rows, and moves between rows."""

import numpy as np
import pytest

from sim.twin import cells_kernel, families_kernel
from sim.twin.cells import Cells, View
from sim.twin.joining import Joining
from sim.twin.kinds import (
    ALONE,
    FAMILIES,
    KINDS,
    LARGEST,
    LINE,
    LONG_AGO,
    NEAR,
    PAIRED,
    SAME,
    SIZES,
    STATES,
    WIDE,
    WIDEST,
    arrival_of,
    family_class,
    kind_of,
    neighbours,
)
from sim.twin.moves import Moves


def parts(**given):
    n = len(next(iter(given.values())))
    made = {"kind": 0, "sex": 0, "birth": 1980, "arrival": 2010, "background": 0, "schooled": 0}
    return {name: np.asarray(given.get(name, np.full(n, value))) for name, value in made.items()}


def test_every_size_of_family_has_a_class_of_its_own():
    classes = family_class(SIZES, SAME)
    np.testing.assert_array_equal(classes, np.arange(FAMILIES))
    assert family_class(30, 30) == family_class(LARGEST, LARGEST)


def test_kinds_tell_reasons_regions_and_origins_of_the_born():
    kinds = kind_of([0, 1, 2, 2], [1, 1, 5, 5], [0, 5, 0, 5])
    assert len(set(kinds.tolist())) == 4
    assert kind_of(0, 1, 0) == kind_of(1, 1, 1)  # two origins of one country group


def test_long_stays_are_one():
    assert arrival_of(2013, np.array([1990, 1995, 1996])).tolist() == [LONG_AGO, LONG_AGO, 1996]


def test_types_are_found_again_and_numbered_once():
    cells = Cells(1)
    first = cells.find(parts(birth=[1980, 1990, 1980]))
    assert first[0] == first[2] != first[1]
    again = cells.find(parts(birth=[1990, 1970]))
    assert again[0] == first[1]
    assert cells.types["kind"].size == 3


def test_moves_are_shares_of_what_was_there_before():
    """Half of A goes to B while a tenth of B goes to A: nobody goes twice."""
    cells = Cells(1)
    types = cells.find(parts(birth=[1980]))
    a, b = (cells.rows(types, 0, role, family_class(1 + role, 1)) for role in (ALONE, PAIRED))
    cells.add(np.concatenate([a, b]), np.array([3, 4]), np.array([100.0, 10.0]))
    moves = Moves(cells)
    moves.add(a, b, np.array([0.5]))
    moves.add(b, a, np.array([0.1]))
    moves.happen()
    np.testing.assert_allclose(cells.mass[a[0], [3, 4]], [50.0, 1.0])
    np.testing.assert_allclose(cells.mass[b[0], [3, 4]], [50.0, 9.0])
    before = cells.mass[: cells.count].copy()
    Moves(cells).happen()
    np.testing.assert_array_equal(cells.mass[: cells.count], before)
    assert cells.persons().sum() == pytest.approx(110.0)


def test_who_dies_neither_stays_nor_goes():
    """A fifth of A dies; half of the others go to B, of whom a tenth die: nobody of A's there."""
    cells = Cells(1)
    types = cells.find(parts(birth=[1980, 1990]))
    rows = cells.rows(types, 0, ALONE, family_class(1, 1))
    cells.add(rows, np.array([3, 4]), np.array([100.0, 10.0]))
    moves = Moves(cells)
    moves.leave(np.array([0.8, 0.9]))
    np.testing.assert_allclose(moves.rows.persons, [80.0, 9.0])
    moves.add(rows[:1], rows[1:], np.array([0.5]))
    moves.happen()
    np.testing.assert_allclose(cells.mass[rows[0], [3, 4]], [40.0, 0.0])
    np.testing.assert_allclose(cells.mass[rows[1], [3, 4]], [40.0, 9.0])


def test_nobody_goes_twice_where_more_than_all_would_go():
    """Four fifths and two fifths of a row go to two others: two thirds and one third of it do."""
    cells = Cells(1)
    types = cells.find(parts(birth=[1980, 1981, 1982]))
    rows = cells.rows(types, 0, ALONE, family_class(1, 1))
    cells.add(rows[:1], np.array([2]), np.array([30.0]))
    moves = Moves(cells)
    moves.add(rows[[0, 0]], rows[1:], np.array([0.8, 0.4]))
    moves.happen()
    np.testing.assert_allclose(cells.persons(), [0.0, 20.0, 10.0], atol=1e-12)


def pair_off(rows, share, flows):
    """Let a share of every row find an immigrant partner."""
    n = 0
    for r in range(rows.persons.size):
        key = rows.first[r] + PAIRED * FAMILIES + int(family_class(2, 2))
        n = families_kernel._go(
            flows.source, flows.key, flows.share, n, r, key, share, rows.least[r]
        )
    return n


def test_small_flows_stay_where_they_are_and_others_go():
    """A tenth of 100 persons goes, a tenth of one does not, where a flow needs two persons."""
    cells = Cells(1)
    types = cells.find(parts(birth=[1980, 1990]))
    rows = cells.rows(types, 0, ALONE, family_class(1, 1))
    cells.add(rows, np.array([0, 0]), np.array([100.0, 1.0]))
    cells.least = 2.0
    moves = Moves(cells)
    moves.flow(pair_off, 0.1)
    moves.happen()
    np.testing.assert_allclose(cells.persons(), [90.0, 1.0, 10.0])
    assert cells.column("role").tolist() == [ALONE, ALONE, PAIRED]


def test_rows_are_known_by_type_and_place_when_more_are_made():
    cells = Cells(1)
    types = cells.find(parts(birth=[1980, 1990], kind=[0, KINDS - 1]))
    cells.rows(types[:1], 0, ALONE, family_class(1, 1))
    assert cells.column("birth").tolist() == [1980]
    cells.rows(types[1:], 0, PAIRED, family_class(3, 1))
    view = View(cells)
    assert view.birth.tolist() == [1980, 1990]
    assert view.own.tolist() == [1, 0]
    assert (view.size.tolist(), view.same.tolist()) == ([1, 3], [1, 1])
    assert (view.role.tolist(), view.level.tolist()) == ([ALONE, PAIRED], [0, 0])


def test_the_smallest_families_join_the_largest_of_their_role():
    """Persons born in 1982, the middle of the widest band: there those come who are merged."""
    cells = Cells(1)
    types = cells.find(parts(birth=[1982]))
    sizes, persons = np.array([2, 3, 4]), np.array([40.0, 9.0, 0.001])
    rows = cells.rows(types, 0, PAIRED, family_class(sizes, 2))
    cells.add(rows, np.zeros(3, dtype=np.int64), persons)
    alone = cells.rows(types, 0, ALONE, family_class(1, 1))
    cells.add(alone, np.zeros(1, dtype=np.int64), np.array([0.002]))
    cells.note_usual(2013, cells.persons())
    joining = Joining(cells)
    joining.merge(0.0, 0.7, 0.01, 2013)
    joining.happen(0.0)
    held = {(r, s): p for r, s, p in zip(cells.column("role").tolist(),
            cells.column("size").tolist(), cells.persons().tolist(), strict=True) if p}  # fmt: skip
    assert held[PAIRED, 2] == pytest.approx(40.001)
    assert held[PAIRED, 3] == 9.0
    assert (PAIRED, 4) not in held
    assert held[ALONE, 1] == 0.002


def test_merging_and_dropping_lose_nobody():
    rng = np.random.default_rng(2)
    cells = Cells(1)
    n = 500
    types = cells.find(
        parts(birth=rng.integers(1940, 1998, n), arrival=rng.integers(1997, 2013, n))
    )
    rows = cells.rows(types, 0, ALONE, family_class(1, 1))
    cells.add(rows, rng.integers(0, STATES, n), rng.random(n))
    before, many = cells.mass[: cells.count].sum(axis=0), cells.count
    cells.note_usual(2013, cells.persons())
    joining = Joining(cells)
    joining.merge(5.0, 0.7, 0.01, 2013)
    held = joining.happen(0.0)
    np.testing.assert_allclose(cells.mass[: cells.count].sum(axis=0), before)
    np.testing.assert_allclose(held, cells.persons())
    assert cells.count < many
    again = cells.rows(cells.row_type[: cells.count].astype(np.int64), 0, ALONE, family_class(1, 1))
    np.testing.assert_array_equal(again, np.arange(cells.count))


def test_who_grows_old_in_the_country_joins_those_who_came_long_ago():
    cells = Cells(1)
    types = cells.find(parts(arrival=[1995, 2010]))
    rows = cells.rows(types, 0, ALONE, family_class(1, 1))
    cells.add(rows, np.array([0, 0]), np.array([2.0, 3.0]))
    joining = Joining(cells)
    joining.grow_old(2013)
    joining.happen(0.0)
    old, young = (cells.find(parts(arrival=[year])) for year in (LONG_AGO, 2010))
    assert cells.mass[cells.rows(old, 0, ALONE, family_class(1, 1))[0], 0] == 2.0
    assert cells.mass[cells.rows(young, 0, ALONE, family_class(1, 1))[0], 0] == 3.0
    assert cells.persons().sum() == 5.0


def test_rows_join_rows_that_others_leave_at_once():
    """A joins B while B joins C: those of A are in B, and B's in C; then what is in B joins C."""
    persons, last = np.array([1.0, 2.0, 4.0]), np.arange(3)
    cells_kernel.join(np.array([0, 1]), np.array([1, 2]), persons, last)
    assert (persons.tolist(), last.tolist()) == ([0.0, 1.0, 6.0], [1, 2, 2])
    cells_kernel.join(np.array([1]), np.array([2]), persons, last)
    assert (persons.tolist(), last.tolist()) == ([0.0, 0.0, 7.0], [2, 2, 2])
    mass = np.zeros((3, LINE))
    mass[:, 3] = 1.0, 2.0, 4.0
    found = np.full((1, LINE), np.nan)
    cells_kernel.gather(np.array([0, -1, 0]), mass, found)
    assert (found[0, 3], found.sum()) == (5.0, 5.0)


def test_origins_and_places_go_along_with_those_who_are_merged():
    """Two years of birth of which one is light; afterwards its group has persons of both origins."""
    cells = Cells(1)
    types = cells.find(parts(birth=[1980, 1978], arrival=[2010, 2010]))
    rows = cells.rows(types, 0, ALONE, family_class(1, 1))
    cells.add(rows, np.array([0, 0]), np.array([1.0, 30.0]))
    cells.homes.add(cells.group[types], np.array([3, 5]), np.array([0, 9]), np.array([1.0, 30.0]))
    cells.note_usual(2013, cells.persons())
    assert cells.group[types[0]] != cells.group[types[1]]
    joining = Joining(cells)
    joining.merge(5.0, 0.0, 0.0, 2013)
    joining.happen(0.0)
    held = cells.homes.origins[cells.group[cells.row_type[: cells.count]]]
    np.testing.assert_allclose(cells.persons().sum(), 31.0)
    assert ((held > 1e-3).any(axis=0).nonzero()[0] == [3, 5]).all()


def test_bands_have_a_middle_and_their_neighbours_are_one():
    """Of even bands persons would grow younger or older when they are put together."""
    for widths, stays in (NEAR, WIDE, WIDEST):
        assert (widths % 2 == 1).all()
        assert stays % 2 == 1
    types = parts(birth=np.arange(1960, 1969), arrival=np.full(9, 2003))
    found = neighbours(types, 2013, WIDEST)
    assert (np.diff(found["birth"]) >= 0).all()
    assert abs(found["birth"] - types["birth"]).max() == 4
    assert abs(found["arrival"] - types["arrival"]).max() <= 2
