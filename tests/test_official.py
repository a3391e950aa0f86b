"""Beside the official projections: which figures stand there, and for which runs."""

import pytest

from runs.answer import rounded
from runs.official import ALIKE, official, projections
from runs.tables import estimates, summaries
from tests.made_runs import random_run

WHOLE = {"population": {"asked_for": "embedded"}}


@pytest.fixture(scope="module")
def made():
    run = random_run(years=range(2013, 2021), replicates=4, cells=30, people=9_000)
    return summaries(*run, years=(2013, 2020))


def test_every_official_figure_has_a_source_and_is_like_something():
    assert len({(r["round"], r["year"], r["quantity"], r["alternative"]) for r in projections()}) \
        == len(projections())  # fmt: skip
    for row in projections():
        assert row["quantity"] in ALIKE
        assert "Statistics Norway" in row["source"]
        assert row["kind"] in ("registered", "projected")
    told = {(r["round"], r["year"]): r["value"] for r in projections()
            if r["quantity"] == "immigrants"}  # fmt: skip
    assert told["2012", "2050"] == "1300000"
    assert told["2016", "2060"] == "1700000"


def test_figures_of_the_years_of_a_run_stand_beside_it(made):
    rows = official(made, WHOLE)
    assert {row.year for row in rows} <= set(range(2013, 2022))
    known = [r for r in projections() if 2013 <= int(r["year"]) <= 2020]
    assert {(r.year, r.official.replace(",", "")) for r in rows} <= {
        (int(r["year"]), r["value"]) for r in known
    }
    stock = [row for row in rows if row.quantity == "Immigrants, 1 January"]
    assert [row.year for row in stock] == [2016]
    assert stock[0].official == "700,000"
    assert stock[0].interval
    emigrated = [row for row in rows if row.quantity == "Emigrations" and row.year == 2013]
    assert emigrated[0].what == "registered, round of 2014"
    assert "Norwegian citizens" in emigrated[0].note


def test_beside_a_figure_stands_the_run_of_the_same_year(made):
    of_year = {(m, year): e for (m, _, year), e in estimates(made["summary_total"]).items()}
    measures = {quantity: measure for measure, quantity, _ in ALIKE.values()}
    rows = official(made, WHOLE)
    assert len({row.year for row in rows}) > 2
    for row in rows:
        measure = measures[row.quantity]
        found = rounded(of_year[measure, row.year], rate=False, stock=measure == "stock")
        assert (row.run, row.interval) == found
        other = of_year.get((measure, row.year + 1))
        assert other is None or other.mean != of_year[measure, row.year].mean


@pytest.mark.parametrize("asked_for", ["embedded:0.1", "/data/register.parquet", None])
def test_a_part_of_the_people_is_not_beside_the_country(made, asked_for):
    assert official(made, {"population": {"asked_for": asked_for}}) == []
    assert official(made, {}) == []
