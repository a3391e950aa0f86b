"""Linear probability models: against least squares person by person, and by hand."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from calibration import linear, linear_sample
from calibration.linear import ERRORS, KINDS, TABLES, Specification, fit_linear, fit_tables
from sim.codes import EDUCATION, REASON, SEX, STATUS, Code, CodeList
from sim.geography import COUNTY
from sim.problems import InputError
from sim.transitions.terms import Factor

REFERENCE = {  # of the report's tables
    "sex": "female",
    "age": "62-74",
    "education": "none",
    "duration": "16+",
    "status": "outside",
    "reason": "unknown",
}
AGE_OF = {"15-24": 20, "25-35": 30, "36-61": 50, "62-74": 70}


def made(n=4000, seed=0, *, deaths=0.02, **columns):
    """Return random persons of 10 to 80 years who do random things."""
    rng = np.random.default_rng(seed)
    total = rng.integers(1, 8, n)
    chance = 0.05 + 0.15 * rng.random((n, 2))
    luck = rng.random(n)
    outcome = np.select([luck < chance[:, 0], luck < chance.sum(axis=1)], [1, 2], 0)
    outcome[rng.random(n) < deaths] = 3
    found = {
        "sex": rng.integers(0, 2, n),
        "age": rng.integers(10, 81, n),
        "education": rng.integers(0, 6, n),
        "duration": rng.integers(0, 25, n),
        "status": rng.integers(0, 5, n),
        "reason": rng.integers(0, 6, n),
        "family_total": total,
        "family_immigrants": np.maximum(1, total - rng.integers(0, 2, n)),
        "centrality": rng.integers(0, 4, n),
        "county": rng.integers(0, 19, n),
        "outcome": outcome,
        "county_outcome": rng.permutation(outcome),
        "family": rng.integers(0, n // 2, n),
    }
    return {**found, **columns}


def value_of(columns, i):
    """The code of each variable of one person, by the definitions of the report."""
    age, stay, total = (columns[name][i] for name in ("age", "duration", "family_total"))
    school = EDUCATION.names[columns["education"][i]]
    size = str(total) if total < 5 else "5_plus"
    return {
        "sex": SEX.names[columns["sex"][i]],
        "age": "15-24" if age < 25 else "25-35" if age < 36 else "36-61" if age < 62 else "62-74",
        "education": "upper_secondary" if school.startswith("upper_sec") else school,
        "duration": "0-2"
        if stay < 3
        else "3-5"
        if stay < 6
        else "6-10"
        if stay < 11
        else "11-15"
        if stay < 16
        else "16+",
        "status": STATUS.names[columns["status"][i]],
        "reason": REASON.names[columns["reason"][i]],
        "family_size": size,
        "immigrants_only": size if columns["family_immigrants"][i] == total else "mixed",
    }


def person_by_person(columns, kind, region):
    """Return who is in the sample, their variables by name and their outcomes."""
    place = "county" if kind == "county_by_reason" else "centrality"
    rows = [
        i
        for i in range(len(columns["age"]))
        if 15 <= columns["age"][i] <= 74
        and (region is None or columns[place][i] == region)
        and (kind != "family_composition" or columns["family_total"][i] > 1)
    ]
    values = [value_of(columns, i) for i in rows]
    sizes = ["1", "2", "3", "4"]
    wanted = {
        "base": {},
        "county_by_reason": {},
        "family_size": {"family_size": sizes},
        "family_composition": {
            "family_size": sizes[1:],
            "immigrants_only": [*sizes[1:], "5_plus"],
        },
    }[kind]
    design = {"constant": [1.0] * len(rows)}
    for name, reference in REFERENCE.items():
        for value in sorted({v[name] for v in values} - {reference}):
            design[f"{name}_{value.replace('-', '_')}"] = [v[name] == value for v in values]
    for name, those in wanted.items():
        for value in those:
            design[f"{name}_{value}"] = [v[name] == value for v in values]
    column = columns["county_outcome" if place == "county" else "outcome"]
    y = np.array([[column[i] == j for j in range(3)] for i in rows], dtype=float)
    return np.array(rows), {k: np.array(v, dtype=float) for k, v in design.items()}, y


def sandwich(x, y, errors, family=None):
    """Least squares and covariances by their formulas, person by person."""
    n, k = x.shape
    estimates = np.linalg.lstsq(x, y, rcond=None)[0]
    e = y - x @ estimates
    bread = np.linalg.inv(x.T @ x)
    h = np.einsum("ij,jk,ik->i", x, bread, x)
    found = []
    for j in range(3):
        if errors == "classical":
            found.append(bread * (e[:, j] @ e[:, j]) / (n - k))
            continue
        if errors == "family":
            scores = np.array(
                [(x[family == f] * e[family == f, j, None]).sum(axis=0) for f in np.unique(family)]
            )
            g = len(scores)
            found.append(bread @ (scores.T @ scores) @ bread * (g / (g - 1)) * ((n - 1) / (n - k)))
            continue
        power = {"HC0": 0, "HC1": 0, "HC2": 1, "HC3": 2}[errors]
        meat = (x * (e[:, j] ** 2 / (1 - h) ** power)[:, None]).T @ x
        found.append(bread @ meat @ bread * (n / (n - k) if errors == "HC1" else 1))
    return (
        estimates,
        np.array(found),
        1 - (e**2).sum(axis=0) / ((y - y.mean(axis=0)) ** 2).sum(axis=0),
    )


# --- Against least squares person by person ---


@pytest.mark.parametrize("errors", ERRORS)
@pytest.mark.parametrize("kind", KINDS)
def test_equals_least_squares_person_by_person(kind, errors):
    columns = made(1600 if kind != "county_by_reason" else 6000)
    region = 1
    rows, design, y = person_by_person(columns, kind, region)
    found = fit_linear(columns, Specification(kind, region), errors=errors)
    assert set(found.variables) == set(design)
    x = np.column_stack([design[name] for name in found.variables])
    estimates, covariance, r2 = sandwich(x, y, errors, columns["family"][rows])
    assert found.n == len(rows)
    assert_allclose(found.estimates, estimates, rtol=1e-8, atol=1e-10)
    assert_allclose(found.covariance, covariance, rtol=1e-8, atol=1e-12)
    assert_allclose(found.r2, r2, rtol=1e-8)
    assert_allclose(found.t_values, found.estimates / found.std_errors, rtol=1e-12)
    assert_allclose(found.persons[:3], y.sum(axis=0))


@pytest.mark.parametrize("errors", ERRORS)
def test_equals_statsmodels(errors):
    statsmodels = pytest.importorskip("statsmodels.api")
    columns = made(3000, 4)
    rows, design, y = person_by_person(columns, "base", 2)
    found = fit_linear(columns, "5.3", errors=errors)
    x = np.column_stack([design[name] for name in found.variables])
    kind = {"classical": "nonrobust", "family": "cluster"}.get(errors, errors)
    more = {"cov_kwds": {"groups": columns["family"][rows]}} if errors == "family" else {}
    for j in range(3):
        theirs = statsmodels.OLS(y[:, j], x).fit(cov_type=kind, **more)
        assert_allclose(found.estimates[:, j], theirs.params, rtol=1e-8, atol=1e-10)
        assert_allclose(found.std_errors[:, j], theirs.bse, rtol=1e-8)
        assert_allclose(found.r2[j], theirs.rsquared, rtol=1e-8)


# --- By hand ---


def only_sex(monkeypatch):
    """Leave sex as the only variable, so that results can be had with a pencil."""
    monkeypatch.setattr(linear_sample, "KINDS", {"base": linear_sample.BASE[:1]})
    return Specification("base")


def by_sex(counts, **more):
    """Return persons from {sex: (stay, move, emigrate, die)}, all else equal."""
    sex = np.concatenate([np.full(sum(c), s) for s, c in counts.items()])
    outcome = np.concatenate([np.repeat(np.arange(4), c) for c in counts.values()])
    return {**made(sex.size, deaths=0), "age": np.full(sex.size, 40), "sex": sex,
            "outcome": outcome, **more}  # fmt: skip


def test_two_by_two_by_hand(monkeypatch):
    """Women: 6 stay, 1 moves, 1 leaves of 8. Men: 2 stay, 1 moves, 1 leaves of 4."""
    found = fit_linear(by_sex({0: (6, 1, 1, 0), 1: (2, 1, 1, 0)}), only_sex(monkeypatch))
    assert found.variables == ("constant", "sex_male")
    assert_allclose(found.estimates, [[6 / 8, 1 / 8, 1 / 8], [-2 / 8, 1 / 8, 1 / 8]])
    # squared residuals of staying: women 8 p(1-p) = 1.5, men 4 p(1-p) = 1; 12 - 2 are free
    assert_allclose(found.std_errors[:, 0], np.sqrt(0.25 * np.array([1 / 8, 1 / 8 + 1 / 4])))
    assert_allclose(found.r2[0], 1 - 2.5 / (12 * (2 / 3) * (1 / 3)))
    assert found.cells == 2
    assert_array_equal(found.persons, [8, 2, 2, 0])


@pytest.mark.parametrize(
    ("errors", "women", "men"),
    [("HC0", 1.5 / 64, 1 / 16), ("HC1", 1.5 / 64 * 1.2, 1 / 16 * 1.2),
     ("HC2", 1.5 / 64 * 8 / 7, 1 / 16 * 4 / 3), ("HC3", 1.5 / 64 * (8 / 7) ** 2, 1 / 9)],
)  # fmt: skip
def test_robust_errors_of_two_groups_by_hand(monkeypatch, errors, women, men):
    """A group of n has leverage 1/n, so its mean has variance p(1-p)/n, scaled by the kind."""
    columns = by_sex({0: (6, 1, 1, 0), 1: (2, 1, 1, 0)})
    found = fit_linear(columns, only_sex(monkeypatch), errors=errors)
    assert_allclose(found.std_errors[:, 0] ** 2, [women, women + men])


def test_families_by_hand(monkeypatch):
    """Two women of a family and two alone; the man's family is his own twice over."""
    columns = by_sex({0: (2, 1, 1, 0), 1: (1, 1, 1, 0)}, family=np.array([1, 1, 2, 3, 4, 4, 5]))
    found = fit_linear(columns, only_sex(monkeypatch), errors="family")
    # staying, women: residuals .5 .5 -.5 -.5 in families 1, 1, 2, 3: 1 + .25 + .25 = 1.5
    # men: residuals 2/3 -1/3 -1/3 in families 4, 4, 5: 1/9 + 1/9 = 2/9
    factor = 5 / 4 * 6 / 5
    women, men = 1.5 / 16 * factor, 2 / 9 / 9 * factor
    assert_allclose(found.covariance[0], [[women, -women], [-women, women + men]])


