"""Models of simulated outcomes: plain least squares and plain averages give the same numbers.

The people here are made by hand, a row each, with outcomes of every kind; nothing is simulated.
"""

import numpy as np
import pytest

from calibration.linear import fit_linear
from runs.validation import collected as c
from runs.validation.collected import FAMILY_OF, Collected, Columns
from runs.validation.dimensions import COUNTIES
from runs.validation.lived import Lived
from runs.validation.quantity import POOLED, Quantity, Whom
from runs.validation.regressions import Regressions
from runs.validation.samples import sample_of
from sim.codes import EDUCATION, REASON, SEX, STATUS
from tests.conftest import load

N = load(12_000, 3_000)
YEAR = 2013
AGED = ("15-74",)
CONTROLS = ("sex", "age", "education", "duration", "labour_status", "reason")
THREE = ("adj_stay", "adj_domestic", "adj_emigration")


def people(n=N, seed=1, **fixed):
    """Return rows of one year, random but for what is given."""
    rng = np.random.default_rng(seed)
    total = rng.integers(1, 8, n)
    columns = {
        "age": rng.integers(0, 90, n), "stay": rng.integers(0, 30, n),
        "county": rng.integers(0, 3, n), "centrality": rng.integers(0, 4, n),
        "total": total, "immigrants": rng.integers(1, total + 1),
        "background": rng.integers(0, 3, n), "origin": rng.integers(0, 19, n),
        "reason": rng.integers(0, 6, n), "sponsor_reason": np.zeros(n),
        "sex": rng.integers(0, 2, n), "education": rng.integers(0, 6, n),
        "status": rng.integers(0, 5, n), "fate": rng.integers(0, len(c.FATES), n),
    }  # fmt: skip
    columns |= fixed
    made = {name: np.asarray(column, dtype=np.uint8) for name, column in columns.items()}
    made["family"] = FAMILY_OF[made["total"].astype(int) * 256 + made["immigrants"]]
    return made


def history(columns):
    """Return a history of that one year; nobody is there after it."""
    none = {name: column[:0] for name, column in columns.items()}
    away = {"destination": none["sex"], "absence": none["sex"], "late": none["sex"]}
    person = np.arange(columns["sex"].size)
    after = Columns(YEAR + 1, person[:0], none)
    gone = [Columns(YEAR, person[:0], none | away)]
    return Collected([Columns(YEAR, person, columns), after], gone, gone)


@pytest.fixture(scope="module")
def columns():
    return people()


@pytest.fixture(scope="module")
def lived(columns):
    return Lived(history(columns))


def told(lived, measure, term, whom=None, model="linear", scope="per_year"):
    whom = whom or Whom(age=AGED)
    asked = Quantity(measure, whom, (YEAR,), scope, term=term, model=model, controls=CONTROLS)
    return float(lived.of(asked)[0])


def explained(columns):
    """Say which rows are in the sample: immigrants of 15-74 who were there on 1 January."""
    age = columns["age"].astype(int) - 1
    here = (age >= 15) & (age <= 74) & (columns["background"] != 2)
    return here & (columns["fate"] != c.CAME)


def test_the_sample_is_of_immigrants_of_15_to_74_with_the_outcomes_of_the_year(columns):
    found, here = sample_of(history(columns), YEAR), explained(columns)
    assert found["age"].tolist() == (columns["age"][here].astype(int) - 1).tolist()
    stay = [max(int(x) - 1, 0) for x in columns["stay"][here]]
    assert found["duration"].tolist() == stay
    level = {"level": 1, "level_and_county": 1, "emigrated": 2, "died": 3}
    county = {"county": 1, "level_and_county": 1, "emigrated": 2, "died": 3}
    fates = [c.FATES[f] for f in columns["fate"][here]]
    assert found["outcome"].tolist() == [level.get(f, 0) for f in fates]
    assert found["county_outcome"].tolist() == [county.get(f, 0) for f in fates]


