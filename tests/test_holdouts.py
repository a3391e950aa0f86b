"""What the year shifts predict without having seen it."""

import csv
from pathlib import Path

import numpy as np
import pytest

from calibration import holdouts as h
from calibration import margins as m
from calibration.year_history import CITIZENS, LIVED, SHAPE, History
from calibration.year_record import YEARS_OF_STOCKS, Flow, published
from calibration.year_shifts import UNKNOWNS, Fit, Posterior

ROWS = list(csv.DictReader(h.OUT.read_text("utf-8").splitlines()))


def made_history(official):
    """A history in which one in twenty of everybody leaves."""
    stock = np.full((len(LIVED), *SHAPE[1:]), 1_000.0)
    left = np.full((len(LIVED), *SHAPE[1:], len(m.OFFICIAL)), 10.0)
    registered = np.zeros((len(LIVED), len(LIVED), len(CITIZENS), *SHAPE[1:]))
    registered[np.arange(len(LIVED)), np.arange(len(LIVED))] = 10.0  # in the year they left
    return History(stock, stock * 0, left, registered, np.zeros(len(LIVED)), official)


def stocks_as_published(factor=1.0):
    official = np.ones((len(LIVED) + 1, len(m.OFFICIAL)))
    official[YEARS_OF_STOCKS] = published().stocks * factor
    return made_history(official)


def test_who_predicts_the_record_is_off_by_nothing():
    rows = h.of_stocks("stocks", "stocks", stocks_as_published(), None)
    assert len(rows) == 8 * 6
    assert all(row.off == pytest.approx(0) and row.error is None for row in rows)
    told = {(row.year, row.what): row.told for row in rows}
    assert told[2013, "total"] == pytest.approx(m.PERSONS)


def test_ten_percent_too_many_are_ten_percent_too_many():
    """The error of a prediction, by hand: only the shift of work in 2005 is unsure."""
    covariance = np.zeros((UNKNOWNS, UNKNOWNS))
    covariance[6, 6] = 0.1**2
    posterior = Posterior(np.zeros(UNKNOWNS), covariance)
    rows = h.of_stocks("stocks", "stocks", stocks_as_published(1.1), posterior)
    assert all(row.off == pytest.approx(10) for row in rows)
    work = next(row for row in rows if (row.year, row.what) == (2006, "work"))
    fewer = 0.1 * 3 * 10 * (1 - 0.05)  # persons for a tenth more log odds
    assert work.error == pytest.approx(100 * fewer / work.found)


def test_emigrations_are_predicted_with_the_factor_of_their_citizenship():
    """6 reasons x 3 groups x 10 registered; error: the figure's own 8 percent, its year's 10, the factor's 6."""
    unknown, covariance = np.zeros(UNKNOWNS), np.zeros((UNKNOWNS, UNKNOWNS))
    asia = UNKNOWNS - len(CITIZENS) + CITIZENS.index("asia")
    unknown[asia], covariance[asia, asia] = np.log(2), 0.06**2
    fitted = Fit(Posterior(unknown, covariance), stocks_as_published(), ())
    flow = Flow(2011, ("asia",), 300.0, 0.08)
    both = Flow(2012, ("asia", "africa"), 540.0, 0.08)
    rows = list(h.of_flows("citizens", "asia", [flow, both], fitted))
    assert [(row.year, row.what) for row in rows] == [(2011, "asia"), (2012, "asia africa")]
    assert [row.found for row in rows] == pytest.approx([360, 540])
    assert [row.off for row in rows] == pytest.approx([20, 0])
    assert [row.error for row in rows] == pytest.approx(
        [100 * np.sqrt(0.08**2 + 0.1**2 + of**2) for of in (0.06, 0.04)]
    )


def test_rates_by_country_group_are_of_all_reasons():
    rows = h.of_groups(stocks_as_published())
    assert {row.what for row in rows} == {"country group 1", "country group 3"}
    assert all(row.found == pytest.approx(5.0) for row in rows)  # 5 x 10 of 1,000 in every cell


def test_the_summary_tells_the_mean_and_the_worst():
    rows = [h.Row("stocks", "stocks", 2006, "work", 100, 101, None, ""),
            h.Row("stocks", "stocks", 2007, "work", 100, 97, None, "")]  # fmt: skip
    (line,) = h.summary(rows)
    assert line.endswith("work: off by 2.0 percent on average, most in 2007 (-3.0)")


def test_rows_are_written_and_read(tmp_path):
    row = h.Row("years", "2008", 2008, "asia", 2172, 2389.2, 12.34, "a source")
    h.write(tmp_path / "out.csv", [row])
    (found,) = csv.DictReader((tmp_path / "out.csv").read_text("utf-8").splitlines())
    assert found == {"kind": "years", "left_out": "2008", "year": "2008", "what": "asia",
                     "told": "2172", "found": "2389", "percent_off": "10.00",
                     "std_error_percent": "12.3", "source": "a source"}  # fmt: skip


# --- The results that are shown ---


def off(kind, what):
    return [abs(float(row["percent_off"])) for row in ROWS
            if row["kind"] == kind and (row["what"] == "total") == (what == "total")
            and what in ("total", "all", row["what"])]  # fmt: skip


def test_flows_alone_predict_the_total_within_one_and_a_half_percent():
    assert len(off("stocks", "total")) == 8
    assert max(off("stocks", "total")) < 1.5


def test_flows_alone_predict_three_of_five_reasons_within_three_percent():
    """Asked is 3 percent of all five: work and education miss it, by half a point."""
    within = {name for name in m.OFFICIAL if max(off("stocks", name)) < 3}
    assert within == set(m.OFFICIAL) - {"work", "education_or_other"}
    assert max(off("stocks", "all")) < 3.7


def test_the_shipped_fit_is_within_the_bounds_of_the_history():
    assert max(off("shipped", "all")) < 2.5
    assert max(off("shipped", "total")) < 1.2


def test_every_figure_that_is_left_out_is_predicted():
    flows = published().flows
    assert sum(row["kind"] == "years" for row in ROWS) == 2 + sum(
        flow.year in h.YEARS_LEFT_OUT for flow in flows
    )
    told = {(str(flow.year), " ".join(flow.citizens)): f"{flow.emigrations:.0f}" for flow in flows}
    for row in ROWS:
        if row["kind"] in ("years", "citizens") and row["what"] != "net migration":
            assert row["told"] == told[row["year"], row["what"]]
    parts = sum(flow.some.sum() for flow in flows if not flow.some.all())
    assert sum(row["kind"] == "citizens" for row in ROWS) == parts


def test_the_page_shows_these_results():
    page = (Path(__file__).parent.parent / "docs" / "calibration.md").read_text("utf-8")
    for line in h.page_tables(ROWS):
        assert line in page