def test_singletons_cluster_like_hc0(monkeypatch):
    columns = made(1500, family=np.arange(1500))
    one, other = (fit_linear(columns, "5.1", errors=e) for e in ("family", "HC0"))
    n, k = one.n, len(one.variables)
    assert_allclose(one.covariance, other.covariance * n / (n - 1) * (n - 1) / (n - k), rtol=1e-9)


def test_a_saturated_model_gives_the_means_of_its_cells(monkeypatch):
    both = CodeList("both", tuple(Code(f"{s}{r}", "", "") for s in "fm" for r in range(6)))
    monkeypatch.setattr(linear_sample, "KINDS", {"base": (Factor("both", both, "f0"),)})
    monkeypatch.setattr(
        linear_sample, "_number", lambda factor, chosen, some: some["sex"] * 6 + some["reason"]
    )
    columns = made(3000)
    found = fit_linear(columns, Specification("base"))
    aged = (columns["age"] >= 15) & (columns["age"] <= 74)
    for i in range(12):
        here = aged & (columns["sex"] * 6 + columns["reason"] == i)
        means = [(columns["outcome"][here] == j).mean() for j in range(3)]
        fitted = found.estimates[0] + (found.estimates[i] if i else 0)
        assert_allclose(fitted, means, atol=1e-12)


