"""Year shifts fitted to the record: the record, the counts of a history, the fit itself."""

import csv
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from calibration import margins as m
from calibration import reconstruct, start_years
from calibration import year_shifts as y
from calibration.year_history import (
    CITIZENS,
    CITIZENS_OF,
    DATA,
    LIVED,
    SHAPE,
    SHIFTED,
    History,
    official_reason,
    simulate,
)
from calibration.year_record import (
    FOUND_ERROR,
    NET_LEVEL_ERROR,
    Flow,
    Net,
    Readings,
    Record,
    published,
)
from sim.chance import Chance
from sim.codes import COUNTRY_GROUP, ORIGIN, REASON
from sim.engine import Simulation
from sim.jit import COMPILED
from sim.transitions.calibrated import YEARS, read
from sim.transitions.process import Settings
from tests.conftest import load
from tests.test_history import official

whole = pytest.mark.skipif(not COMPILED, reason="needs many histories")
NO_SHIFTS = np.zeros(SHAPE)
EVERYTHING = y.Plan(stocks=True)
SCALE = load(0.05, 0.01)


@pytest.fixture(scope="module")
def small():
    """A history of few people without shifts."""
    return simulate(NO_SHIFTS, seeds=(3,), scale=SCALE)


# --- The record ---


def test_readings_are_those_of_the_report_with_errors_that_a_reason_shares():
    readings = published().readings
    rows = [row for row in m.table("year_rates") if row["told_by"] == "report"]
    assert len(rows) == readings.log_rate.size == 9 * 6
    for i, row in enumerate(rows):
        assert np.exp(readings.log_rate[i]) == pytest.approx(float(row["emigrated_percent"]) / 100)
        for j, other in enumerate(rows):
            expected = float(row["level_error_percent"]) * float(other["level_error_percent"])
            expected *= row["reason"] == other["reason"]
            expected += float(row["error_percent"]) ** 2 * (i == j)
            assert readings.covariance[i, j] == pytest.approx(expected / 1e4)


def test_work_is_read_at_or_above_nordic_in_every_year_before_2011():
    read = {(row["reason"], row["year"]): float(row["emigrated_percent"])
            for row in m.table("year_rates") if row["told_by"] == "report"}  # fmt: skip
    for year in range(2004, 2011):
        assert read["work", str(year)] >= read["nordic", str(year)]


def test_emigrations_of_one_year_err_together_but_for_nordic_ones(small):
    """By hand: 10 percent in common, of a sum in the share that is not Nordic."""
    flows = [Flow(2011, ("asia",), 1.0, 0.08), Flow(2011, ("africa",), 1.0, 0.06),
             Flow(2011, ("nordic",), 1.0, 0.08), Flow(2012, ("asia",), 1.0, 0.08),
             Flow(2011, ("nordic", "asia"), 1.0, 0.08)]  # fmt: skip
    found = y.emigrations(np.zeros(y.UNKNOWNS), small, flows).covariance
    nordic, asia = (small.emigrations[2011 - 2004, CITIZENS.index(c)] for c in ("nordic", "asia"))
    late = FOUND_ERROR * asia / (nordic + asia)
    assert FOUND_ERROR == 0.10
    assert found[0, 0] == pytest.approx(0.08**2 + 0.10**2)
    assert found[0, 1] == pytest.approx(0.10**2)
    assert found[1, 1] == pytest.approx(0.06**2 + 0.10**2)
    assert found[2] == pytest.approx([0, 0, 0.08**2, 0, 0])
    assert found[3] == pytest.approx([0, 0, 0, 0.08**2 + 0.10**2, 0])
    assert found[4] == pytest.approx([0.1 * late, 0.1 * late, 0, 0, 0.08**2 + late**2])


def test_flows_count_every_citizenship_once_and_sum_to_the_published_totals():
    years, totals = start_years.emigrations_by_year()
    for year in SHIFTED:
        mine = [flow for flow in published().flows if flow.year == year]
        assert sum(flow.some.astype(int) for flow in mine).tolist() == [1] * len(CITIZENS)
        if year != 2009:  # assumed there, derived from net migration here
            assert sum(flow.emigrations for flow in mine) == totals[years == year]


def test_net_migration_is_immigrations_less_emigrations():
    net = {one.year: one for one in published().net}
    assert net[2011] == Net(2011, 70_759 - 22_883, 1_000)
    assert net[2010].error == 2_000  # arrivals of the year are derived
    assert sorted(net) == list(SHIFTED)