def plain_least_squares(columns, place, moves, leave):
    """Return coefficients by name of dummies made one by one, for three outcomes."""
    here = explained(columns)
    for name, number in place.items():
        here &= columns[name] == number
    who = {name: column[here].astype(int) for name, column in columns.items()}
    age, stay = who["age"] - 1, np.maximum(who["stay"] - 1, 0)
    school = np.array(["none", "primary", "secondary", "secondary", "short", "long"])[
        who["education"]
    ]
    x = {"constant": np.ones(age.size), "men": who["sex"] == SEX.index("male")}
    x |= {"15-24": (age >= 15) & (age <= 24), "25-35": (age >= 25) & (age <= 35),
          "36-61": (age >= 36) & (age <= 61)}  # fmt: skip
    x |= {s: school == s for s in ("primary", "secondary", "short", "long")}
    x |= {"0-2": stay <= 2, "3-5": (stay >= 3) & (stay <= 5), "6-10": (stay >= 6) & (stay <= 10),
          "11-15": (stay >= 11) & (stay <= 15)}  # fmt: skip
    x |= {s: who["status"] == STATUS.index(s) for s in STATUS.names if s != "outside"}
    x |= {r: who["reason"] == REASON.index(r) for r in REASON.names if r != "unknown"}
    design = np.column_stack([np.asarray(v, dtype=float) for v in x.values()])
    fates = np.array(c.FATES)[who["fate"]]
    y = np.column_stack([~np.isin(fates, [*moves, leave, "died"]), np.isin(fates, moves),
                         fates == leave]).astype(float)  # fmt: skip
    return dict(zip(x, np.linalg.lstsq(design, y, rcond=None)[0], strict=True))


def test_coefficients_at_a_level_are_those_of_plain_least_squares(columns, lived):
    level = plain_least_squares(
        columns, {"centrality": 1}, ("level", "level_and_county"), "emigrated"
    )
    whom = Whom(age=AGED, centrality=("2",))
    asked = {
        ("sex", "men"): "men", ("age", "25-35"): "25-35", ("education", "primary"): "primary",
        ("education", "secondary"): "secondary", ("education", "tertiary_long"): "long",
        ("duration", "0-2"): "0-2", ("duration", "11-15"): "11-15",
        ("labour_status", "employed_student"): "employed_student", ("reason", "nordic"): "nordic",
    }  # fmt: skip
    for term, name in asked.items():
        for k, measure in enumerate(THREE):
            np.testing.assert_allclose(told(lived, measure, term, whom), level[name][k], atol=1e-9)


def test_coefficients_of_a_county_are_of_staying_in_it(columns, lived):
    moves = ("county", "level_and_county")
    county = plain_least_squares(columns, {"county": 2}, moves, "emigrated")
    whom = Whom(age=AGED, county=(COUNTIES[2],))
    for reason in ("work", "refuge", "family", "education", "nordic"):
        found = [told(lived, m, ("reason", reason), whom)
                 for m in ("adj_stay", "adj_county_out", "adj_emigration")]  # fmt: skip
        np.testing.assert_allclose(found, county[reason], atol=1e-9)


@pytest.mark.parametrize(
    "term",
    [("sex", "women"), ("age", "62-74"), ("education", "unknown"), ("duration", "16+"),
     ("labour_status", "outside"), ("reason", "unknown"), ("family_size", "5+"),
     ("family_type", "mixed")],
)  # fmt: skip
def test_the_reference_of_the_report_is_zero(lived, term):
    assert told(lived, "adj_emigration", term) == 0.0


def test_outcomes_that_the_reason_decides_are_found_exactly():
    """Work leaves, refugees move, all others stay: the coefficients are 1 and 0."""
    columns = people(seed=2)
    fate = np.select([columns["reason"] == REASON.index("work"),
                      columns["reason"] == REASON.index("refuge")],
                     [c.EMIGRATED, c.LEVEL], c.STAYED)  # fmt: skip
    sure = Lived(history(columns | {"fate": fate.astype(np.uint8)}))
    found = {r: [told(sure, m, ("reason", r)) for m in THREE] for r in REASON.names}
    expected = {r: [0, 0, 0] for r in REASON.names} | {"work": [-1, 0, 1], "refuge": [-1, 1, 0]}
    for reason, three in expected.items():
        np.testing.assert_allclose(found[reason], three, atol=1e-9)


