"""The published logit against itself: printed effects, diagnostics, pooling, misprints."""

import math
import runpy

import numpy as np
import pandas as pd
import pytest

from sim.transitions.logit import MOVES, TERMS, published_model
from tests.published import ARTEFACT, OUTCOMES, ROOT, contrasts, misprinted, misprints, read

MODELS = ("6.1", *(f"D{i}" for i in range(1, 5)), *(f"E{i}" for i in range(1, 9)))
POOLED = {"D1": ("E1", "E5"), "D2": ("E2", "E6"), "D3": ("E3", "E7"), "D4": ("E4", "E8")}

# Taken from the printed tables: number of coefficients, then sums in thousandths of the
# estimates, of the estimates times their place in TERMS (from 1), and likewise of the t values.
SUMS = {
    ("6.1", "domestic"): (27, 4192, 202100, 199564, 6058551),
    ("6.1", "emigrate"): (27, -9242, -182620, -366317, -6939022),
    ("D1", "domestic"): (24, -198, 32751, 1156, 209180),
    ("D1", "emigrate"): (24, -8852, -185374, -86051, -1664945),
    ("D2", "domestic"): (24, 1039, 45259, 3303, 158325),
    ("D2", "emigrate"): (24, -8633, -167118, -56695, -1087477),
    ("D3", "domestic"): (24, -2257, 6276, -20882, -70183),
    ("D3", "emigrate"): (24, -9409, -173564, -114535, -2032233),
    ("D4", "domestic"): (24, -2724, -1739, -18272, -191371),
    ("D4", "emigrate"): (24, -8680, -166848, -311329, -5768436),
    ("E1", "domestic"): (23, -132, 31380, -1104, 115365),
    ("E1", "emigrate"): (23, -7540, -174386, -51206, -1088602),
    ("E2", "domestic"): (23, 610, 29868, -2180, 26773),
    ("E2", "emigrate"): (23, -10173, -205159, -42015, -841571),
    ("E3", "domestic"): (23, -1889, 6778, -9469, -12355),
    ("E3", "emigrate"): (23, -7868, -164294, -61432, -1199810),
    ("E4", "domestic"): (23, -2304, 3473, -10780, -115113),
    ("E4", "emigrate"): (23, -7992, -163069, -188814, -3722021),
    ("E5", "domestic"): (23, 156, 40291, 5960, 213990),
    ("E5", "emigrate"): (23, -9414, -188567, -62025, -1168066),
    ("E6", "domestic"): (23, 1813, 63129, 12586, 229146),
    ("E6", "emigrate"): (23, -7673, -137383, -36000, -678349),
    ("E7", "domestic"): (23, -2143, 12365, -11645, -18572),
    ("E7", "emigrate"): (23, -10108, -170996, -87828, -1510770),
    ("E8", "domestic"): (23, -3136, -8880, -13560, -158583),
    ("E8", "emigrate"): (23, -8949, -167004, -229195, -4195762),
}
# Likewise of the printed effects by table: rows, and sums of estimates and of t values.
EFFECT_SUMS = {
    "6.2": (12, 2, 20844), "6.3": (12, 0, 451), "6.4": (15, 1, 7530), "6.5": (15, -1, -13826),
    "6.6": (15, 0, -17359), "6.7": (48, 1, 40136), "6.8": (36, 1, 31533), "6.9": (48, 0, -1074),
    "6.10": (48, 0, -572), "6.11": (60, 2, -10352), "6.12": (60, 1, -10324),
    "6.13": (60, 3, -39097), "6.14": (60, 1, -40286), "6.15": (60, 0, -20557),
    "6.16": (60, -1, -34046),
}  # fmt: skip
SIZES = {
    "6.1": (545966, -116665, 117022), "D1": (30609, -11029.4, 11277.3),
    "D2": (20800, -8171.26, 8409.89), "D3": (64502, -18469.8, 18735.5),
    "D4": (430055, -78540.7, 78852), "E1": (15255, -5018.64, 5240.19),
    "E2": (9917, -3189.12, 3400.77), "E3": (30539, -7615.46, 7852.98),
    "E4": (203982, -34307.2, 34588.3), "E5": (15354, -5967.91, 6189.61),
    "E6": (10883, -4909.98, 5123.77), "E7": (33963, -10776.5, 11016.4),
    "E8": (226073, -44053, 44336.6),
}  # fmt: skip
ROWS = read(ARTEFACT / "coefficients.csv")


def thousandths(numbers):
    return [round(1000 * float(number)) for number in numbers]


@pytest.mark.parametrize(("model", "outcome"), SUMS, ids="-".join)
def test_the_coefficients_add_up_to_the_printed_tables(model, outcome):
    rows = [row for row in ROWS if (row["model"], row["outcome"]) == (model, outcome)]
    place = [1 + TERMS.index(row["term"]) for row in rows]
    estimates = thousandths(row["estimate"] for row in rows)
    t_values = thousandths(row["t_value"] for row in rows)

    found = sum(estimates), np.dot(place, estimates), sum(t_values), np.dot(place, t_values)
    assert (len(rows), *found) == SUMS[model, outcome]