# --- Deaths ---


def test_rows_add_up_to_nothing_exactly_when_nobody_dies():
    alive = fit_linear(made(deaths=0), "5.4").estimates.sum(axis=1)
    assert_allclose(alive, [1, *[0] * (len(alive) - 1)], atol=1e-12)
    mortal = fit_linear(made(deaths=0.05), "5.4").estimates.sum(axis=1)
    assert np.abs(mortal[1:]).max() > 0.005


def test_deaths_stay_in_the_sample():
    columns = made(deaths=0.05)
    without = {name: c[columns["outcome"] != 3] for name, c in columns.items()}
    one, other = fit_linear(columns, "5.4"), fit_linear(without, "5.4")
    assert one.n == other.n + one.persons[3]
    assert one.persons[3] > 0 == other.persons[3]


def test_the_young_die_less_so_their_rows_add_up_to_more():
    """As in the printed tables: the reference, 62-74, loses a share p to death."""
    columns = made(20_000, deaths=0)
    old = (columns["age"] >= 62) & (np.arange(20_000) % 20 == 0)
    columns["outcome"] = np.where(old, 3, columns["outcome"])
    found = fit_linear(columns, Specification("base"))
    rows = [found.variables.index(f"age_{name}") for name in ("15_24", "25_35", "36_61")]
    share = old[(columns["age"] >= 62) & (columns["age"] <= 74)].mean()
    assert_allclose(found.estimates[rows].sum(axis=1), share, atol=0.005)


