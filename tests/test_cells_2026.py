"""Figures of the report of 2026: every number of the prose is a cell, asked as it was told."""

import pytest

from runs.validation.cells_2026 import cells_2026, half_of
from runs.validation.quantity import POOLED, Quantity, Whom
from runs.validation.record import patterns


def cell(row, column=""):
    (found,) = [one for one in cells_2026() if one.row == row and column in one.column]
    return found


@pytest.mark.parametrize(
    ("number", "about", "half"),
    [(1.11, False, 0.005), (43, False, 0.5), (300, True, 50), (300, False, 0.5), (0.764, False, 0.0005),
     (29_000_000, True, 500_000), (1.1, True, 0.05)],
)  # fmt: skip
def test_a_number_stands_for_all_that_round_to_it(number, about, half):
    assert half_of(number, about=about) == pytest.approx(half)


def test_a_number_of_the_prose_lies_on_the_curve_it_is_of():
    back = cell("Norwegian-born to immigrants", "back after five years")
    assert (back.table, back.low, back.high) == ("2026 figure 6", 43, 43)
    assert back.quantity == Quantity(
        "return_share_5y", Whom("norwegian_born_2ip", age=("18-35",)), tuple(range(2000, 2020)),
        POOLED, "d2026",
    )  # fmt: skip
    assert back.used_by == ("returning",)
    somalia = cell("Somalia and Djibouti", "percent of person-years")
    assert (somalia.table, somalia.published) == ("2026 figure 11", "1.1")
    drawn = cell("others, 2013", "percent a year")
    assert (drawn.table, drawn.published) == ("2026 figure 3", "")


def test_every_number_and_bound_of_the_prose_is_there_once():
    kinds = ("value", "approx", "range")
    told = [p for p in patterns().values()
            if p.report == "d2026" and p.kind in kinds and not p.expected.sign]  # fmt: skip
    numbers = sum(max(1, len(p.members or p.expected.values)) * max(
        1, len(p.each.get("group", ()))) for p in told)  # fmt: skip
    assert sum(one.published != "" for one in cells_2026()) == numbers
    asked = [one.quantity for one in cells_2026()]
    assert len(set(asked)) == len(asked)


def test_figures_come_in_the_order_of_the_report():
    tables = list(dict.fromkeys(one.table for one in cells_2026()))
    assert tables[:5] == [f"2026 figure {n}" for n in range(1, 6)]
    assert all(one.part == "descendants" for one in cells_2026())
