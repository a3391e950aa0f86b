"""What a simulated history says: plain loops over a diary of everybody's days give the same.

`Diary` is a second, slow way to look on: a dict of every resident on every 1 January and on
every 31 December, and loops over it with the words of the reports. No number here is random:
every comparison is of the same simulated people.
"""

import gc
import weakref

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runs.validation.collected import (
    EMIGRATED,
    FAMILY_OF,
    LARGEST_FAMILY,
    PARTS,
    Collected,
    Columns,
    collect,
)
from runs.validation.counting import Cells, grouped, plain
from runs.validation.dimensions import COUNTIES
from runs.validation.lived import Ensemble, Lived
from runs.validation.persons import AGE_STARTS, DECEMBER, DIMENSIONS, JANUARY, conditions
from runs.validation.quantity import POOLED, Quantity, Whom
from sim.agents.population import ABROAD, RESIDENT
from sim.chance import Chance
from sim.codes import DESTINATION, EDUCATION, ORIGIN, REASON, SEX, STATUS
from sim.engine import Simulation
from sim.geography import CENTRALITY_OF, COUNTY_OF
from sim.jit import COMPILED
from sim.transitions.process import Settings
from tests.conftest import load, made_people

N = load(6_000, 250)
YEARS = 7
FIRST = 2013
LIVED = tuple(range(FIRST, FIRST + YEARS))
SCALE = N / 600_000


def crowd():
    """Return people of all backgrounds, a tenth of them abroad since 2012, known or not."""
    rng = np.random.default_rng(5)
    away = (np.arange(N) % 10 == 0).astype(int)
    age = np.where(rng.random(N) < 0.6, rng.integers(16, 36, N), rng.integers(0, 90, N))
    arrived = FIRST - 1 - (rng.random(N) * np.minimum(age, 40)).astype(int)
    birth = FIRST - 1 - age
    born = rng.random(N) < 0.3
    arrived = np.where(born, birth, arrived)
    background = np.where(born, 2, np.where(arrived - birth < 10, 1, 0))
    return made_people(
        N, families=True, birth_year=birth, first_arrival_year=arrived, background=background,
        place=away, left_year=2012 * away, registered_year=2012 * away + 3 * away * (rng.random(N) < 0.3),
        destination=away * rng.integers(1, 8, N), reason=np.where(born, 5, rng.integers(0, 6, N)),
    )  # fmt: skip


def simulation(forgetful=False):
    return Simulation(crowd(), Settings(scale=SCALE), Chance(4, 1), forgetful=forgetful)


class Diary:
    """Everybody's days as dicts by person: `january` and `december` of each year, and abroad."""

    def __init__(self):
        self.january, self.december, self.came, self.abroad, self.learnt = [], [], [], [], []
        self.year = None

    def before(self, process, year):
        if self.year is not year:
            self.year = year
            self.january.append(days(year.population))
            self.abroad.append(absent(year.population))

    def after(self, process, year):
        pass

    def close(self):
        people = self.year.population
        gone = np.flatnonzero(people["left_year"] == self.year.year)  # some died abroad since
        left = {("left", int(people["person"][i])): row(people, i) for i in gone}
        self.december.append(days(people) | left)
        came = np.concatenate([self.year.happened("arrive"), self.year.happened("return")])
        self.came.append([row(people, i) for i in came])
        self.learnt.append([row(people, i) for i in self.year.happened("register")])

    def rows(self):
        """Yield (year, person, kind, row): kind is what became of a resident, or 'came'."""
        for t, year in enumerate(LIVED):
            for person, who in self.january[t].items():
                yield year, person, self.fate(t, person, who), who
            for who in self.came[t]:
                yield year, who["person"], {"came"}, who

    def fate(self, t, person, who):
        end = self.december[t].get(person)
        if ("left", person) in self.december[t]:
            return {"left"}
        if end is None:
            return {"died"}
        found = set()
        if CENTRALITY_OF[end["municipality"]] != CENTRALITY_OF[who["municipality"]]:
            found.add("level")
        if COUNTY_OF[end["municipality"]] != COUNTY_OF[who["municipality"]]:
            found.add("county")
        return found


NAMES = ("person", "sex", "birth_year", "background", "origin", "reason", "first_arrival_year",
         "education", "status", "municipality", "family_total", "family_immigrants",
         "destination", "registered_year", "left_year")  # fmt: skip


