"""The tables of the linear models, and the published ones beside the reconstructed register."""

import csv
import io
import re
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from calibration import reconstruct
from calibration.linear import TABLES, Specification, fit_linear, fit_tables
from calibration.linear_published import (
    beside_published,
    comparable,
    expected_columns,
    page,
    published_sizes,
    refit,
)
from calibration.linear_tables import latex, lines, note, text, title, to_csv
from calibration.margins import table
from calibration.table_layout import signed
from sim.problems import InputError
from sim.transitions.terms import OUTCOMES
from tests.test_linear import made

PAGE = Path(__file__).parent.parent / "docs" / "linear.md"


@pytest.fixture(scope="module")
def fits():
    return fit_tables(made(12_000))


# --- Layout ---


def test_rows_of_the_base_table_are_those_of_the_report(fits):
    printed = [row["variable"] for row in table("linear_published") if row["table"] == "5.2"]
    found = [line.variable for line in lines(fits["5.2"])]
    assert found == list(dict.fromkeys(printed))
    everything = [line.variable for line in lines(fits["5.2"], everything=True)]
    assert everything == ["constant", *found] == list(fits["5.2"].variables)


@pytest.mark.parametrize("name", ["5.3", "5.5", "5.7", "5.9", "5.11", "5.13", "5.15", "5.31"])
def test_every_printed_row_is_shown_and_no_other(fits, name):
    printed = {row["variable"] for row in table("linear_published") if row["table"] == name}
    assert {line.variable for line in lines(fits[name])} == printed


@pytest.mark.parametrize("name", ["5.2", "5.5", "5.12", "5.20"])
def test_the_text_holds_every_figure_as_it_is_printed(fits, name):
    fit, shown = fits[name], text(fits[name])
    for line in lines(fit):
        i = line.position
        row = next(r for r in shown.splitlines() if r.startswith(f"  {line.words[1]} "))
        assert line.words[0] in row
        pattern = r"(-?\d\.\d{3})(\**) +\((-?\d+\.\d\d)\)"
        found = re.findall(pattern, row)
        assert [float(value) for value, _, _ in found] == [
            round(v, 3) + 0.0 for v in fit.estimates[i].tolist()
        ]
        assert [stars for _, stars, _ in found] == list(fit.stars[i])
        assert_allclose([float(t) for _, _, t in found], fit.t_values[i], atol=0.00501)


def test_both_languages_stand_side_by_side_or_alone(fits):
    both, english, norwegian = (text(fits["5.1"], language=x) for x in ("both", "en", "nb"))
    for word in ("Woman".lower(), "Emigrate", "In education", "Ages 15".lower()):
        assert word in both
        assert word in english
    for word in ("kvinne", "Utvandre", "Under utdanning", "alder 15"):
        assert word in both
        assert word in norwegian
        assert word not in english
    assert re.search(r"-?0,\d{3}", norwegian)
    assert not re.search(r"\d\.\d{3}", norwegian)
    with pytest.raises(InputError, match="Did you mean 'nb'"):
        text(fits["5.1"], language="nbo")


def test_columns_of_the_text_line_up(fits):
    for name in ("5.1", "5.14"):
        rows = [r for r in text(fits[name]).splitlines() if re.search(r"\)$", r) and "  " in r]
        ends = {len(r) for r in rows if re.search(r"-?\d\.\d\d\)$", r)}
        assert len(ends) == 1


def test_the_note_says_n_reference_and_errors(fits):
    english, norwegian = note(fits["5.1"])
    assert f"N = {fits['5.1'].n:,.0f}," in english
    for group in ("woman", "62-74", "none or unregistered", "16 years or more", "outside"):
        assert group in english
    assert "*** 99 %" in english
    assert "Standardfeil: klassiske" in norwegian
    assert "5 persons or more" in note(fits["5.5"])[0]
    assert "same size that also contain non-immigrants" in note(fits["5.9"])[0]
    assert "unknown reason" in note(fits["5.13"])[0]
    clustered = fit_linear(made(), "5.1", errors="family")
    assert "clustered by family" in note(clustered)[0]
    assert "HC1" in note(fit_linear(made(), "5.1", errors="HC1"))[1]


