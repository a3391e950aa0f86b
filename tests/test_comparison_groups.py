"""The comparison groups: numbers of the table, by hand, and draws that follow their rates."""

import numpy as np
import pytest

from runs.validation import collected as c
from runs.validation.comparison import Compared, chosen_of
from runs.validation.lived import Lived
from runs.validation.measures import Counted
from runs.validation.persons import DECEMBER, JANUARY, CannotTellError
from runs.validation.quantity import POOLED, Quantity, Whom
from sim.chance import Chance
from sim.codes import BACKGROUND, SEX
from sim.transitions import comparison_groups as groups
from sim.transitions.sources import rows
from tests.test_validation_regressions import history, people

YEAR = 2013
AGED = ("18-35",)


def residents(year, sex, band):
    (found,) = [float(r["value"]) for r in rows("comparison_groups.csv")
                if (r["kind"], r["group"], r["year"], r["sex"], r["age"])
                == ("residents", "all_residents", str(year), sex, band)]  # fmt: skip
    return found


def test_all_residents_are_cut_from_bands_of_completed_ages():
    """Who is 18-35 on 31 December was 17-34 on 1 January: three of the five ages 15-19."""
    for later, parts in ((DECEMBER, (0.6, 1.0, 0.0)), (JANUARY, (0.4, 1.0, 0.2))):
        found = groups.everybody(YEAR, later)
        for k, sex in enumerate(SEX.names):
            bands = [residents(YEAR, sex, band) for band in ("15-19", "20-34", "35-39")]
            assert found[k].sum() == pytest.approx(np.dot(parts, bands))


def test_years_outside_the_table_are_nan():
    assert np.isnan(groups.everybody(1999, DECEMBER)).all()
    assert np.isnan(groups.one_foreign_parent(2031)).all()
    some = np.ones((2, 18))
    assert np.isnan(groups.emigrations("majority", 1999, some, Chance(1))).all()
    assert np.isnan(groups.emigrations("majority", 2013, some * np.nan, Chance(1))).all()


def test_the_table_says_what_the_report_says_of_one_foreign_parent():
    """8,988 emigrations and 1.2 million person-years in 2000-2023: 0.75 percent a year."""
    known = groups.table()
    years = range(2004, 2024)
    persons = np.array([groups.one_foreign_parent(y).sum() for y in years])
    rates = np.array([known.rates["one_foreign_parent"][y] for y in years])
    assert persons[0] == pytest.approx(40_000 + 20_000 * 4 / 23, abs=2)
    early = persons[0] - (persons[1] - persons[0]) * np.arange(4, 0, -1)
    fall = rates[1] / rates[0]
    early_rates = rates[0] / fall ** np.arange(4, 0, -1)
    total = (persons @ rates + early @ early_rates) / 100
    assert total == pytest.approx(8_988, rel=0.001)
    assert persons.sum() + early.sum() == pytest.approx(1.2e6, rel=0.001)
    assert all(shape.mean() == pytest.approx(1, abs=1e-4) for shape in known.shapes.values())


def test_draws_follow_rates_by_age():
    """Of 200 replicates the mean count lies within 5 standard errors: false alarm 6e-7."""
    some = np.full((2, 18), 1_000.0)
    drawn = np.array([groups.emigrations("majority", YEAR, some, Chance(7, k)) for k in range(200)])
    known = groups.table()
    expected = 1_000 * known.rates["majority"][YEAR] / 100 * known.shapes["majority"]
    total = drawn.sum(axis=(1, 2))
    error = np.sqrt(2 * expected.sum() / 200)
    assert abs(total.mean() - 2 * expected.sum()) < 5 * error
    assert total.std() > 0
    by_age = drawn.mean(axis=(0, 1))
    assert by_age[7] > by_age[0]  # most leave at 25; chance of the opposite below 1e-12
    again = groups.emigrations("majority", YEAR, some, Chance(7, 3))
    np.testing.assert_array_equal(again, drawn[3])


def test_nobody_leaves_from_nobody():
    none = np.zeros((2, 18))
    assert not groups.emigrations("one_foreign_parent", YEAR, none, Chance(1)).any()


@pytest.fixture(scope="module")
def lived():
    return Lived(history(people(2_000, seed=5)), chance=Chance(3))