def row(people, i):
    return {name: int(people[name][i]) for name in NAMES}


def days(people):
    return {int(people["person"][i]): row(people, i)
            for i in np.flatnonzero(people["place"] == RESIDENT)}  # fmt: skip


def absent(people):
    return {int(people["person"][i]): row(people, i)
            for i in np.flatnonzero(people["place"] == ABROAD)}  # fmt: skip


@pytest.fixture(scope="module")
def diary():
    """The same history seen by the slow way."""
    world, found = simulation(), Diary()
    world.watcher = found
    for _ in LIVED:
        world.step()
        found.close()
    found.january.append(days(world.population))
    found.abroad.append(absent(world.population))
    return found


@pytest.fixture(scope="module")
def lived():
    return Lived(collect(simulation(), YEARS))


def is_immigrant(who):
    return who["background"] < 2


def everybody(who, year):
    return True


EVERYBODY = Whom()


def told(lived, measure, whom=EVERYBODY, years=LIVED, **more):
    return lived.of(Quantity(measure, whom, years, **more))


def test_looking_on_changes_nothing():
    """A simulation that is watched ends as one that is not, bit by bit."""
    alone, watched = simulation(), simulation()
    for _ in LIVED:
        alone.step()
    collect(watched, YEARS)
    assert watched.watcher is None
    for name, column in alone.population.columns.items():
        np.testing.assert_array_equal(column, watched.population[name], err_msg=name)


def test_taking_out_the_dead_changes_no_answer(lived):
    other = Lived(collect(simulation(forgetful=True), YEARS))
    for measure, whom, report in (
        ("emigration_rate", Whom(), "r2016"), ("county_out_rate", Whom(), "r2016"),
        ("return_share_5y", Whom("descendants"), "d2026"),
        ("stock_share", Whom(sex=("men",)), "r2016"),
        ("persons_in_sample", Whom("descendants", age=("18-35",)), "d2026"),
    ):  # fmt: skip
        np.testing.assert_array_equal(
            told(lived, measure, whom, report=report), told(other, measure, whom, report=report)
        )