def test_titles_name_table_and_region(fits):
    assert title(TABLES["5.2"])[0].startswith("Table 5.2. ")
    assert "centrality 2 (less central)" in title(TABLES["5.2"])[0]
    assert "Oslo" in title(TABLES["5.15"])[1]
    assert title(Specification("family_size"))[1].endswith("hele landet")
    assert not title(Specification("family_size"))[0].startswith("Table")


def test_county_tables_speak_of_the_county_unless_other_outcomes_are_used(fits):
    assert "Leave the county" in text(fits["5.13"])
    other = fit_linear(made(12_000), "5.13", outcome="outcome")
    assert "Leave the county" not in text(other)
    assert "another level" in text(other)


def test_a_variable_that_was_left_out_is_a_dash():
    columns = made()
    columns["reason"] = np.where(columns["reason"] == 3, 0, columns["reason"])
    fit = fit_linear(columns, "5.4", omit_empty=True)
    row = next(r for r in text(fit, language="en").splitlines() if r.startswith("  Education "))
    assert row.split() == ["Education", "-", "-", "-"]
    cells = list(csv.DictReader(io.StringIO(to_csv([fit]))))
    assert next(r for r in cells if r["variable"] == "reason_education")["stay_t"] == ""
    assert "$-$ &  & $-$" in latex(fit)


def test_csv_holds_ten_digits_of_everything(fits):
    some = [fits["5.2"], fits["5.31"]]
    rows = list(csv.DictReader(io.StringIO(to_csv(some))))
    assert len(rows) == sum(len(fit.variables) for fit in some)
    for row in rows:
        fit = fits[row["table"]]
        i = fit.variables.index(row["variable"])
        for j, outcome in enumerate(OUTCOMES):
            assert_allclose(float(row[outcome]), fit.estimates[i, j], rtol=1e-9)
            assert_allclose(float(row[f"{outcome}_se"]), fit.std_errors[i, j], rtol=1e-9)
            assert_allclose(float(row[f"{outcome}_t"]), fit.t_values[i, j], rtol=1e-9)
            assert row[f"{outcome}_stars"] == fit.stars[i, j]
            assert_allclose(float(row[f"{outcome}_r2"]), fit.r2[j], rtol=1e-9)
        assert float(row["n"]) == fit.n
        assert row["region"] == {"5.2": "2", "5.31": "20"}[row["table"]]
    assert rows[1]["en"] == "Man"
    assert rows[1]["nb"] == "Mann"


@pytest.mark.parametrize("language", ["both", "nb", "en"])
def test_latex_has_as_many_cells_in_every_row(fits, language):
    shown = latex(fits["5.2"], language=language, everything=True)
    labels = 2 if language == "both" else 1
    assert shown.count(r"\begin") == shown.count(r"\end") == 2
    assert shown.count("{") == shown.count("}")
    body = shown.split(r"\hline")[2].strip().splitlines()
    widths = {row.count("&") + 1 for row in body}
    assert widths == {labels, labels + 6}
    assert "%" not in shown.replace(r"\%", "")
    assert (r"{,}" in shown) == (language == "nb")


def test_nothing_is_minus_nothing():
    assert signed(-0.0004, 3) == "0.000"
    assert signed(-0.0006, 3) == "-0.001"
    assert signed(12.345678, 2) == "12.35"


# --- What was published ---


def test_the_carried_figures_are_whole():
    rows = table("linear_published")
    assert len(rows) == 324
    assert len({(r["table"], r["variable"], r["outcome"]) for r in rows}) == 324
    assert {r["table"] for r in rows} == set(published_sizes())
    for row in rows:
        t, estimate = float(row["t_value"]), float(row["estimate"])
        assert t * estimate >= 0
        assert row["stars"] in {"", "*", "**", "***"}
        assert row["source"] == f"Rapporter 2016/27 table {row['table']}"


