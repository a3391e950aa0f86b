"""Published tables beside the model's: by hand from few figures, and from people made by hand."""

import csv

import numpy as np
import pytest

from calibration.linear import fit_linear
from runs.validation.backtest import Backtest
from runs.validation.beside import GROUPS, Beside, beside, kind_of, summary, told, write_csv
from runs.validation.cells import (
    Cell,
    county_cells,
    effect_cells,
    family_cells,
    linear_cells,
    table_cells,
)
from runs.validation.lived import Ensemble, Lived
from runs.validation.quantity import Quantity, Whom
from runs.validation.tables_page import heading, tables_page
from tests.test_validation_regressions import YEAR, chances, history, models_of, some

PEOPLE = some  # the people of the logit's own tests
RATE = Quantity("emigration_rate", Whom(), (2013,))


class Said:
    """A history that answers with given numbers."""

    years = (2013,)

    def __init__(self, answers):
        self.answers = answers

    def of(self, quantity):
        return np.array(self.answers[quantity], dtype=float)


def lived_by(quantity, *answers):
    """Return a backtest in which replicates gave these answers."""
    every = Ensemble([quantity])
    for answer in answers:
        every.add(Said({quantity: answer}))
    return {"cross_section": Backtest(every, every, every)}


def cell(low, high=None, **more):
    return Cell("4.1", "row", "column", RATE, "cross_section", low, low if high is None else high,
                **more)  # fmt: skip


def test_the_mean_and_the_bounds_are_those_of_the_replicates():
    (row,) = beside([cell(5.0)], lived_by(RATE, [4.0], [6.0], [8.0]))
    assert row.simulated == 6.0
    np.testing.assert_allclose([row.low, row.high], np.quantile([4, 6, 8], (0.025, 0.975)))
    assert row.inside
    assert row.gap == 1.0


def test_five_years_are_the_mean_of_annual_figures():
    asked = Quantity("emigration_rate", Whom(), (2009, 2010))
    five = Cell("figure 5.14", "row", "column", asked, "cross_section")
    (row,) = beside([five], lived_by(asked, [2.0, 4.0], [4.0, 8.0]))
    assert row.simulated == 4.5
    assert row.inside is None
    assert np.isnan(row.gap)


@pytest.mark.parametrize(
    ("low", "high", "half", "inside", "gap"),
    [
        (4.0, 4.0, 0.0, True, 0.0), (3.9, 3.9, 0.0, False, 0.1), (3.96, 3.96, 0.05, True, 0.04),
        (1.0, 3.0, 0.0, False, 1.0), (1.0, 5.0, 0.0, True, 0.0), (-np.inf, 3.0, 0.0, False, 1.0),
        (4.0, np.inf, 0.0, True, 0.0), (5.0, np.inf, 0.0, False, -1.0),
    ],
)  # fmt: skip
def test_what_is_printed_lies_inside_or_not(low, high, half, inside, gap):
    (row,) = beside([cell(low, high, half=half)], lived_by(RATE, [4.0], [4.0]))
    assert row.inside is inside
    assert row.gap == pytest.approx(gap)


def test_near_is_two_printed_standard_errors():
    for error, near in ((0.6, True), (0.4, False)):
        (row,) = beside([cell(3.0, error=error)], lived_by(RATE, [4.0], [4.0]))
        assert row.near is near
    (row,) = beside([cell(3.0)], lived_by(RATE, [4.0], [4.0]))
    assert row.near is None


def test_what_no_history_tells_is_left_open():
    (row,) = beside([cell(3.0)], lived_by(RATE, [np.nan], [4.0]))
    assert row.inside is None
    assert not beside([Cell("4.1", "r", "c", RATE, "history")], lived_by(RATE, [1.0]))


def test_sums_and_words_count_what_can_be_compared():
    rows = [Beside(cell(5.0, error=1.0), 4.0, 3.0, 6.0), Beside(cell(9.0), 4.0, 3.0, 6.0),
            Beside(cell(np.nan), 4.0, 3.0, 6.0)]  # fmt: skip
    one = summary("4.1", rows)
    assert (one.cells, one.told, one.inside, one.near, one.with_errors) == (3, 2, 1, 1, 1)
    assert (one.gap, one.largest) == (3.0, 5.0)
    assert list(told(rows)) == [
        "  Rates by family (Tables 4.1-4.3): 1 of 2 published figures inside the interval, "
        "median gap 3 (percent); 1 of 1 within two printed errors"
    ]
    nothing = summary("x", rows[2:])
    assert (nothing.told, nothing.inside) == (0, 0)
    assert np.isnan(nothing.gap)


def test_the_file_has_a_row_for_every_figure(tmp_path):
    rows = [Beside(cell(5.0, source="Table"), 4.0, 3.0, 6.0), Beside(cell(np.nan), 4.0, 3.0, 6.0)]
    write_csv(tmp_path / "tables.csv", rows)
    with (tmp_path / "tables.csv").open() as file:
        first, second = csv.DictReader(file)
    assert (first["published"], first["simulated"], first["low"], first["high"]) == (
        "5", "4", "3", "6")  # fmt: skip
    assert (first["inside"], first["gap"], first["source"]) == ("yes", "-1", "Table")
    assert (second["published"], second["inside"], second["gap"]) == ("", "", "")