def test_stocks_are_the_published_ones():
    assert published().stocks.shape == (8, 5)
    assert published().stocks[-1].sum() == m.PERSONS
    assert published().stocks[0].sum() == pytest.approx(start_years.immigrants(2006).sum(), abs=100)


# --- Histories ---


def test_the_official_reason_of_everybody():
    people = reconstruct(scale=0.02)
    found = np.bincount(official_reason(people)[people.immigrants], minlength=5)
    assert dict(zip(m.OFFICIAL, found.tolist(), strict=True)) == official(people)


def test_citizenship_follows_origin():
    by_origin = {ORIGIN.names[i]: CITIZENS[c] for i, c in enumerate(CITIZENS_OF)}
    assert by_origin["sweden"] == "nordic"
    assert by_origin["turkey"] == by_origin["vietnam"] == "asia"  # the record has Turkey there
    assert by_origin["eu_east"] == by_origin["e_europe_other_non_eu"] == "eastern_europe"
    assert by_origin["somalia_djibouti"] == "africa"


def test_a_history_counts_what_the_engine_counts(small):
    plain = Settings(assumptions={"year_effects": "as_2013"})
    simulation = Simulation(reconstruct(year=2004, seed=3, scale=SCALE), plain, Chance(3),
                            dimensions=("background", "reason", "country_group"))  # fmt: skip
    registered = 0.0
    for t in range(len(LIVED)):
        people = simulation.population
        expected = list(official(people).values())
        np.testing.assert_allclose(small.official[t] * SCALE, expected, rtol=1e-12)
        counts = simulation.step()
        for event, found in (("emigrate", small.left[t].sum(axis=2)),
                             ("domestic", small.movers[t])):  # fmt: skip
            table = np.zeros(simulation.observer.shape)
            cells, number = counts.flows[event]
            table.reshape(-1)[cells] = number
            np.testing.assert_allclose(found * SCALE, table[:2].sum(axis=0), rtol=1e-12)
        cells, number = counts.flows["register"]
        registered += number[cells < 2 * SHAPE[1] * SHAPE[2]].sum()
    assert small.registered.sum() * SCALE == pytest.approx(registered)
    assert (np.triu(small.registered.sum(axis=(2, 3, 4)), 1) == 0).all()  # nobody before leaving


def test_departures_from_before_2004_are_found_as_late_as_those_of_2004(small):
    late = small.registered[:, 0].sum(axis=(2, 3))
    years, totals = start_years.emigrations_by_year()
    known = dict(zip(years.tolist(), totals.tolist(), strict=True))
    by_hand = sum(late[lag] * known[2006 - lag] / known[2004] for lag in range(3, len(LIVED)))
    np.testing.assert_allclose(small.from_before[2], by_hand)
    assert (small.emigrations >= small.registered.sum(axis=(1, 3, 4))).all()


# --- The fit ---


def test_a_shift_is_that_of_its_reason_plus_that_of_its_group():
    unknown = np.arange(y.UNKNOWNS, dtype=float)
    shifts = y.shifts_of(unknown)
    assert shifts.shape == SHAPE
    assert shifts[2, 4, 1] == (2 * len(REASON) + 4) + (54 + 2 * len(COUNTRY_GROUP) + 1)
    covariance = np.eye(y.UNKNOWNS)
    covariance[0, 54] = covariance[54, 0] = -0.5
    errors = y.Posterior(unknown, covariance).std_error
    assert errors[0, 0, 0] == pytest.approx(1.0)
    assert errors[3, 2, 1] == pytest.approx(np.sqrt(2))


def test_the_prior_holds_years_together():
    """The quadratic form beside its sum, term by term."""
    precision, mean = y.prior()
    unknown = np.random.default_rng(1).normal(size=y.UNKNOWNS)
    reason, group = unknown[:54].reshape(9, 6), unknown[54:81].reshape(9, 3)
    expected = ((unknown[81:] - np.log(1.1)) / 0.25) @ ((unknown[81:] - np.log(1.1)) / 0.25)
    for table, spread, step in ((reason, 0.7, 0.25), (group, 0.3, 0.15)):
        for t, row in enumerate(table):
            expected += (row**2).sum() / spread**2
            expected += ((row - table[t - 1]) ** 2).sum() / step**2 if t else 0.0
    assert (unknown - mean) @ precision @ (unknown - mean) == pytest.approx(expected)