# --- Collapsing, order, weights ---


def test_the_order_of_rows_changes_no_bit():
    columns = made()
    order = np.random.default_rng(1).permutation(len(columns["age"]))
    one = fit_linear(columns, "5.8", errors="HC3")
    other = fit_linear({name: c[order] for name, c in columns.items()}, "5.8", errors="HC3")
    assert one.estimates.tobytes() == other.estimates.tobytes()
    assert one.covariance.tobytes() == other.covariance.tobytes()


@pytest.mark.parametrize("errors", ERRORS)
def test_a_weight_is_so_many_equal_persons(errors):
    columns = made()
    weight = np.random.default_rng(2).integers(0, 4, len(columns["age"]))
    repeated = {name: np.repeat(c, weight) for name, c in columns.items()}
    one = fit_linear({**columns, "weight": weight}, "5.4", errors=errors)
    other = fit_linear(repeated, "5.4", errors=errors)
    assert one.n == other.n
    assert_allclose(one.estimates, other.estimates, atol=1e-12)
    assert_allclose(one.covariance, other.covariance, rtol=1e-9, atol=1e-16)
    assert_array_equal(one.persons, other.persons)


@pytest.mark.parametrize("errors", [e for e in ERRORS if e != "family"])
def test_collapsed_persons_give_the_same_as_persons(errors):
    """Persons alike in everything, death apart, become one row with a weight."""
    columns = made()
    names = [name for name in columns if name not in {"family", "county_outcome"}]
    table, weight = np.unique(
        np.column_stack([columns[name] for name in names]), axis=0, return_counts=True
    )
    collapsed = dict(zip(names, table.T, strict=True))
    one = fit_linear(columns, "5.6", errors=errors)
    other = fit_linear({**collapsed, "weight": weight}, "5.6", errors=errors)
    assert one.estimates.tobytes() == other.estimates.tobytes()
    assert one.covariance.tobytes() == other.covariance.tobytes()