def test_tables_have_the_numbers_of_the_report(lived):
    regressions = Regressions(lived.counted.collected)
    columns = regressions.sample(YEAR)
    for name in ("5.2", "5.7", "5.10", "5.15"):
        direct = fit_linear(columns, name, omit_empty=True)
        found = regressions.table(name, YEAR)
        assert found.variables == direct.variables
        np.testing.assert_allclose(found.estimates, direct.estimates, atol=1e-10)
        assert regressions.table(name, YEAR) is found, "estimated once"


def test_living_with_immigrants_alone_is_a_mean_over_those_who_do(columns, lived):
    """Weights are the persons of each size: counted here from the rows."""
    here = explained(columns)
    alone = columns["total"] == columns["immigrants"]
    direct = fit_linear(sample_of(history(columns), YEAR), "5.9")  # one level
    estimates = dict(zip(direct.variables, direct.estimates[:, 2], strict=True))
    at_level = here & alone & (columns["centrality"] == 0)
    number = {k: np.count_nonzero(at_level & (columns["total"] == k)) for k in (2, 3, 4)}
    number[5] = np.count_nonzero(at_level & (columns["total"] >= 5))
    names = {2: "2", 3: "3", 4: "4", 5: "5_plus"}
    mean = sum(estimates[f"immigrants_only_{names[k]}"] * n for k, n in number.items())
    whom = Whom(age=AGED, centrality=("1",))
    term = ("family_type", "immigrant_only")
    found = told(lived, "adj_emigration", term, whom)
    np.testing.assert_allclose(found, mean / sum(number.values()))
    of_two = Whom(age=AGED, centrality=("1",), family_size=("2",))
    np.testing.assert_allclose(told(lived, "adj_emigration", term, of_two),
                               estimates["immigrants_only_2"])  # fmt: skip


def plain_logit_difference(columns, models, value, reference, name):
    """Average by hand what a pooled logit says of everybody with a value and the reference."""
    fitted = models["6.1"]
    beta = dict(zip(fitted.terms, fitted.estimates, strict=True))
    here, total = np.flatnonzero(explained(columns)), np.zeros(3)
    for i in here:
        who, codes = described(columns, i)
        for sign, code in ((1, value), (-1, reference)):
            total += sign * chances(beta, who, codes | {name: code})
    return total / here.size


def described(columns, i):
    who = {key: int(column[i]) for key, column in columns.items()}
    return who, {
        "education": EDUCATION.names[who["education"]], "status": STATUS.names[who["status"]],
        "reason": REASON.names[who["reason"]], "sex": SEX.names[who["sex"]],
        "centrality": str(who["centrality"] + 1),
    }  # fmt: skip


def chances(beta, who, codes):
    age, stay = who["age"] - 1, max(who["stay"] - 1, 0)
    group = ["0_2", "3_5", "6_10", "11_15", "16+"][
        int(np.searchsorted((3, 6, 11, 16), stay, "right"))
    ]
    v = beta["constant"] + beta["age"] * age + beta["age_over_10_squared"] * (age / 10) ** 2
    v = v + beta["family_total"] * who["total"] + beta["family_immigrants"] * who["immigrants"]
    for term in (f"duration_{group}", *(f"{name}_{code}" for name, code in codes.items())):
        v = v + beta.get(term, 0)
    if codes["sex"] == "female":
        v = v + beta["female"]
    weight = np.array([1, *np.exp(v)])
    return weight / weight.sum()


def models_of(lived, model_type):
    lived.regressions.sample(YEAR)
    return lived.regressions.logits.models(YEAR, model_type)


@pytest.fixture(scope="module")
def some():
    """People of whom a logit can be estimated, at every level; the young leave more often."""
    rng = np.random.default_rng(8)
    n = load(8_000, 4_000)
    age = rng.integers(16, 76, n)
    leaves, moves = rng.random(n) < 0.4 - age / 300, rng.random(n) < 0.2
    fate = np.select([leaves, moves], [c.EMIGRATED, c.LEVEL], c.STAYED)
    return people(n, seed=8, age=age, fate=fate, background=rng.integers(0, 2, n))


