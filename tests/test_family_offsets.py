"""The offset by kind of family: Tables 4.1-4.3 hold on the register of 2013."""

import numpy as np
import pytest

from calibration import family_offsets as f
from calibration import reconstruct
from calibration.expected import Weights, weights
from sim.codes import REASON
from sim.jit import COMPILED
from sim.transitions import calibrated
from sim.transitions.calibrated import KINDS
from sim.transitions.process import Settings
from tests.conftest import made_people

POINTS, SHARE = 0.005, 0.15  # half a point, or 15 percent
needs_everybody = pytest.mark.skipif(not COMPILED, reason="needs the whole population")
ROWS = {
    "all_families": {"1": ("1",), "2": KINDS[1:3], "3+": KINDS[3:]},
    "immigrants_only": {"1": ("1",), "2": ("2 immigrants",), "3+": ("3+ immigrants",)},
    "also_non_immigrants": {"2": ("2 mixed",), "3+": KINDS[4:]},
    "more_immigrants": {"3+": (KINDS[4],)},
    "equal": {"3+": (KINDS[5],)},
    "fewer_immigrants": {"3+": (KINDS[6],)},
}


@pytest.fixture(scope="module")
def people():
    return reconstruct()


@pytest.fixture(scope="module")
def found(people):
    cells = f.cells_of(people)
    return cells.persons, cells.mean(weights(people).emigrating())


@needs_everybody
@pytest.mark.parametrize(("table", "rows"), [("4.1", 48), ("4.2", 48), ("4.3", 18)])
def test_every_rate_of_the_tables_holds(found, table, rows):
    persons, rate = found
    published = f.published(table)
    ages = [1] if table == "4.2" else [0, 1]
    wrong = {}
    for (reason, size, kind), told in published.items():
        at = np.ix_([REASON.index(reason)], [KINDS.index(k) for k in ROWS[kind][size]], ages)
        here = (rate[at] * persons[at]).sum() / persons[at].sum()
        if abs(here - told) > POINTS and abs(here / told - 1) > SHARE:
            wrong[reason, size, kind] = (here, told)
    assert not wrong
    assert len(published) == rows


@needs_everybody
def test_totals_by_reason_stay_those_of_the_published_model(people, found):
    nothing = {"family_offset": "none", "reason_offset": "none"}
    plain = weights(people, Settings(assumptions=nothing)).emigrating()
    mine = people.immigrants
    before = np.bincount(people["reason"][mine], plain[mine], len(REASON))
    after = (found[0] * found[1]).sum(axis=(1, 2))
    np.testing.assert_allclose(after, before, rtol=0.01)


@needs_everybody
def test_the_shipped_table_is_what_the_tool_makes(people):
    offset, _, _ = f.offsets(people)
    np.testing.assert_allclose(calibrated.read().offset[..., 1], offset, atol=6e-5)


def test_cells_count_immigrants_once():
    people = made_people(2_000)
    cells = f.cells_of(people)
    assert cells.persons.sum() == np.count_nonzero(people.immigrants)
    np.testing.assert_array_equal(cells.cell >= 0, people.immigrants)


def test_children_follow_and_factors_multiply():
    move, leave = np.array([0.5, 1.0]), np.array([0.5, 3.0])
    of = Weights(move, leave, np.array([1, 1]))
    np.testing.assert_allclose(of.emigrating(), [0.6, 0.6])
    np.testing.assert_allclose(of.emigrating(np.array([9.0, 0.0])), [0.0, 0.0])


def test_the_rates_wanted_average_to_the_table():
    """Of a reason and size, others and the young together have the rate of all ages."""
    persons = np.full(f.SHAPE, 100.0)
    rate, all_ages = f.wanted(persons), f._agreeing(f.published("4.1"), persons.sum(axis=2))
    for r, reason in enumerate(REASON.names):
        assert rate[r, 0].mean() == pytest.approx(all_ages[reason, "1", "all_families"], rel=0.2)
    assert (rate > 0).all()
    assert (rate < 0.5).all()