def told(lived, measure, group, scope="per_year", **more):
    whom = Whom(group, age=more.pop("age", AGED), **more)
    return float(lived.of(Quantity(measure, whom, (YEAR,), scope, "d2026"))[0])


def test_the_majority_is_what_is_left(lived):
    """Everybody of 17-34 on 1 January, less the simulated and those with one foreign parent."""
    columns = lived.counted.collected.residents[0].columns
    young = (columns["age"] >= 18) & (columns["age"] <= 35) & (columns["fate"] != c.CAME)
    every = groups.everybody(YEAR, DECEMBER).sum()
    one = groups.one_foreign_parent(YEAR).sum()
    assert told(lived, "stock", "majority") == pytest.approx(every - one - young.sum())
    assert told(lived, "stock", "one_foreign_parent") == pytest.approx(one)
    men = young & (columns["sex"] == SEX.index("male"))
    of_men = groups.everybody(YEAR, DECEMBER)[SEX.index("male")].sum()
    one_men = groups.one_foreign_parent(YEAR)[SEX.index("male")].sum()
    found = told(lived, "stock", "majority", sex=("men",))
    assert found == pytest.approx(of_men - one_men - men.sum())


def test_groups_together_are_the_sum_of_their_parts(lived):
    simulated = ("norwegian_born_2ip", "child_arrival_0_9", "immigrants_10plus")
    for measure in ("stock", "emigration_count", "person_years"):
        parts = [told(lived, measure, g) for g in (*simulated, *groups.GROUPS)]
        assert told(lived, measure, "all_residents") == pytest.approx(sum(parts))
        small = [told(lived, measure, g) for g in (*simulated[:2], "one_foreign_parent")]
        assert told(lived, measure, "three_small_groups") == pytest.approx(sum(small))


def test_a_rate_is_emigrants_over_residents(lived):
    left = told(lived, "emigration_count", "majority", POOLED)
    rate = told(lived, "emigration_rate", "majority", POOLED)
    assert rate == pytest.approx(100 * left / told(lived, "stock", "majority"))
    assert 0.2 < rate < 0.5
    assert told(lived, "peak_age_emigration", "one_foreign_parent", POOLED) in range(19, 33)


@pytest.mark.parametrize(
    ("measure", "more", "words"),
    [
        ("emigration_rate", {"education2": ("bachelor_plus",)}, "no education2"),
        ("emigration_rate", {"age": ("15-24",)}, "at ages 18-35 alone"),
        ("emigration_rate", {"age": None}, "at ages 18-35 alone"),
        ("destination_share", {"destination": ("unknown",)}, "no persons of the group majority"),
        ("domestic_rate", {}, "moves and deaths"),
    ],
)  # fmt: skip
def test_what_numbers_cannot_tell_is_refused_with_a_reason(lived, measure, more, words):
    whom = Whom("majority", **{"age": AGED, **more})
    asked = Quantity(measure, whom, (YEAR,), POOLED, "d2026")
    assert np.isnan(lived.of(asked)).all()
    assert words in lived.unable(asked)


def test_without_luck_there_are_no_comparison_groups():
    plain = Lived(history(people(200, seed=5)))
    asked = Quantity("stock", Whom("majority", age=AGED), (YEAR,), report="d2026")
    assert np.isnan(plain.of(asked)).all()
    assert "no persons of the group majority" in plain.unable(asked)


def test_a_tenth_of_the_people_stands_for_a_tenth_of_the_groups():
    some = history(people(2_000, seed=5))
    some.scale = 0.1
    of = Counted(some, chance=Chance(1))
    assert isinstance(of.compared, Compared)
    one = of.stock(Whom("one_foreign_parent", age=AGED), DECEMBER)[0]
    assert one == pytest.approx(0.1 * groups.one_foreign_parent(YEAR).sum())


def test_sexes_and_bands_are_chosen():
    chosen = chosen_of(Whom("majority", sex=("women",), age=("20", "30-31")))
    assert chosen.sum() == 3
    assert chosen[SEX.index("female"), 2] == chosen[SEX.index("female"), 12] == 1
    with pytest.raises(CannotTellError):
        chosen_of(Whom("majority", age=("30-40",)))
    assert len(BACKGROUND) == 3
