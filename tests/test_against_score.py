"""The scorecard of own figures: judged by hand from replicates that answer with given numbers."""

import csv

import numpy as np
import pytest

from runs.validation.against import Row, cell_of
from runs.validation.against_score import (
    Observed,
    compared,
    page,
    read_all,
    summaries,
    told_of,
    write_csv,
)
from runs.validation.backtest import Backtest
from runs.validation.lived import Ensemble
from sim.problems import InputError


class Said:
    """A history that gives one number for everything."""

    years = tuple(range(2004, 2014))

    def __init__(self, value):
        self.value = value

    def of(self, quantity):
        return np.full(len(quantity.years), self.value)


def judged(*rows, answers=(4.0, 5.0, 6.0), tolerance=10.0):
    named = tuple(("own.csv", row) for row in rows)
    observed = Observed(named, tuple(cell_of(row, name) for name, row in named), tolerance)
    every = Ensemble([cell.quantity for cell in observed.cells])
    for answer in answers:
        every.add(Said(answer))
    found = {part: Backtest(every, every, every) for part in ("history", "descendants")}
    return compared(observed, found)


def row(value, year=2010, **more):
    return Row("line 2", "emigration_rate", year, {}, value, **more)


@pytest.mark.parametrize(
    ("figure", "tolerance", "holds"),
    [
        (row(5.5), 10, True), (row(5.6), 10, False), (row(5.6), 15, True),
        (row(4.0, error=0.5), 10, True), (row(4.0, error=0.4), 10, False),
        (row(9.0, low=4.9, high=10.0), 10, True), (row(5.0, low=5.1, high=10.0), 10, False),
        (row(9.0, low=4.0), 10, True), (row(9.0, high=4.0), 10, False),
    ],
)  # fmt: skip
def test_a_figure_holds_within_its_bounds_or_the_tolerance(figure, tolerance, holds):
    (one,) = judged(figure, tolerance=tolerance)
    assert one.holds is holds


def test_bias_and_coverage_are_those_of_the_replicates():
    rows = judged(row(4.5), row(7.0, 2011))
    assert [one.inside for one in rows] == [True, False]
    (one,) = summaries(rows)
    assert (one["figures"], one["told"], one["held"], one["inside"]) == (2, 2, 0, 1)
    assert one["bias"] == pytest.approx((0.5 - 2.0) / 2)
    assert one["bias_percent"] == pytest.approx(100 * -1.5 / 11.5)
    assert one["median_gap"] == pytest.approx(1.25)
    assert list(told_of(rows, 10))[1] == (
        "  own.csv, emigration_rate: 0 of 2 hold, bias -0.75 percent, 1 inside the interval")  # fmt: skip


def test_what_is_not_told_says_so_and_counts_nowhere():
    rows = judged(row(4.5), answers=(np.nan, 4.0))
    assert rows[0].holds is None
    assert rows[0].inside is None
    assert "nobody of that kind" in rows[0].why
    assert summaries(rows)[0]["told"] == 0
    assert list(told_of(rows, 10))[1] == "  own.csv, emigration_rate: none could be told"


def test_the_file_and_the_page_have_every_figure(tmp_path):
    rows = judged(row(4.5, error=0.3), row(9.0, 2011))
    write_csv(tmp_path / "against.csv", rows)
    with (tmp_path / "against.csv").open() as file:
        first, second = csv.DictReader(file)
    assert (first["observed"], first["simulated"], first["gap"]) == ("4.5", "5", "0.5")
    assert (first["holds"], first["inside"], second["holds"]) == ("yes", "yes", "no")
    text = page(rows, {"scenario": "history", "replicates": 3}, 10)
    assert text.count("own.csv, line 2") == 2
    assert "at most 10 percent of the figure or two of its standard errors" in text


def test_problems_of_all_files_are_told_at_once(tmp_path):
    for name, line in (
        ("a.csv", "stock,2010,x"),
        ("b.csv", "stck,2010,5"),
        ("c.csv", "stock,2010,5"),
    ):
        (tmp_path / name).write_text(f"measure,year,value\n{line}\n")
    paths = [str(tmp_path / name) for name in ("a.csv", "b.csv", "c.csv", "none.json")]
    with pytest.raises(InputError) as error:
        read_all(paths, None, 10)
    said = str(error.value)
    assert said.startswith("--against has 3 problems")
    assert "a.csv: line 2: value is 'x'" in said
    assert "b.csv: line 2: measure is 'stck'" in said
    assert "none.json: file: is no file" in said
    assert len(read_all(paths[2:3] * 2, None, 10).rows) == 1, "a file given twice is read once"


def test_a_file_without_figures_is_refused(tmp_path):
    (tmp_path / "a.csv").write_text("measure,year,value\n")
    with pytest.raises(InputError, match="has no figures"):
        read_all([str(tmp_path / "a.csv")], None, 10)
