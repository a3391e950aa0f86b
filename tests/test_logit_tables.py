"""The tables of the logit: every figure as it is printed, in both languages."""

import csv
import io
import re

import numpy as np
import pytest
from numpy.testing import assert_allclose

from calibration.logit_estimate import estimate
from calibration.logit_tables import (
    fit_lines,
    latex,
    lines,
    note,
    text,
    title,
    to_csv,
    verdicts_csv,
    verdicts_latex,
    verdicts_text,
)
from calibration.logit_tests import Verdict, independence_tests, joint_tests, likelihood_ratio
from sim.problems import InputError
from sim.transitions.terms import MOVES, TERMS, terms_of
from tests.conftest import load
from tests.test_logit_estimate import made


@pytest.fixture(scope="module")
def sample():
    return made(load(8_000, 3_500))


@pytest.fixture(scope="module")
def fits(sample):
    return {name: e for number in (1, 2, 3) for name, e in estimate(sample, number).items()}


@pytest.fixture(scope="module")
def verdicts(fits, sample):
    some = {name: fits[name] for name in ("D1", "D2", "D3", "D4")}
    return [
        *joint_tests(fits["6.1"]),
        likelihood_ratio({"6.1": fits["6.1"]}, some),
        *independence_tests(sample, variance="observed"),
        Verdict("joint", "6.1", "sex", "both", 0.0, 0, float("nan")),
    ]


@pytest.mark.parametrize("name", ["6.1", "D2", "E7"])
def test_rows_are_those_of_the_report(fits, name):
    shown = list(lines(fits[name]))
    assert tuple(line.term for line in shown) == terms_of({"6": 1, "D": 2, "E": 3}[name[0]])
    assert all(word for line in shown for word in line.words)
    assert len({(line.factor, line.words) for line in shown}) == len(shown)


@pytest.mark.parametrize("language", ["both", "nb", "en"])
@pytest.mark.parametrize("errors", [False, True])
@pytest.mark.parametrize("stars", [False, True])
def test_the_text_holds_every_figure_as_it_is_printed(fits, language, errors, stars):
    fit = fits["6.1"]
    shown = text(fit, language=language, errors=errors, stars=stars)
    rows = [r for r in shown.splitlines() if len(re.findall(r"-?\d+[.,]\d{3}\b", r)) >= 4]
    assert len(rows) == len(TERMS)
    kinds = 3 if errors else 2
    for i, (row, line) in enumerate(zip(rows, lines(fit), strict=True)):
        labels = line.words[::-1] if language == "both" else [line.words[language == "nb"]]
        assert all(word in row for word in labels)
        found = re.findall(r"(-?\d+[.,]\d{3})(\**)", row)
        values = np.array([float(v.replace(",", ".")) for v, _ in found]).reshape(2, kinds)
        expected = [fit.estimates[i], fit.std_errors[i], fit.t_values[i]]
        assert_allclose(values[:, 0], expected[0], atol=0.000501)
        assert_allclose(values[:, -1], expected[2], atol=0.000501)
        if errors:
            assert_allclose(values[:, 1], expected[1], atol=0.000501)
        marks = [mark for _, mark in found[::kinds]]
        p = fit.p_values[i]
        assert [len(m) for m in marks] == [stars * int(sum(x < np.array([0.01, 0.05, 0.1])))
                                           for x in p]  # fmt: skip
    assert len({len(row) for row in rows}) == 1
    assert ("*** 99 %" in shown) == stars
    assert (re.search(r"\d\.\d", shown.split("---\n")[2]) is None) == (language == "nb")


def test_below_stand_n_r2_schwarz_and_the_log_likelihood(fits):
    fit = fits["E3"]
    found = {words[0]: value for words, value in fit_lines(fit)}
    assert found["N"] == f"{fit.n:,}"
    assert float(found["Scaled R2"]) == pytest.approx(fit.scaled_r2, abs=0.0005)
    assert float(found["Schwarz BIC"].replace(",", "")) == pytest.approx(fit.bic, abs=0.051)
    likelihood = float(found["Log likelihood"].replace(",", ""))
    assert likelihood == pytest.approx(fit.log_likelihood, abs=0.051)
    for words, value in fit_lines(fit, "nb"):
        row = next(r for r in text(fit, language="nb").splitlines() if r.startswith(words[1]))
        assert row.endswith(" " + value)
    assert dict(fit_lines(fits["6.1"], "nb"))["N", "N"] == f"{fits['6.1'].n:,}".replace(",", " ")


def test_titles_say_whom_the_model_is_about(fits):
    assert title(fits["6.1"]) == (
        "Model 6.1. Trinomial logit of moving and emigrating, the whole country",
        "Modell 6.1. Trinomisk logit for flytting og utvandring, hele landet",
    )
    assert title(fits["D2"])[0].endswith("centrality 2 (less central)")
    assert title(fits["E5"])[0].endswith("men, centrality 1 (least central)")
    assert title(fits["E4"])[1].endswith("kvinner, sentralitetsnivå 4 (sentrale)")