def test_models_hold_what_the_tables_hold():
    for row in ROWS:
        model = published_model(row["model"])
        cell = TERMS.index(row["term"]), MOVES.index(row["outcome"])
        assert model.estimates[cell] == float(row["estimate"])
        assert (model.std_errors[cell] == float(row["std_error"] or "nan")) or not row["std_error"]
        assert row["source"].startswith("Rapporter 2016/27, Table ")
    assert sum(np.count_nonzero(published_model(m).estimates) for m in MODELS) == len(ROWS) == 614


def test_standard_errors_follow_from_estimates_and_t_values():
    empty = []
    for row in ROWS:
        estimate, t_value = abs(float(row["estimate"])), abs(float(row["t_value"]))
        low = (estimate - 0.0005) / (t_value + 0.0005)
        high = (estimate + 0.0005) / (t_value - 0.0005)
        bounds = float(row["std_error_low"]), float(row["std_error_high"])
        assert bounds == pytest.approx((low, high), abs=1e-6)
        if not row["std_error"]:
            empty.append(row["model"])
            assert high > 1.25 * low
        else:
            assert high <= 1.25 * low
            assert float(row["std_error"]) == pytest.approx(estimate / t_value, abs=1e-6)
    assert empty == ["E2", "E2", "E6", "E8"]


def test_estimates_and_t_values_agree_in_sign():
    assert all(float(row["estimate"]) * float(row["t_value"]) > 0 for row in ROWS)


@pytest.mark.parametrize("name", MODELS)
def test_printed_bic_follows_from_size_and_likelihood(name):
    fit = published_model(name).diagnostics
    k = sum(SUMS[name, outcome][0] for outcome in MOVES)
    digits = 0.5 if name in ("6.1", "D4") else 0.06
    rounding = 0.5 if name in ("6.1", "E8") else 0.06  # of the log likelihood

    assert (fit.n, fit.log_likelihood, fit.bic) == SIZES[name]
    bic = -fit.log_likelihood + k / 2 * math.log(fit.n)
    assert bic == pytest.approx(fit.bic, abs=digits + rounding)


def test_sizes_add_up_over_sex_and_centrality():
    n = {name: published_model(name).diagnostics.n for name in MODELS}
    for whole, parts in POOLED.items():
        assert n[whole] == sum(n[part] for part in parts)
    assert n["6.1"] == sum(n[whole] for whole in POOLED) == 545_966


@pytest.mark.parametrize("whole", POOLED)
def test_women_and_men_pool_to_their_centrality_level(whole):
    """Inverse-variance means of E come close to D; so do the standard errors."""
    women, men = (published_model(name) for name in POOLED[whole])
    level = published_model(whole)
    weight = np.stack([women.std_errors, men.std_errors]) ** -2
    mean = (weight * np.stack([women.estimates, men.estimates])).sum(0) / weight.sum(0)
    shared = ~np.isnan(mean)
    shared[TERMS.index("constant")] = False  # level models have a term for women beside it

    gap = np.abs(mean - level.estimates)[shared] / level.std_errors[shared]
    ratio = level.std_errors[shared] * np.sqrt(weight.sum(0)[shared])
    assert gap.max() < 1.4
    assert ratio.min() > 0.93
    assert ratio.max() < 1.02


def test_pooled_standard_error_confirms_the_employed_of_table_d2():
    women, men = published_model("E2"), published_model("E6")
    cell = TERMS.index("status_employed"), MOVES.index("emigrate")
    weight = np.array([women.std_errors[cell], men.std_errors[cell]]) ** -2
    mean = np.average([women.estimates[cell], men.estimates[cell]], weights=weight)

    assert published_model("D2").estimates[cell] == -1.467
    assert mean == pytest.approx(-1.467, abs=0.001)


@pytest.mark.parametrize("table", EFFECT_SUMS)
def test_the_effects_add_up_to_the_printed_tables(table):
    mine = [contrast for contrast in contrasts() if contrast.table == table]
    estimates = thousandths(e for contrast in mine for e in contrast.estimates)
    t_values = thousandths(t for contrast in mine for t in contrast.t_values)

    assert (len(estimates), sum(estimates), sum(t_values)) == EFFECT_SUMS[table]


@pytest.fixture(scope="module")
def computed():
    """Effects by contrast and outcome from the package itself, a model at a time."""
    effects = {}
    for name in ("6.1", *POOLED):
        mine = [contrast for contrast in contrasts() if contrast.model == name]
        there, here = (
            published_model(name).probabilities(pd.DataFrame(people))
            for people in ([c.person for c in mine], [c.reference for c in mine])
        )
        for contrast, effect in zip(mine, there - here, strict=True):
            effects[str(contrast)] = effect
    return effects