# A field of Whom, its codes, and who that is: a function of a row and the year it is asked in.
WHOM = {
    "all": ({}, everybody),
    "men": ({"sex": ("men",)}, lambda w, y: w["sex"] == SEX.index("male")),
    "aged 15-74": ({"age": ("15-74",)}, lambda w, y: 15 <= y - 1 - w["birth_year"] <= 74),
    "aged 20-35": ({"age": ("20-35",)}, lambda w, y: 20 <= y - 1 - w["birth_year"] <= 35),
    "aged 19-23 or 71+": (
        {"age": ("19-23", "71+")},
        lambda w, y: 19 <= y - 1 - w["birth_year"] <= 23 or y - 1 - w["birth_year"] >= 71,
    ),
    "work or refuge": (
        {"reason": ("work", "refuge")},
        lambda w, y: w["reason"] in (REASON.index("work"), REASON.index("refuge")),
    ),
    "new members": ({"country_group": ("cg2",)}, lambda w, y: w["origin"] == ORIGIN.index("eu_east")),
    "from Iran": ({"origin": ("iran",)}, lambda w, y: w["origin"] == ORIGIN.index("iran")),
    "0-2 years": (
        {"duration": ("0-2",)}, lambda w, y: y - 1 - w["first_arrival_year"] <= 2),
    "over 10 years": (
        {"duration": ("over_10",)}, lambda w, y: y - 1 - w["first_arrival_year"] > 10),
    "outside": (
        {"labour_status": ("outside",)}, lambda w, y: w["status"] == STATUS.index("outside")),
    "secondary": (
        {"education": ("secondary",)},
        lambda w, y: EDUCATION.names[w["education"]].startswith("upper_secondary"),
    ),
    "no degree known": (
        {"education": ("unknown",), "education2": ("no_degree",)},
        lambda w, y: w["education"] == EDUCATION.index("none"),
    ),
    "level 1 or 2": (
        {"centrality": ("1", "2")}, lambda w, y: CENTRALITY_OF[w["municipality"]] < 2),
    "Rogaland, men": (
        {"county": ("rogaland",), "sex": ("men",)},
        lambda w, y: COUNTIES[COUNTY_OF[w["municipality"]]] == "rogaland" and w["sex"] == 1,
    ),
    "mixed of 3+": (
        {"family_type": ("mixed",), "family_size": ("3+",)},
        lambda w, y: w["family_immigrants"] < w["family_total"] >= 3,
    ),
    "alone": ({"family_size": ("1",)}, lambda w, y: w["family_total"] == 1),
    "minority of 4": (
        {"family_type": ("mixed_immigrant_minority",), "family_size": ("4",)},
        lambda w, y: w["family_total"] == 4 and w["family_immigrants"] < 2,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WHOM)
def test_rates_of_the_2016_report_are_movers_among_residents_of_1_january(lived, diary, name):
    fields, belongs = WHOM[name]
    events = {"emigration_rate": "left", "domestic_rate": "level", "county_out_rate": "county"}
    above = {measure: np.zeros(YEARS) for measure in events}
    below = np.zeros(YEARS)
    for year, _, fate, who in diary.rows():
        if "came" in fate or not is_immigrant(who) or not belongs(who, year):
            continue
        below[year - FIRST] += 1
        for measure, event in events.items():
            above[measure][year - FIRST] += event in fate
    assert below.sum() > 0 or not COMPILED, "nobody is of that kind"
    for measure in events:
        whom = Whom(**fields)
        with np.errstate(invalid="ignore", divide="ignore"):
            expected = 100 * above[measure] / below
        np.testing.assert_array_equal(told(lived, measure, whom), expected)
        if below.sum():
            pooled = told(lived, measure, whom, scope=POOLED)
            assert pooled.tolist() == [100 * above[measure].sum() / below.sum()]
    stock = told(lived, "stock", Whom(**fields))
    np.testing.assert_array_equal(stock, below)
    share = told(lived, "stock_share", Whom(**fields), base=Whom())
    np.testing.assert_array_equal(share, 100 * below / told(lived, "stock"))
    np.testing.assert_array_equal(
        told(lived, "emigration_count", Whom(**fields)), above["emigration_rate"]
    )


def test_the_whole_population_moves_in_the_test_at_all(lived):
    for measure in ("emigration_rate", "domestic_rate", "county_out_rate", "stock_share"):
        assert told(lived, measure, Whom(sex=("men",))).sum() > 0


@pytest.mark.parametrize("part_of_year", [False, True])
@pytest.mark.parametrize("duration", [None, ("0-2",), ("3-5", "6-10")])
def test_the_articles_rates_have_either_denominator(diary, lived, part_of_year, duration):
    low, high = {None: (0, 200), ("0-2",): (0, 2), ("3-5", "6-10"): (3, 10)}[duration]
    other = Lived(lived.counted.collected, part_of_year=part_of_year)
    above, below = np.zeros(YEARS), np.zeros(YEARS)
    for year, _, fate, who in diary.rows():
        stay = year - (not part_of_year) - who["first_arrival_year"]
        if is_immigrant(who) and low <= stay <= high and (part_of_year or "came" not in fate):
            below[year - FIRST] += 1
            above[year - FIRST] += "left" in fate
    found = told(other, "emigration_rate", Whom(duration=duration), report="a2015")
    np.testing.assert_array_equal(found, 100 * above / below)


YOUNG = {"age": ("18-35",)}
GROUPS = {"norwegian_born_2ip": (2,), "child_arrival_0_9": (1,), "immigrants_10plus": (0,),
          "descendants": (1, 2)}  # fmt: skip


def young(who, year, group):
    return 18 <= year - who["birth_year"] <= 35 and who["background"] in GROUPS[group]


@pytest.mark.parametrize("group", GROUPS)
def test_rates_of_the_2026_report_are_of_the_mean_population_and_of_person_years(
    lived, diary, group
):
    left, person_years, persons = np.zeros(YEARS), np.zeros(YEARS), set()
    mean = np.zeros(YEARS)
    for year, person, fate, who in diary.rows():
        if young(who, year, group):
            left[year - FIRST] += "left" in fate
            person_years[year - FIRST] += 1
            persons.add(person)
    for t, year in enumerate(LIVED):
        both = (diary.january[t], diary.january[t + 1])
        mean[t] = sum(young(w, year, group) for d in both for w in d.values()) / 2
    whom, report = Whom(group, **YOUNG), {"report": "d2026"}
    np.testing.assert_array_equal(told(lived, "emigration_rate", whom, **report), 100 * left / mean)
    pooled = {**report, "scope": POOLED}
    assert told(lived, "emigration_rate", whom, **pooled) == 100 * left.sum() / person_years.sum()
    assert told(lived, "person_years", whom, **pooled) == person_years.sum()
    assert told(lived, "persons_in_sample", whom, **pooled) == len(persons)
    assert told(lived, "emigrations_per_person", whom, **pooled) == left.sum() / len(persons)


@pytest.mark.parametrize("group", ["descendants", "immigrants_10plus"])
def test_the_age_at_which_most_leave_is_that_of_smoothed_rates(lived, diary, group):
    left, there = np.zeros(100), np.zeros(100)
    for year, _, fate, who in diary.rows():
        if young(who, year, group):
            there[year - who["birth_year"]] += 1
            left[year - who["birth_year"]] += "left" in fate
    rates = [left[a] / there[a] if 18 <= a <= 35 else np.nan for a in range(37)]
    smooth = {a: np.nanmean(rates[a - 1 : a + 2]) for a in range(18, 36)}
    best = max(smooth, key=smooth.get)
    found = told(lived, "peak_age_emigration", Whom(group, **YOUNG), scope=POOLED, report="d2026")
    assert found.tolist() == [best]


def test_a_lone_spike_is_not_the_age_at_which_most_leave():
    """Of a hundred at each age 12 leave at 30, but 10 at 21, 22 and 23."""
    age = np.repeat(np.arange(18, 36), 100)
    number = np.tile(np.arange(100), 18)
    leaves = (number < 12) & (age == 30) | (number < 10) & (age >= 21) & (age <= 23)
    zero = np.zeros(age.size, dtype=np.uint8)
    names = ("stay", "county", "centrality", "total", "immigrants", "family", "background",
             "origin", "reason", "sponsor_reason", "sex", "education", "status")  # fmt: skip
    columns = dict.fromkeys(names, zero) | {
        "age": age.astype(np.uint8), "fate": np.where(leaves, EMIGRATED, zero).astype(np.uint8),
    }  # fmt: skip
    nobody = {name: column[:0] for name, column in columns.items()}
    nobody |= {"destination": zero[:0], "absence": zero[:0], "late": zero[:0]}
    gone = [Columns(2013, age[:0], nobody)]
    days = [Columns(2013, np.arange(age.size), columns), Columns(2014, age[:0], nobody)]
    asked = Quantity("peak_age_emigration", Whom(**YOUNG), (2013,), POOLED, report="d2026")
    assert Lived(Collected(days, gone, gone)).of(asked).tolist() == [22]


@pytest.mark.parametrize("destination", [None, ("origin",), ("nordic", "uk")])
def test_who_left_is_back_unless_abroad_five_years_later(lived, diary, destination):
    back, all_left, shares, leavers = (np.full(YEARS, np.nan) for _ in range(4))
    codes = [DESTINATION.index(code) for code in destination or DESTINATION.names]
    for t, year in enumerate(LIVED):
        went = {p: diary.december[t]["left", p]["destination"]
                for p, w in diary.january[t].items()
                if "left" in diary.fate(t, p, w) and young(w, year, "descendants")}  # fmt: skip
        mine = [p for p, where in went.items() if where in codes]
        shares[t], leavers[t] = len(mine), len(went)
        if t + 5 <= YEARS:
            all_left[t] = len(mine)
            back[t] = sum(p not in diary.abroad[t + 5] for p in mine)
    whom = Whom("descendants", **YOUNG, destination=destination)
    with np.errstate(invalid="ignore"):
        expected = 100 * back / all_left
        share = 100 * shares / leavers
    found = told(lived, "return_share_5y", whom, report="d2026")
    np.testing.assert_array_equal(found, expected)
    assert np.isnan(found[3:]).all()
    known = LIVED[:3]
    pooled = told(lived, "return_share_5y", whom, known, scope=POOLED, report="d2026")
    np.testing.assert_array_equal(pooled, [100 * np.nansum(back) / np.nansum(all_left)])
    count = told(lived, "return_count_5y", whom, known, scope=POOLED, report="d2026")
    assert count.tolist() == [np.nansum(back)]
    yearly = told(lived, "return_count_5y", whom, report="d2026")
    np.testing.assert_array_equal(yearly, back)
    of_all = told(
        lived, "destination_share", whom, report="d2026", base=Whom("descendants", **YOUNG)
    )
    np.testing.assert_array_equal(of_all, share)
    np.testing.assert_array_equal(told(lived, "emigration_count", whom, report="d2026"), shares)


def test_some_come_back_and_some_do_not(lived):
    found = told(lived, "return_share_5y", Whom(), LIVED[:3], scope=POOLED, report="d2026")
    assert 0 < found[0] < 100


def test_administrative_emigrations_are_those_to_nobody_knows_where(lived, diary):
    unknown = DESTINATION.index("unknown")
    learnt = [[w for w in rows if is_immigrant(w)] for rows in diary.learnt]
    expected = [100 * sum(w["destination"] == unknown for w in rows) / len(rows) for rows in learnt]
    found = told(lived, "admin_emigration_share")
    assert np.isnan(found[:5]).all(), "the register of the start misses nobody yet"
    np.testing.assert_array_equal(found[5:], expected[5:])


def test_mean_stay_sample_size_and_missing_education(lived, diary):
    stay = [np.mean([y - 1 - w["first_arrival_year"] for w in diary.january[t].values()
                     if is_immigrant(w)]) for t, y in enumerate(LIVED)]  # fmt: skip
    np.testing.assert_allclose(told(lived, "mean_duration"), stay, rtol=1e-12)
    for model in ("linear", "logit"):
        whom = Whom(age=("15-74",))
        size = [
            sum(
                is_immigrant(w) and 15 <= y - 1 - w["birth_year"] <= 74
                and not (model == "logit" and diary.fate(t, p, w) == {"died"})
                for p, w in diary.january[t].items()
            )
            for t, y in enumerate(LIVED)
        ]  # fmt: skip
        np.testing.assert_array_equal(told(lived, "sample_size", whom, model=model), size)
    missing, everyone = 0, 0
    for year, _, _, who in diary.rows():
        if young(who, year, "immigrants_10plus"):
            everyone += 1
            missing += who["education"] == EDUCATION.index("none")
    whom = Whom("immigrants_10plus", **YOUNG)
    found = told(lived, "missing_education_share", whom, scope=POOLED, report="d2026")
    assert found.tolist() == [100 * missing / everyone]


def test_the_first_of_january_after_the_last_year_is_known_too(lived, diary):
    after = told(lived, "stock", years=(LIVED[-1] + 1,))
    assert after.tolist() == [sum(map(is_immigrant, diary.january[-1].values()))]
    assert np.isnan(told(lived, "emigration_count", years=(LIVED[-1] + 1, FIRST - 1))).all()


def test_rates_are_pooled_if_half_the_years_were_lived_and_totals_if_all_were(lived):
    early = tuple(range(FIRST - 7, FIRST + 7))
    pooled = {"scope": POOLED}
    np.testing.assert_array_equal(
        told(lived, "emigration_rate", years=early, **pooled),
        told(lived, "emigration_rate", **pooled),
    )
    assert np.isnan(told(lived, "emigration_rate", years=(FIRST - 8, *early), **pooled))
    assert np.isnan(told(lived, "emigration_count", years=early, **pooled))
    assert np.isnan(told(lived, "emigrations_per_person", years=early, **pooled))
    strict = Lived(lived.counted.collected, least=0.9)
    assert np.isnan(told(strict, "emigration_rate", years=early, **pooled))


@pytest.mark.parametrize(
    ("quantity", "words"),
    [
        (Quantity("emigration_rate", Whom("majority"), LIVED), "majority"),
        (Quantity("stock", Whom(country=("philippines",)), LIVED), "country"),
        (Quantity("stock", Whom(destination=("uk",)), LIVED), "residents"),
        (Quantity("stock", Whom(family_size=("7",)), LIVED), "families of 7"),
        (Quantity("stock", Whom(age=("young",)), LIVED), "band 'young'"),
        (Quantity("stock", Whom(sex=("m",)), LIVED), "sex m"),
        (Quantity("stock", Whom(county=("bergen",)), LIVED), "bergen"),
        (Quantity("happiness", Whom(), LIVED), "happiness"),
        (Quantity("effect_of_scenario", Whom(), (2013,), driver="war"), "war"),
        (Quantity("driver_effect", Whom(country_group=("cg3",)), (2013,), POOLED,
                  driver="unemployment_origin"), "unemployment_group3"),
        (Quantity("emigration_rate", Whom(), (1999,)), "2013-2019"),
    ],
)  # fmt: skip
def test_what_cannot_be_told_is_nan_with_a_reason(lived, quantity, words):
    found = lived.of(quantity)
    assert np.isnan(found).all()
    assert found.shape == (1 if quantity.scope == POOLED else len(quantity.years),)
    assert words in lived.unable(quantity)


def test_what_can_be_told_has_no_reason_not_to(lived):
    assert lived.unable(Quantity("emigration_rate", Whom(), LIVED)) == ""


def test_scale_makes_numbers_those_of_all_and_leaves_rates(lived):
    collected = collect(simulation(), YEARS, scale=SCALE)
    other = Lived(collected)
    np.testing.assert_array_equal(told(other, "emigration_rate"), told(lived, "emigration_rate"))
    np.testing.assert_allclose(told(other, "stock"), told(lived, "stock") / SCALE)
    whom = Whom("descendants", **YOUNG)
    for measure, factor in (("persons_in_sample", SCALE), ("emigrations_per_person", 1)):
        np.testing.assert_allclose(
            told(other, measure, whom, report="d2026") * factor,
            told(lived, measure, whom, report="d2026"), rtol=1e-12,
        )  # fmt: skip


def test_effects_of_drivers_have_the_calibrated_signs_and_none_without_an_answer(lived):
    def effect(group, driver, of=lived):
        whom = Whom(country_group=(group,))
        return told(of, "driver_effect", whom, scope=POOLED, driver=driver)[0]

    assert effect("cg1", "log_income_ratio") < 0
    assert effect("cg3", "log_income_ratio") < 0
    assert abs(effect("cg2", "log_income_ratio")) < 1 < effect("cg2", "unemployment_norway")
    still = Lived(lived.counted.collected, Settings(assumptions={"economy": "none"}))
    assert effect("cg1", "log_income_ratio", still) == 0


def test_scenarios_that_others_lived_and_inputs_are_told_as_they_are(lived):
    other = Lived(lived.counted.collected, effects={"more_work": -6.5})
    assert told(other, "effect_of_scenario", years=(2013,), driver="more_work") == -6.5
    towns = [told(lived, "municipality_count", Whom(centrality=(level,)), (2013,))[0]
             for level in "1234"]  # fmt: skip
    assert towns == [149, 51, 78, 150]
    ratios = [told(lived, "income_ratio", Whom(country_group=(g,)), (2000,))[0]
              for g in ("cg1", "cg2", "cg3")]  # fmt: skip
    np.testing.assert_allclose(ratios, [1.2, 3.6, 9.3], atol=0.05)


@given(st.integers(0, 110), st.integers(0, 110), st.sampled_from([JANUARY, DECEMBER]))
def test_a_band_of_ages_holds_those_ages_and_no_others(low, more, later):
    high = min(low + more, 120)
    (dimension, mask), *_ = [
        item for item in conditions(Whom(age=(f"{low}-{high}",)), later=later).items()
        if item[0].startswith("age")
    ]  # fmt: skip
    of = next(one.of for one in DIMENSIONS if one.name == dimension)
    for age in range(later, 121):
        assert mask[of[age]] == (low <= age - later <= high)


@pytest.mark.parametrize("band", ["0-6", "7-17", "18-34", "35-62", "63-70", "71+", "15-24", "25-35",
                                  "36-61", "62-74", "15-74", "20-35", "18-35"])  # fmt: skip
def test_the_bands_of_the_reports_are_made_of_the_coarse_classes(band):
    found = conditions(Whom(age=(band,)), later=JANUARY)
    assert found["age_january"].size == len(AGE_STARTS)


@given(st.data())
@settings(max_examples=30)
def test_cells_count_what_a_loop_counts_from_rows_or_from_a_larger_table(data):
    sizes = {"a": 3, "b": 2, "years": 121}
    dimensions = [plain("a", 3), plain("b", 2), grouped("c", "years", (0, 5, 40), 1)]
    rows = data.draw(
        st.lists(st.tuples(*(st.integers(0, n - 1) for n in sizes.values())), max_size=30)
    )
    columns = [np.array([r[k] for r in rows], dtype=np.uint8) for k in range(3)]
    part = dict(zip(sizes, columns, strict=True))
    held = data.draw(st.sampled_from([(), (("a", "b", "c"),), (("b", "a"), ("a", "c"))]))
    cells = Cells([part, {name: column[:0] for name, column in part.items()}], dimensions, held)
    chosen = {}
    for name, size in (("a", 3), ("b", 2), ("c", 3)):
        if data.draw(st.booleans()):
            chosen[name] = np.array(
                data.draw(st.lists(st.booleans(), min_size=size, max_size=size))
            )
    code = {"a": lambda r: r[0], "b": lambda r: r[1],
            "c": lambda r: 0 if r[2] - 1 < 5 else 1 if r[2] - 1 < 40 else 2}  # fmt: skip
    mine = [r for r in rows if all(mask[code[name](r)] for name, mask in chosen.items())]
    assert cells.count(chosen).tolist() == [len(mine), 0]
    by_b = [sum(r[1] == b for r in mine) for b in (0, 1)]
    assert cells.count_by("b", chosen).tolist() == [by_b, [0, 0]]


@given(st.integers(1, 255), st.integers(0, 255))
def test_families_are_told_by_size_and_by_who_is_in_the_majority(total, immigrants):
    immigrants = min(immigrants, total)
    kind, size = divmod(int(FAMILY_OF[total * 256 + immigrants]), LARGEST_FAMILY)
    assert size + 1 == min(total, LARGEST_FAMILY)
    others = total - immigrants
    expected = ("immigrant_only" if not others else "mixed_immigrant_majority"
                if immigrants > others else "mixed_equal" if immigrants == others
                else "mixed_immigrant_minority")  # fmt: skip
    assert PARTS[kind] == expected


class Says:
    """A history that always says the same."""

    years = (2004, 2005)

    def __init__(self, *values):
        self.values = values

    def of(self, quantity):
        return np.array(self.values if quantity.scope != POOLED else self.values[:1], dtype=float)


def test_replicates_add_up_to_a_mean_a_spread_and_each_of_them():
    yearly, pooled = (Quantity("stock", Whom(), (2004, 2005), s) for s in ("per_year", POOLED))
    both = Ensemble([yearly, pooled, yearly])
    assert np.isnan(both.of(yearly)).tolist() == [True, True]
    for values in ((1, 10), (2, 20), (6, 30)):
        both.add(Says(*values))
    assert (both.replicates, both.years) == (3, (2004, 2005))
    assert both.of(yearly).tolist() == [3, 20]
    np.testing.assert_allclose(both.sd(yearly), [np.sqrt(7), 10])
    assert both.of(pooled).tolist() == [3]
    assert both.replicate(2).of(yearly).tolist() == [6, 30]
    assert both.replicate(0).years == (2004, 2005)
    low, high = both.interval(yearly, share=1.0)
    assert (low.tolist(), high.tolist()) == ([1, 10], [6, 30])
    strange = Quantity("stock", Whom("majority"), (2004,))
    assert np.isnan(both.of(strange)).tolist() == [True]
    assert np.isnan(both.replicate(1).of(strange)).tolist() == [True]


def test_one_replicate_has_no_spread():
    one, quantity = Ensemble([Quantity("stock", Whom(), (2004, 2005))]), None
    quantity = one.questions[0]
    one.add(Says(4, 5))
    assert np.isnan(one.sd(quantity)).all()
    assert one.of(quantity).tolist() == [4, 5]


def test_a_history_is_let_go_at_once():
    """No ring of references keeps one replicate's rows while the next is lived."""
    collected = collect(simulation(), 1)
    history = Lived(collected)
    whom = Whom(age=("15-74",))
    for model in ("linear", "logit"):
        asked = Quantity("adj_stay", whom, (FIRST,), term=("sex", "men"), model=model)
        history.of(asked)
    alive = weakref.ref(collected.residents[0])
    gc.disable()
    try:
        del collected, history
        assert alive() is None
    finally:
        gc.enable()