def test_probabilities_as_outcomes_give_what_is_expected():
    """Every person in 20 copies that do things in proportion: the same, but for N."""
    columns = made(3000)
    shares = np.tile([0.8, 0.1, 0.05, 0.05], (3000, 1))
    shares[columns["sex"] == 1] = [0.7, 0.1, 0.2, 0]
    copies = np.rint(shares * 20).astype(int)
    row, outcome = np.divmod(np.repeat(np.arange(12_000), copies.ravel()), 4)
    drawn = {name: c[row] for name, c in columns.items()} | {"outcome": outcome}
    one = fit_linear({**columns, "outcome": shares[:, :3]}, "5.4", errors="HC0")
    other = fit_linear(drawn, "5.4", errors="HC0")
    assert one.n * 20 == other.n
    assert_allclose(one.estimates, other.estimates, atol=1e-12)
    assert_allclose(one.covariance / 20, other.covariance, rtol=1e-9, atol=1e-16)
    assert_allclose(one.r2, other.r2, atol=1e-12)
    male = one.variables.index("sex_male")
    assert_allclose(one.estimates[male], [-0.1, 0, 0.15], atol=1e-12)


def test_a_fit_without_errors_has_no_t_values(monkeypatch):
    """Residuals that are rounding alone are none."""
    columns = by_sex({0: (0, 3, 3, 0), 1: (6, 0, 0, 0)})
    found = fit_linear(columns, only_sex(monkeypatch))
    assert_array_equal(found.std_errors[:, 0], 0)
    assert np.isnan(found.t_values[:, 0]).all()
    assert_array_equal(found.stars[:, 0], "")
    assert found.r2[0] == 1


def test_stars_are_at_90_95_and_99_percent():
    found = fit_linear(made(), "5.1")
    t = np.array([[1.644, 1.645, 1.959], [1.96, 2.575, -2.576]])
    some = dataclasses.replace(
        found, estimates=t, covariance=np.tile(np.eye(2), (3, 1, 1)), variables=("a", "b")
    )
    assert_array_equal(some.stars, [["", "*", "*"], ["**", "**", "***"]])


# --- Specifications ---


def test_the_tables_are_those_of_the_report():
    assert list(TABLES) == [f"5.{i}" for i in range(1, 32)]
    assert TABLES["5.2"] == Specification.of("base", "2") == Specification("base", 1)
    assert TABLES["5.8"] == Specification.of("family_size", "Most central")
    assert TABLES["5.9"] == Specification.of("family_composition", "1")
    assert TABLES["5.15"] == Specification.of("county_by_reason", "Oslo")
    assert TABLES["5.31"] == Specification.of("county_by_reason", "20")
    for factor in linear_sample.BASE:
        assert factor.reference == REFERENCE[factor.name]


def test_all_tables_at_once():
    columns = made(12_000)
    found = fit_tables(columns)
    assert list(found) == list(TABLES)
    base = sum(found[f"5.{i}"].n for i in range(1, 5))
    assert base == sum(found[f"5.{i}"].n for i in range(13, 32))
    assert base == ((columns["age"] >= 15) & (columns["age"] <= 74)).sum()
    assert found["5.1"].outside == 12_000 - base
    assert found["5.13"].outcome == "county_outcome"
    assert_array_equal(found["5.1"].estimates, fit_linear(columns, "5.1").estimates)


def test_tables_are_those_that_the_columns_allow():
    columns = made(12_000, family_immigrants=None, county_outcome=None)
    assert list(fit_tables(columns)) == list(linear.tables_of(columns)) == list(TABLES)[:8]
    del columns["outcome"]
    assert linear.tables_of(columns) == ()