def test_the_sizes_agree_with_those_of_the_sample():
    level = {int(r["centrality"]): int(r["persons"]) for r in table("linear_sample")}
    assert published_sizes()["5.2"] == level[2]
    assert published_sizes()["5.3"] == published_sizes()["5.7"] == level[3]
    assert published_sizes()["5.5"] == level[1]


def test_printed_rows_add_up_to_little_but_for_deaths_and_a_misprint():
    """The young die less than the reference: age rows add up to 0.9 points, others to little."""
    sums, noted = {}, set()
    for row in table("linear_published"):
        key = row["table"], row["variable"]
        sums[key] = sums.get(key, 0) + float(row["estimate"])
        noted |= {key} if row["note"] else set()
    levels = {key: s for key, s in sums.items() if TABLES[key[0]].kind != "county_by_reason"}
    ages = [s for (_, name), s in levels.items() if name.startswith("age_")]
    assert 0.008 <= min(ages) <= max(ages) <= 0.0125
    rest = {k: s for k, s in levels.items() if not k[1].startswith("age_") and k not in noted}
    assert max(abs(s) for s in rest.values()) < 0.0055


@pytest.fixture(scope="module")
def register():
    return reconstruct()


@pytest.fixture(scope="module")
def refitted(register):
    return refit(expected_columns(register, 2))


def test_classical_standard_errors_come_out_as_printed(refitted):
    """They depend on who people are; only least squares with classical errors gives them."""
    found = [r for r in beside_published(refitted) if TABLES[r.table].kind == "base"]
    ratios = np.array([r.found_error / r.published_error for r in found])
    ratios = ratios[~np.isnan(ratios)]
    assert ratios.size > 100
    assert abs(np.median(ratios) - 1) < 0.02
    assert np.abs(np.log(ratios)).max() < 0.15


def test_sizes_of_the_samples_come_out_within_a_percent(refitted):
    for name, size in published_sizes().items():
        if TABLES[name].kind != "county_by_reason":
            assert abs(refitted[name].n / size - 1) < 0.01


def test_expected_outcomes_are_of_residents_who_immigrated(register):
    columns = expected_columns(register)
    assert columns["outcome"].shape == (columns["age"].size, 3)
    assert_allclose(columns["outcome"].sum(axis=1), 1)
    assert columns["age"].min() == 15
    assert columns["age"].max() == 74
    age = register.year - 1 - register["birth_year"].astype(int)
    here = register.immigrants & (register["place"] == 0) & (age >= 15) & (age <= 74)
    assert columns["age"].size == here.sum()


def test_of_counties_only_emigration_is_compared(refitted):
    found = [row for row in beside_published(refitted) if comparable(row)]
    of_counties = {r.outcome for r in found if TABLES[r.table].kind == "county_by_reason"}
    assert of_counties == {"emigrate"}
    assert len(found) == 324 - 100


def numbers(line):
    return [float(x) for x in re.findall(r"(?<![\w.])-?\d+\.\d+", line)]


def test_the_page_shows_what_the_register_gives(register):
    """Another machine may draw a few persons differently: 0.3 points are let pass."""
    made_now = []
    page(register, made_now.append)
    rows = [line for line in made_now if numbers(line) and line.startswith("| ")]
    text_of_page = PAGE.read_text("utf-8")
    start = text_of_page.index("### How far off")
    shown = [r for r in text_of_page[start:].splitlines() if numbers(r) and r.startswith("| ")]
    assert len(shown) == len(rows) == 12 + 224
    for one, other in zip(shown, rows, strict=True):
        assert one.split("|")[1:3] == other.split("|")[1:3]
        slack = [0.1, 0.1, 0.5, 0.03] if len(numbers(one)) == 4 else [0, 0.003, 0.3, 0.003, 0.3]
        assert (np.abs(np.subtract(numbers(one), numbers(other))) <= slack).all(), one