def test_what_is_left_out_is_not_looked_at(small):
    record = published()
    years = y.Plan(without_years=frozenset({2008, 2011}))
    assert {flow.year for flow in years.flows(record)} == set(SHIFTED) - {2008, 2011}
    assert {net.year for net in years.net(record)} == set(SHIFTED) - {2008, 2011}
    without = y.Plan(without_citizens=frozenset({"asia"})).flows(record)
    assert all(flow.some.all() or "asia" not in flow.citizens for flow in without)
    assert any(flow.some.all() for flow in without)
    parts = y.observations(np.zeros(y.UNKNOWNS), small, years, record)
    assert len(parts) == 3  # no stocks


def even_history():
    """Of 1,000 of every reason and group, 10 of each official reason leave and are found at once.

    Of each official reason 4,000 are there.
    """
    n = len(LIVED)
    stock, official = np.full((n, *SHAPE[1:]), 1_000.0), np.full((n + 1, len(m.OFFICIAL)), 4_000.0)
    left = np.full((n, *SHAPE[1:], len(m.OFFICIAL)), 10.0)
    registered = np.zeros((n, n, len(CITIZENS), *SHAPE[1:]))
    registered[np.arange(n), np.arange(n)] = 10.0
    return History(stock, stock * 0, left, registered, np.zeros(n), official)


def slopes_of(observed):
    """Return slopes by year and reason, by year and group, and by citizenship."""
    reasons, groups = y.BY_REASON, y.BY_REASON + y.BY_GROUP
    return (observed.slopes[:, :reasons].reshape(-1, y.YEARS_SHIFTED, y.REASONS),
            observed.slopes[:, reasons:groups].reshape(-1, y.YEARS_SHIFTED, y.GROUPS),
            observed.slopes[:, groups:])  # fmt: skip


def test_slopes_by_hand():
    """Of 1,000 in a cell 50 leave: a little more log odds moves 95 percent of the leavers."""
    history, of = even_history(), REASON.index("education")
    read = Readings(np.array([3]), np.array([of]), np.log([0.05]), np.eye(1))
    reason, group, factor = slopes_of(y.rates(history, read))
    assert np.flatnonzero(reason[0]).tolist() == [3 * y.REASONS + of]
    assert reason[0, 3, of] == pytest.approx(0.95)
    assert group[0, 3] == pytest.approx([0.95 / 3] * 3)  # its leavers are of all groups alike
    assert group[0].sum() == pytest.approx(0.95)
    assert not factor.any()

    flow = Flow(2011, ("asia", "africa"), 1.0, 0.08)
    reason, group, factor = slopes_of(y.emigrations(np.zeros(y.UNKNOWNS), history, [flow]))
    assert reason[0, 7] == pytest.approx([0.95 / 6] * 6)
    assert group[0, 7] == pytest.approx([0.95 / 3] * 3)
    assert factor[0] == pytest.approx([0, 0, 0, 0.5, 0.5, 0])

    reason, group, _ = slopes_of(y.net_migration(history, [Net(2006, 0.0, 1.0)]))
    assert reason[0, 2] == pytest.approx([-0.95 * 150] * 6)
    assert group[0, 2] == pytest.approx([-0.95 * 300] * 3)
    assert reason[0].sum() == pytest.approx(-0.95 * 900)


def test_of_those_who_left_some_would_have_left_later_and_some_are_back():
    """Work, 2005, by hand: 95 percent stay a year, and 15 percent come back in four years."""
    assert y.BACK == 0.15
    history, work = even_history(), REASON.index("work")
    reason, _, _ = slopes_of(y.stocks(history, np.ones((8, len(m.OFFICIAL)))))
    lost = 3 * 10 * 0.95  # of one official reason, in three groups
    for later in range(8):
        expected = lost * 0.95**later * (1 - 0.15 / 4) ** min(later, 3)
        if 2006 + later < 2013:
            assert -reason[later * 5, 1, work] * 4_000 == pytest.approx(expected)
    assert not reason[0, 2].any()  # who leaves in 2006 is there on 1 January


@whole
def test_slopes_are_what_simulated_differences_say():
    """Within a tenth to a fifth: partners and children share outcomes, which slopes ignore."""
    shift = np.zeros(y.UNKNOWNS)
    shift[:81] = np.random.default_rng(5).normal(0, 0.2, 81)
    histories = [simulate(y.shifts_of(sign * shift), scale=0.3) for sign in (-1, 0, 1)]
    below, here, above = (
        y.observations(sign * shift, history, EVERYTHING, published())
        for sign, history in zip((-1, 0, 1), histories, strict=True)
    )
    for less, at, more in zip(below, here, above, strict=True):
        expected, found = at.slopes @ shift, (more.expected - less.expected) / 2
        assert np.corrcoef(expected, found)[0, 1] > 0.95
        assert found @ expected / (expected @ expected) == pytest.approx(0.9, abs=0.2)