def test_groups_in_place_of_years_of_stay_are_noticed():
    columns = made()
    columns["duration"] = np.minimum(columns["duration"] // 5, 4)
    assert "nobody" in problems_of(columns)["duration 16+"].found


@pytest.mark.parametrize("kind", ["i8", "u8"])
def test_family_numbers_may_be_as_large_as_numbers_get(kind):
    columns = made()
    large = columns["family"].astype(kind) + np.array(2**63 - 3000).astype(kind)
    one = fit_linear(columns, "5.1", errors="family")
    other = fit_linear({**columns, "family": large}, "5.1", errors="family")
    assert_allclose(one.covariance, other.covariance, rtol=1e-12)
    less = {**columns, "family": large.astype("i8") * -1 - 1}
    assert_allclose(one.covariance, fit_linear(less, "5.1", errors="family").covariance)


def test_all_tables_say_all_problems_at_once():
    columns = made(3000)
    columns["reason"] = np.where(columns["centrality"] == 1, 0, columns["reason"])
    with pytest.raises(InputError) as caught:
        fit_tables(columns, ["5.1", "5.2", "5.6"])
    where = [p.where for p in caught.value.problems]
    assert "table 5.2, reason unknown" in where
    assert "table 5.6, reason_nordic" in where
    assert not any("5.1," in w for w in where)


@pytest.mark.parametrize("age", AGE_OF.values())
def test_ages_are_15_to_74(age):
    columns = made(3000)
    outer = np.isin(columns["age"], (14, 75))
    columns["age"] = np.where(outer, np.where(columns["age"] == 14, 15, 74), columns["age"])
    inner = fit_linear(columns, Specification("base")).n
    columns["age"][outer] = np.where(columns["age"][outer] == 15, 14, 75)
    assert fit_linear(columns, Specification("base")).n == inner - outer.sum()


# --- What is refused ---


def problems_of(columns, specification="5.4", **more):
    with pytest.raises(InputError) as caught:
        fit_linear(columns, specification, **more)
    return {p.where: p for p in caught.value.problems}


def where(columns, name, condition, value):
    return {**columns, name: np.where(condition, value, columns[name])}


def test_an_empty_reference_group_is_named():
    columns = made()
    found = problems_of(where(columns, "education", columns["education"] == 0, 1))
    assert "nobody" in found["education none"].found
    assert found["education none"].cure


def test_a_variable_of_nobody_is_named_or_left_out():
    columns = made()
    columns = where(columns, "reason", columns["reason"] == 3, 0)
    assert "omit_empty" in problems_of(columns)["reason_education"].cure
    found = fit_linear(columns, "5.4", omit_empty=True)
    assert found.omitted == ("reason_education",)
    assert "reason_education" not in found.variables


def test_an_empty_reference_is_refused_even_so():
    columns = made()
    columns = where(columns, "sex", columns["sex"] == 0, 1)
    assert set(problems_of(columns, omit_empty=True)) == {"sex female"}


def test_variables_that_go_together_are_named():
    """All the unemployed came for education, and nobody else did."""
    columns = made()
    unemployed = columns["status"] == 4
    reason = np.where(columns["reason"] == 3, 0, columns["reason"])
    found = problems_of({**columns, "reason": np.where(unemployed, 3, reason)})
    assert "status_unemployed" in found["reason_education"].found
    assert found["reason_education"].cure


def test_families_without_others_of_their_size_are_named():
    columns = made()
    of_three = columns["family_total"] == 3
    columns = where(columns, "family_immigrants", of_three, 3)
    assert "family_size_3" in problems_of(columns, "5.12")["immigrants_only_3"].found


@pytest.mark.parametrize(("gone", "name"), [(0, "stay"), (1, "domestic"), (2, "emigrate")])
def test_an_outcome_that_never_happens_is_named(gone, name):
    columns = made()
    columns = where(columns, "outcome", columns["outcome"] == gone, (gone + 1) % 3)
    found = problems_of(columns)
    assert "none of" in found[f"outcome {name}"].found


def test_nobody_there():
    columns = made(centrality=np.zeros(4000, dtype=int))
    assert "has nobody" in problems_of(columns)["centrality 4"].found
    empty = {name: c[:0] for name, c in columns.items()}
    assert "has nobody" in problems_of(empty, Specification("base"))["country"].found
    assert set(problems_of({}, Specification("base"))) == {*REFERENCE, "outcome"}


@pytest.mark.parametrize("bad", [-1.0, np.nan, np.inf])
def test_bad_weights_are_named(bad):
    weight = np.ones(4000)
    weight[[7, 9]] = bad
    found = problems_of(made(weight=weight))["weight"]
    assert "2 rows (first: 8, 10)" in found.found
    assert found.cure


@pytest.mark.parametrize(
    ("name", "bad", "cure"),
    [("sex", 2, "female"), ("age", 130, ""), ("age", -1, ""), ("duration", 121, "years"),
     ("education", 6, "compulsory"), ("status", -1, "outside"), ("reason", 9, "work"),
     ("centrality", 4, "Subtract 1"), ("outcome", 4, "3 died"), ("family_total", 0, "")],
)  # fmt: skip
def test_numbers_out_of_range_are_named(name, bad, cure):
    columns = made()
    values = columns[name].copy()
    values[5] = bad
    found = problems_of({**columns, name: values}, "5.8")[name]
    assert "1 row (first: 6)" in found.found
    assert str(bad) in found.found
    assert cure in found.cure


def test_what_is_no_number_is_named():
    columns = made()
    columns |= {"sex": np.full(4000, "male"), "age": columns["age"] + 0.5}
    columns |= {"reason": np.where(columns["sex"] == "male", np.nan, 1)}
    found = problems_of(columns)
    assert "not numbers" in found["sex"].found
    assert "4,000 rows" in found["age"].found
    assert "nan" in found["reason"].found


def test_county_numbers_are_refused_with_their_cure():
    columns = made()
    columns["county"] = np.array([int(COUNTY.names[c]) for c in columns["county"]])
    assert "COUNTY.index" in problems_of(columns, "5.31")["county"].cure


def test_missing_columns_and_uneven_ones_are_all_named():
    columns = made(sex=None, educations=made()["education"], status=np.zeros(3))
    del columns["education"]
    found = problems_of(columns)
    assert found["sex"].found == "is missing"
    assert found["education"].cure == "Did you mean 'educations'?"
    assert "shape (3,)" in found["status"].found


def test_other_things_among_the_columns_are_left_alone():
    columns = made()
    more = {"year": 2013, "names": np.array(["a", "b"]), "longer": np.zeros(9000), "flag": True}
    one, other = fit_linear(columns, "5.4"), fit_linear({**columns, **more}, "5.4")
    assert_array_equal(one.estimates, other.estimates)


@pytest.mark.parametrize("kind", ["u1", "i2", "f4", "O"])
def test_arrays_of_any_kind_of_number(kind):
    columns = made()
    some = {name: c.astype(kind) for name, c in columns.items() if name != "family"}
    if kind == "O":
        assert "not numbers" in problems_of(some)["sex"].found
    else:
        one, other = fit_linear(columns, "5.12"), fit_linear(some, "5.12")
        assert one.estimates.tobytes() == other.estimates.tobytes()


def test_truth_values_are_numbers_too():
    columns = made()
    one = fit_linear({**columns, "sex": columns["sex"] == 1}, "5.1")
    assert_array_equal(one.estimates, fit_linear(columns, "5.1").estimates)


def test_county_tables_want_moves_out_of_the_county():
    columns = made(12_000)
    del columns["county_outcome"]
    assert "outcome" in problems_of(columns, "5.15")["county_outcome"].cure
    assert fit_linear(columns, "5.15", outcome="outcome").outcome == "outcome"


def test_more_immigrants_than_members():
    columns = made()
    columns["family_immigrants"] = columns["family_total"] + 1
    assert "exchanged" in problems_of(columns, "5.12")["family_immigrants"].cure


def test_probabilities_that_are_none():
    shares = np.full((4000, 3), 0.3)
    shares[3, 1], shares[8, 0] = -0.1, 0.9
    assert "2 rows (first: 4, 9)" in problems_of(made(outcome=shares))["outcome"].found
    words = np.full((4000, 3), "a")
    assert "not numbers" in problems_of(made(outcome=words))["outcome"].found
    shares = np.full((4000, 2), 0.3)
    assert "shape (4000, 2)" in problems_of(made(outcome=shares))["outcome"].found
    good = np.full((4000, 3), 0.3)
    assert "probabilities" in problems_of(made(outcome=good), errors="family")["outcome"].found


def test_families_are_needed_for_errors_by_family():
    assert problems_of(made(family=None), errors="family")["family"].found == "is missing"
    half = problems_of(made(family=np.full(4000, 0.5)), errors="family")["family"]
    assert half.allowed == "whole numbers"
    one = problems_of(made(family=np.ones(4000)), errors="family")
    assert "same for all" in one["family"].found


def test_persons_who_alone_decide_an_estimate_are_refused_where_it_matters(monkeypatch):
    columns = by_sex({0: (6, 1, 1, 0), 1: (1, 0, 0, 0)})
    chosen = only_sex(monkeypatch)
    for errors in ("HC2", "HC3"):
        assert "HC1" in problems_of(columns, chosen, errors=errors)["leverage"].cure
    assert fit_linear(columns, chosen, errors="HC1").n == 9


def test_fewer_persons_than_variables():
    columns = made()
    columns["weight"] = np.full(4000, 0.001)
    assert "22 variables" in problems_of(columns)["persons"].found


@pytest.mark.parametrize(
    ("asked", "said"),
    [(lambda: fit_linear(made(), "5.32"), "5.1 to 5.31"),
     (lambda: fit_linear(made(), "5.1", errors="HC4"), "HC3"),
     (lambda: Specification("bass"), "Did you mean 'base'?"),
     (lambda: Specification("base", 4), "0 to 3"),
     (lambda: Specification.of("base", "5"), "1, 2, 3, 4"),
     (lambda: Specification.of("county_by_reason", "Olso"), "Did you mean 'Oslo'?")],
)  # fmt: skip
def test_what_cannot_be_asked(asked, said):
    with pytest.raises(InputError, match=said.replace("?", r"\?")):
        asked()


# --- Edges ---


@given(st.integers(0, 10**6), st.integers(1, 400), st.sampled_from(list(KINDS)),
       st.sampled_from(ERRORS), st.integers(0, 2))  # fmt: skip
def test_few_persons_are_fitted_or_refused_but_never_fall_over(seed, n, kind, errors, spread):
    """Whatever the persons: finite estimates that solve the normal equations, or an InputError."""
    rng = np.random.default_rng(seed)
    columns = made(max(n, 2), seed, deaths=0.1)
    for name in ("sex", "reason", "status", "education", "duration"):
        if rng.random() < 0.2 * spread:
            columns[name] = np.minimum(columns[name], 1)
    columns["weight"] = rng.integers(0, 3, max(n, 2))
    try:
        found = fit_linear(columns, Specification(kind), errors=errors, omit_empty=True)
    except InputError:
        return
    assert np.isfinite(found.estimates).all()
    assert np.isfinite(found.std_errors).all()
    assert (found.r2 <= 1 + 1e-9).all()
    assert (found.r2 >= -1e-9).all()
    assert_allclose(found.persons.sum(), found.n)


@given(st.integers(0, 10**6))
def test_the_names_of_values_do_not_matter_to_the_rest(seed):
    """Women and men exchanged turn the sign of one row and leave the others alone."""
    columns = made(2500, seed)
    one = fit_linear(columns, Specification("base"))
    other = fit_linear({**columns, "sex": 1 - columns["sex"]}, Specification("base"))
    male = one.variables.index("sex_male")
    rest = [i for i in range(1, len(one.variables)) if i != male]
    assert_allclose(one.estimates[male], -other.estimates[male], atol=1e-12)
    assert_allclose(one.estimates[rest], other.estimates[rest], atol=1e-12)
    assert_allclose(one.std_errors[1:], other.std_errors[1:], rtol=1e-9)


def test_the_library_says_no_more_than_it_offers():
    assert set(linear.__all__) <= set(dir(linear))