@pytest.mark.parametrize("contrast", contrasts(), ids=str)
def test_every_printed_effect_is_reproduced_or_listed_as_a_misprint(contrast, computed):
    effects, bounds = computed[str(contrast)], contrast.bounds()
    np.testing.assert_allclose(effects, contrast.effects(), atol=1e-13)
    for i, outcome in enumerate(OUTCOMES):
        place = (contrast.table, contrast.centrality, contrast.value, outcome)
        reproduced = abs(contrast.estimates[i] - effects[i]) <= bounds[i]
        assert reproduced != (place in misprinted("estimate"))
        assert contrast.t_values[i] * effects[i] > 0


def test_bounds_stay_close_to_the_rounding_of_the_effect():
    """So that no bound is wide enough to accept anything."""
    bounds = np.array([contrast.bounds() for contrast in contrasts()])
    assert bounds.min() > 0.0005
    assert bounds.max() < 0.0025
    assert np.median(bounds) < 0.0008


def test_the_listed_misprints_are_the_printed_values():
    printed = {str(contrast): contrast for contrast in contrasts()}
    for row in misprints():
        if row["what"] in ("estimate", "t_value"):
            contrast = printed[f"{row['table']}-{row['centrality']}-{row['value']}"]
            values = contrast.estimates if row["what"] == "estimate" else contrast.t_values
            assert values[OUTCOMES.index(row["outcome"])] == float(row["printed"])
    kinds = [row["what"] for row in misprints()]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {
        "estimate": 18,
        "t_value": 1,
        "labels": 1,
        "note": 2,
    }


@pytest.mark.parametrize(
    "row", [row for row in misprints() if row["what"] == "estimate"],
    ids=lambda row: "-".join([row["table"], row["centrality"], row["value"], row["outcome"]]),
)  # fmt: skip
def test_counting_the_employed_again_explains_what_it_is_said_to_explain(row):
    place = f"{row['table']}-{row['centrality']}-{row['value']}"
    contrast = next(contrast for contrast in contrasts() if str(contrast) == place)
    gaps = np.abs(np.subtract(contrast.estimates, contrast.effects(counted_again=True)))
    explained = gaps <= contrast.bounds(counted_again=True)

    if row["cause"] == "counted_again":
        assert explained[OUTCOMES.index(row["outcome"])]
    else:
        assert not explained.all()


@pytest.mark.parametrize("table", ["6.9", "6.10"])
def test_counted_again_fits_all_three_effects_of_the_employed_at_level_1(table):
    contrast = next(c for c in contrasts() if str(c) == f"{table}-1-employed")
    gaps = np.abs(np.subtract(contrast.estimates, contrast.effects(counted_again=True)))
    assert (gaps <= contrast.bounds(counted_again=True)).all()


def std_error_span(estimate, t_value):
    low = max(abs(estimate) - 0.0005, 0) / (abs(t_value) + 0.0005)
    return low, (abs(estimate) + 0.0005) / (abs(t_value) - 0.0005)


def test_only_the_misprinted_t_value_breaks_the_triangle_of_standard_errors():
    """The three effects sum to zero, so no standard error exceeds the other two together."""
    broken = set()
    for contrast in contrasts():
        spans = [
            std_error_span(*pair)
            for pair in zip(contrast.estimates, contrast.t_values, strict=True)
        ]
        for i, outcome in enumerate(OUTCOMES):
            others = sum(span[1] for j, span in enumerate(spans) if j != i)
            if spans[i][0] > others:
                broken.add((contrast.table, contrast.centrality, contrast.value, outcome))
    assert broken == misprinted("t_value") == {("6.15", "4", "6/4", "emigrate")}


def test_the_probable_t_value_mends_the_triangle():
    contrast = next(c for c in contrasts() if str(c) == "6.15-4-6/4")
    stay, domestic = (
        std_error_span(contrast.estimates[i], contrast.t_values[i])[1] for i in (0, 1)
    )
    assert std_error_span(contrast.estimates[2], -14.8)[0] <= stay + domestic


@pytest.mark.parametrize("table", ["6.10", "6.14"])
def test_notes_on_a_woman_stand_under_the_effects_of_a_man(table):
    gaps = {"female": [], "male": []}
    for contrast in contrasts():
        if contrast.table == table and contrast.value != "employed":
            for sex, found in gaps.items():
                found.append(np.abs(np.subtract(contrast.estimates, contrast.effects(sex=sex))))
    assert np.max(gaps["male"]) < 0.0009
    assert np.max(gaps["female"]) > 0.0025


def test_the_page_on_misprints_is_up_to_date():
    page = runpy.run_path(str(ROOT / "docs" / "make_misprints.py"))
    assert page["page"]() == (ROOT / "docs" / "misprints.md").read_text("utf-8")