def made_record(history, factors, rng):
    """What a record of these people would tell, with errors as large as stated."""
    real = published()
    readings = real.readings
    noise = rng.multivariate_normal(np.zeros(readings.log_rate.size), readings.covariance)
    rates = np.log(history.rates[readings.year, readings.reason]) + noise
    flows = []
    found = dict(zip(SHIFTED, rng.normal(0, FOUND_ERROR, len(SHIFTED)), strict=True))
    for flow in real.flows:
        of_each = factors * history.emigrations[flow.year - 2004] * flow.some
        late = 1 - of_each[CITIZENS.index("nordic")] / of_each.sum()
        error = rng.normal(0, flow.error) + late * found[flow.year]
        told = float(of_each.sum() * np.exp(error))
        flows.append(Flow(flow.year, flow.citizens, told, flow.error))
    level = rng.normal(0, NET_LEVEL_ERROR)
    net = [Net(one.year, history.net[one.year - 2004] + level + rng.normal(0, one.error), one.error)
           for one in real.net]  # fmt: skip
    return Record(replace(readings, log_rate=rates), tuple(flows), tuple(net), real.stocks)


@whole
def test_known_shifts_are_found_within_the_stated_errors():
    """Truth is drawn from the prior and the record from the truth; false alarms: one in 10,000.

    A sixth of the people, with luck shared, so that what is left is the record's own error.
    """
    rng = np.random.default_rng(11)
    precision, mean = y.prior()
    truth = rng.multivariate_normal(mean, np.linalg.inv(precision))
    factors = np.exp(truth[-len(CITIZENS) :])
    record = made_record(simulate(y.shifts_of(truth), scale=1 / 6), factors, rng)
    found = y.fit(y.Plan(), record, rounds=6, seeds=(1,), scale=1 / 6)
    miss = found.posterior.unknown - truth
    distance = miss @ np.linalg.solve(found.posterior.covariance, miss)
    low, high = stats.chi2(y.UNKNOWNS).ppf([0.5e-4, 1 - 0.5e-4])
    assert low < distance < high
    assert found.moved[-1] < 0.1 * found.moved[0]
    assert (found.posterior.std_error < 0.76).all()  # of the prior: sqrt(0.7^2 + 0.3^2)


# --- What is shipped ---


def table(path):
    return list(csv.DictReader(path.read_text("utf-8").splitlines()))


def test_2013_and_later_are_not_shifted():
    shipped = read()
    assert sorted(shipped.shifts) == list(SHIFTED)
    for year in (2003, 2013, 2014, 2060):
        assert not shipped.year_shift(year).any()
    assert not any(shipped.year_shift(year)[..., 0].any() for year in SHIFTED)  # moves: none


def test_the_table_is_made_of_the_unknowns():
    shifts = y.shifts_of(y.read_unknowns())
    rows = table(DATA / YEARS)
    assert len(rows) == len(SHIFTED) * (5 * 3 + 1)
    for row in rows:
        at = (int(row["year"]) - 2004, REASON.index(row["reason"]),
              COUNTRY_GROUP.index(row["country_group"]))  # fmt: skip
        assert float(row["shift"]) == pytest.approx(shifts[at], abs=1e-4)
        assert 0.02 < float(row["std_error"]) < 0.4


@whole
def test_the_shipped_shifts_are_where_the_fit_stands_still(tmp_path):
    """Of one seed, one more round moves a shift by less than 0.1, and errors are as written."""
    unknown = y.read_unknowns()
    again = y.solve(unknown, simulate(y.shifts_of(unknown)), EVERYTHING, published())
    assert np.abs(again.shifts - y.shifts_of(unknown)).max() < 0.1
    y.write_table(tmp_path / YEARS, again)
    y.write_unknowns(tmp_path / "unknown.csv", again)
    np.testing.assert_allclose(y.read_unknowns(tmp_path / "unknown.csv"), again.unknown, atol=1e-5)
    found, told = ([float(row["std_error"]) for row in table(path)]
                   for path in (tmp_path / YEARS, DATA / YEARS))  # fmt: skip
    np.testing.assert_allclose(found, told, rtol=0.1)