def test_the_note_names_references_and_errors(fits, sample):
    english, norwegian = note(fits["6.1"])
    for group in ("sex man", "16 years or more", "none or unregistered", "outside", "nordic",
                  "centrality most central", "errors: classical"):  # fmt: skip
        assert group in english
    assert "kjønn mann" in norwegian
    assert "centrality" not in note(fits["D1"])[0]
    assert "sex" not in note(fits["E1"])[0]
    assert "Standardfeil: klyngede" in note(estimate(sample, 1, "clustered")["6.1"])[1]


def test_an_unknown_language_is_refused(fits, verdicts):
    for show in (text, latex):
        with pytest.raises(InputError, match="Did you mean 'nb'"):
            show(fits["6.1"], language="nbo")
    with pytest.raises(InputError):
        verdicts_text(verdicts, language="no")


def test_csv_holds_ten_digits_of_everything(fits):
    rows = list(csv.DictReader(io.StringIO(to_csv(fits.values()))))
    assert len(rows) == 27 + 4 * 24 + 8 * 23
    for row in rows:
        fit = fits[row["model"]]
        i = fit.terms.index(row["term"])
        for j, move in enumerate(MOVES):
            parts = (fit.estimates, fit.std_errors, fit.t_values, fit.p_values)
            for what, figures in zip(("", "_se", "_t", "_p"), parts, strict=True):
                assert float(row[move + what]) == pytest.approx(figures[i, j], rel=1e-9)
        assert float(row["n"]) == fit.n
        assert float(row["bic"]) == pytest.approx(fit.bic, rel=1e-9)
        assert row["errors"] == "classical"
        assert row["centrality"] == str(fit.centrality or "all")
        assert row["sex"] == (fit.sex or "all")


@pytest.mark.parametrize("language", ["both", "nb", "en"])
@pytest.mark.parametrize("errors", [False, True])
def test_latex_has_as_many_cells_in_every_row(fits, language, errors):
    shown = latex(fits["6.1"], language=language, errors=errors, stars=True)
    labels, figures = 2 if language == "both" else 1, 6 if errors else 4
    assert shown.count(r"\begin") == shown.count(r"\end") == 2
    assert shown.count("{") == shown.count("}")
    body = shown.split(r"\hline")[2].strip().splitlines()
    assert {row.count("&") + 1 for row in body} == {labels, labels + figures}
    assert "%" not in shown.replace(r"\%", "")
    assert ("0{,}" in shown) == (language == "nb")
    assert f"{{{'l' * labels}{'r' * figures}}}" in shown
    assert all(row.count("$") % 2 == 0 for row in shown.splitlines())


# --- The table of tests ---


@pytest.mark.parametrize("language", ["both", "nb", "en"])
def test_tests_stand_in_a_row_each_with_numbered_remarks(verdicts, language):
    shown = verdicts_text(verdicts, language=language)
    head, rows, remarks = re.split(r"\n-+\n", shown)
    assert len(rows.splitlines()) == len(verdicts)
    assert len(head.splitlines()) == (2 if language == "both" else 1)
    for row, v in zip(rows.splitlines(), verdicts, strict=True):
        statistic = f"{v.statistic:,.2f}"
        if language == "nb":
            statistic = statistic.replace(",", " ").replace(".", ",")
        assert f" {statistic} " in row
        assert f" {v.df} " in row
        assert bool(re.search(r"  \d$", row)) == bool(v.note)
    assert rows.splitlines()[-1].endswith(" -")
    assert "0.0000" not in rows
    wanted = {"nb": ["utelatt"], "en": ["left out"], "both": ["utelatt", "left out"]}[language]
    flat = " ".join(remarks.split())
    assert all(word in flat for word in wanted)
    assert flat.startswith("1) ")


def test_tests_as_csv(verdicts):
    rows = list(csv.DictReader(io.StringIO(verdicts_csv(verdicts))))
    assert len(rows) == len(verdicts)
    for row, v in zip(rows, verdicts, strict=True):
        assert (row["test"], row["model"], row["what"], row["move"]) == (
            v.test, v.model, v.what, v.move)  # fmt: skip
        assert float(row["statistic"]) == pytest.approx(v.statistic, rel=1e-9)
        assert int(row["df"]) == v.df
        assert (row["note"], row["note_nb"]) == (v.note, v.note_nb)
    assert rows[-1]["p_value"] == ""
    assert float(rows[0]["p_value"]) == pytest.approx(verdicts[0].p_value, rel=1e-9)


@pytest.mark.parametrize("language", ["both", "nb", "en"])
def test_tests_in_latex(verdicts, language):
    shown = verdicts_latex(verdicts, language=language)
    assert shown.count(r"\begin") == shown.count(r"\end") == 2
    assert shown.count("{") == shown.count("}")
    body = shown.split(r"\hline")[2].strip().splitlines()
    assert len(body) == len(verdicts)
    assert {row.count("&") for row in body} == {6}
    assert "$^{1}$" in shown