def test_the_page_shows_every_table_with_its_sum():
    rows = [Beside(cell(5.0, source="Rapporter 2016/27 table 4.1"), 4.0, 3.0, 4.5)]
    page = tables_page(rows, {"scenario": "history", "replicates": 2})
    assert "Table 4.1: 0 of 1 inside" in page
    assert '<td class="no">no</td>' in page
    assert "Rapporter 2016/27 table 4.1" in page
    assert heading("figure 5.14") == "Figure 5.14"


def test_the_tables_of_the_report_are_all_there():
    assert len(list(family_cells())) == 2 * (48 + 66)
    assert len(list(linear_cells())) == 324
    assert len(list(effect_cells())) == 609
    assert len(list(county_cells())) == 7 * 2 * 19 * 2
    used = {one.table: one.used_by for one in table_cells() if one.table.startswith("5.")}
    assert {used[name] for name in ("5.2", "5.3", "5.5", "5.11")} == {()}, "held out"
    assert {used[name] for name in ("5.13", "5.31")} == {("reason_offsets",)}
    assert kind_of("5.11") == "Linear models by level (Tables 5.2-5.11)"
    assert kind_of("5.13") == "Linear models by county (Tables 5.13-5.31)"
    assert {kind_of(one.table) for one in table_cells()} < {*GROUPS.values(), kind_of("5.31")}


def test_families_are_asked_for_as_the_tables_divide_them():
    asked = {(one.table, one.row): one for one in family_cells() if "emigrate" in one.column}
    all_of_two = asked["4.1", "work, family of 2, all families"]
    assert all_of_two.quantity.whom == Whom(reason=("work",), family_size=("2",))
    assert (all_of_two.low, all_of_two.published) == (2.9, "2.9")
    young = asked["4.2", "nordic, family of 3+, also non immigrants"].quantity.whom
    assert young == Whom(reason=("nordic",), family_size=("3+",), family_type=("mixed",),
                         age=("20-35",))  # fmt: skip
    fewer = asked["4.3", "work, family of 3+, fewer immigrants"].quantity.whom
    assert fewer.family_type == ("mixed_immigrant_minority",)


def test_the_prose_gives_some_counties_numbers():
    """Rogaland 2004-08: about 10.7 percent of education immigrants; Nordic moves below 4."""
    found = {(one.row, one.column[:4]): one.published for one in county_cells()}
    assert found["Rogaland, education immigrants, 2004-2008", "emig"] == "10.7"
    assert found["Hedmark, education immigrants, 2009-2013", "move"] == "at least 10"
    assert found["Finnmark, Nordic immigrants, 2004-2008", "move"] == "0 to 4"
    assert found["Oslo, all immigrants, 2004-2008", "emig"] == ""


@pytest.fixture(scope="module")
def lived(some):
    return Lived(history(some))


def test_a_cell_of_a_linear_table_is_the_coefficient_of_its_own_fit(lived):
    lived.regressions.sample(YEAR)
    direct = fit_linear(lived.regressions.sample(YEAR), "5.2", omit_empty=True)
    for one in linear_cells():
        if one.table == "5.2":
            k = ("stay", "move to another level", "emigrate").index(one.column)
            name = one.quantity.term[1]
            expected = direct.estimates[direct.variables.index(name), k]
            np.testing.assert_allclose(lived.of(one.quantity), expected, atol=1e-12)


def test_an_effect_is_the_difference_of_the_two_persons_of_its_table(lived):
    """Table 6.4 by hand: a woman of 30, three years in Norway, a family of 5 with 4 immigrants."""
    who = {"age": 31, "stay": 4, "total": 5, "immigrants": 4}
    codes = {"sex": "female", "education": "upper_secondary_basic", "status": "employed",
             "centrality": "4"}  # fmt: skip
    fitted = models_of(lived, 1)["6.1"]
    beta = dict(zip(fitted.terms, fitted.estimates, strict=True))
    for one in effect_cells():
        if one.table != "6.4":
            continue
        value = one.quantity.term[1]
        there, here = (chances(beta, who, codes | {"reason": r}) for r in (value, "nordic"))
        k = ("stay", "move to another level", "emigrate").index(one.column)
        np.testing.assert_allclose(lived.of(one.quantity), (there - here)[k], atol=1e-12)


def test_effects_by_level_come_from_the_model_of_the_level(lived):
    who = {"age": 31, "stay": 4, "total": 6, "immigrants": 5}
    codes = {"sex": "male", "education": "upper_secondary_basic", "status": "employed",
             "reason": "work"}  # fmt: skip
    fitted = models_of(lived, 2)["D2"]
    beta = dict(zip(fitted.terms, fitted.estimates, strict=True)) | {"female": np.zeros(2)}
    beta = {name: value for name, value in beta.items() if not name.startswith("centrality")}
    here = who | {"total": 5, "immigrants": 4}
    expected = (chances(beta, who, codes | {"centrality": "2"})
                - chances(beta, here, codes | {"centrality": "2"}))  # fmt: skip
    found = [lived.of(one.quantity)[0] for one in effect_cells()
             if one.table == "6.16" and one.row == "family 6/5 instead of 5/4, level 2"]  # fmt: skip
    np.testing.assert_allclose(found, expected, atol=1e-12)