@pytest.mark.parametrize(
    ("term", "name", "values", "reference"),
    [
        (("reason", "refuge"), "reason", ("refuge",), "nordic"),
        (("labour_status", "employed"), "status", ("employed",), "outside"),
        (("education", "tertiary_short"), "education", ("tertiary_short",), "none"),
        (("education", "secondary"), "education",
         ("upper_secondary_basic", "upper_secondary"), "none"),
        (("sex", "women"), "sex", ("female",), "male"),
        (("centrality", "1"), "centrality", ("1",), "4"),
    ],
)  # fmt: skip
def test_differences_of_the_logit_are_averages_over_everybody(some, term, name, values, reference):
    lived = Lived(history(some))
    models = models_of(lived, 1)
    expected = np.mean(
        [plain_logit_difference(some, models, v, reference, name) for v in values], axis=0
    )
    found = [told(lived, m, term, model="logit") for m in THREE]
    np.testing.assert_allclose(found, expected, atol=1e-12)
    np.testing.assert_allclose(sum(found), 0, atol=1e-12)


def test_a_norwegian_born_member_is_one_immigrant_fewer_in_the_logit(some):
    lived = Lived(history(some))
    fitted = models_of(lived, 1)["6.1"]
    beta = dict(zip(fitted.terms, fitted.estimates, strict=True))
    total, number = np.zeros(3), 0
    for i in np.flatnonzero(explained(some) & (some["total"] > 1)):
        who, codes = described(some, i)
        for sign, others in ((1, 0), (-1, 1)):
            total += sign * chances(beta, who | {"immigrants": who["total"] - others}, codes)
        number += 1
    found = [told(lived, m, ("family_type", "immigrant_only"), model="logit") for m in THREE]
    np.testing.assert_allclose(found, total / number, atol=1e-12)
    assert told(lived, "adj_stay", ("family_type", "mixed"), model="logit") == 0.0


def test_levels_and_sexes_have_logits_of_their_own(some):
    lived = Lived(history(some))
    both = [told(lived, "adj_emigration", ("reason", "work"), Whom(age=AGED, **more), "logit")
            for more in ({}, {"centrality": ("2",)}, {"sex": ("men",)})]  # fmt: skip
    assert len({round(x, 9) for x in both}) == 3
    assert sorted(models_of(lived, 2)) == ["D1", "D2", "D3", "D4"]


@pytest.mark.parametrize(
    ("measure", "term", "whom", "model", "words"),
    [
        ("adj_stay", None, Whom(age=AGED), "linear", "term"),
        ("adj_stay", ("reason", "work"), Whom(age=AGED), None, "model"),
        ("adj_stay", ("reason", "work"), Whom(age=("20-35",)), "linear", "other ages"),
        ("adj_stay", ("reason", "work"), Whom("descendants"), "linear", "some immigrants"),
        ("adj_stay", ("reason", "work"), Whom(sex=("men",)), "linear", "sex"),
        ("adj_stay", ("reason", "war"), Whom(), "linear", "reason war"),
        ("adj_stay", ("religion", "x"), Whom(), "linear", "religion"),
        ("adj_stay", ("reason", "work"), Whom(centrality=("1", "2")), "linear", "one level"),
        ("adj_stay", ("reason", "work"), Whom(county=("finnmark",)), "linear", "finnmark"),
        ("adj_stay", ("family_type", "mixed_equal"), Whom(), "linear", "family type"),
        ("adj_county_out", ("reason", "work"), Whom(), "logit", "levels"),
        ("adj_stay", ("reason", "war"), Whom(), "logit", "reason war"),
        ("adj_stay", ("family_type", "mixed_equal"), Whom(), "logit", "family_type"),
    ],
)  # fmt: skip
def test_what_the_models_do_not_hold_is_nan_with_a_reason(lived, measure, term, whom, model, words):
    asked = Quantity(measure, whom, (YEAR,), term=term, model=model)
    assert np.isnan(lived.of(asked)).tolist() == [True]
    assert words in lived.unable(asked)


def test_years_that_were_not_lived_have_no_models(lived):
    asked = Quantity("adj_stay", Whom(), (2012, 2013), term=("reason", "work"), model="linear")
    found = lived.of(asked)
    assert np.isfinite(found).tolist() == [False, True]
    assert told(lived, "adj_stay", ("reason", "work"), scope=POOLED) == found[1]
