"""Labour-market status: the rule for one person, the published figures, what unemployment moves."""

import csv
from functools import cache

import numpy as np
import pytest
from scipy import stats

from calibration import labour_rates, livelihood_rates, reconstruct
from sim.agents.population import ABROAD, RESIDENT, Population
from sim.chance import Chance, between_0_and_1
from sim.codes import REASON, SEX, STATUS
from sim.jit import COMPILED
from sim.transitions import labour
from sim.transitions.coming_of_age import ComingOfAge
from sim.transitions.labour import EMPLOYED, OUTSIDE, STUDENT, UNEMPLOYED, LabourStatus
from sim.transitions.process import Settings, Year
from tests.conftest import load, made_people

AT_WORK = (EMPLOYED, labour.EMPLOYED_STUDENT)
slow = pytest.mark.skipif(not COMPILED, reason="too many persons without compiled kernels")


def lived(people, process=None, seed=1):
    """Let a year of labour-market status happen; return the year and the statuses before."""
    before = people["status"].copy()
    year = Year.begin(people.year, people, Chance(seed))
    (process or LabourStatus("fitted")).happen(year)
    return year, before


def luck(year, people, name):
    words = np.empty(len(people), dtype=np.uint32)
    year.chance.swift_word(name, year.year, people["person"], words)
    return between_0_and_1(words)


def new_status(t, old, age, stay, chances, keeps, draws):
    """The rule for one person: what they are when the year is over."""
    if age < 16 or stay <= 0:
        return old
    if age >= 75:
        return OUTSIDE
    keep, new = (part[age - 16, min(stay, 17) - 1] for part in chances)
    if keeps < keep[old]:
        return old
    passed = 0.0
    for status in ("outside", "student", "employed_student", "employed", "unemployed"):
        passed += new[STATUS.index(status)]
        if draws < passed:
            return STATUS.index(status)
    return UNEMPLOYED


def mixed_people(n, **columns):
    """Return people of whom some are abroad and some were born in Norway."""
    people = made_people(n, **columns)
    people["place"][::7] = ABROAD
    born = np.arange(n) % 5 == 0
    people["background"][born] = 2
    people["first_arrival_year"][born] = people["birth_year"][born]
    return people


def test_everybody_changes_by_the_rule_for_one_person():
    people = mixed_people(load(20_000, 1_500))
    year, before = lived(people)
    rates = labour.published_unemployment()
    keep, new = labour.chances(labour.targets(2012, rates[2012]), labour.targets(2013, rates[2013]))
    keeps, draws = (luck(year, people, n) for n in ("labour_status", "labour_status, new"))
    for i in range(len(people)):
        expected = before[i]
        if people["place"][i] == RESIDENT:
            group = 6 if people["background"][i] == 2 else people["reason"][i]
            mine = keep[group, people["sex"][i]], new[group, people["sex"][i]]
            age = 2013 - int(people["birth_year"][i])
            stay = 2013 - int(people["first_arrival_year"][i])
            expected = new_status(2013, before[i], age, stay, mine, keeps[i], draws[i])
        assert people["status"][i] == expected
    altered = np.flatnonzero(people["status"] != before)
    np.testing.assert_array_equal(np.sort(np.concatenate(year.changed)), altered)
    assert altered.size > 100


@pytest.mark.parametrize("status", range(len(STATUS)))
def test_certain_chances(monkeypatch, status):
    """If everybody is to be one thing and nobody keeps another, they all are."""
    shares = np.eye(len(STATUS))[np.full((7, 2, 60, 18), status)]
    monkeypatch.setattr(labour, "targets", lambda year, rate: shares)
    monkeypatch.setattr(labour, "persistence", lambda: np.zeros(len(STATUS)))
    people = made_people(
        1_000, birth_year=np.full(1_000, 1980), first_arrival_year=np.full(1_000, 2000)
    )
    labour._cuts.cache_clear()
    lived(people)
    labour._cuts.cache_clear()
    assert (people["status"] == status).all()


def test_statuses_stay_if_so_chosen():
    people = made_people(2_000)
    year, before = lived(people, LabourStatus("unchanged"))
    np.testing.assert_array_equal(people["status"], before)
    assert not year.changed
    settings = Settings(assumptions={"labour_status": "unchanged"})
    assert LabourStatus.ready(settings).choice == "unchanged"
    assert LabourStatus.ready(Settings()).choice == "fitted"


def test_the_order_of_persons_does_not_matter():
    people = mixed_people(load(5_000, 800))
    order = np.random.default_rng(3).permutation(len(people))
    shuffled = people.select(order)
    lived(people)
    lived(shuffled)
    np.testing.assert_array_equal(shuffled["status"], people["status"][order])


def test_those_who_turn_15_and_newcomers_are_left_alone():
    n = 300
    ages = {"children": 15, "new": 40}
    for who, age in ages.items():
        arrival = 2013 if who == "new" else max(1990, 2013 - age)
        people = made_people(
            n,
            year=2014,  # so that newcomers of 2013 are possible
            birth_year=np.full(n, 2013 - age),
            first_arrival_year=np.full(n, arrival),
        )
        people.year = 2013
        _, before = lived(people)
        np.testing.assert_array_equal(people["status"], before)


def test_whoever_is_62_and_outside_stays_outside():
    n = load(20_000, 1_500)
    people = made_people(n, birth_year=np.full(n, 1950), first_arrival_year=np.full(n, 1990))
    _, before = lived(people)  # 62 on 1 January 2013
    assert (people["status"][before == OUTSIDE] == OUTSIDE).all()
    assert (people["status"][before == EMPLOYED] == OUTSIDE).any()


def test_all_who_turn_75_or_come_back_older_are_outside():
    people = made_people(200, birth_year=np.full(200, 1938), first_arrival_year=np.full(200, 1990))
    lived(people)
    assert (people["status"] == OUTSIDE).all()


def test_chances_are_chances_and_lead_from_target_to_target():
    rates = labour.published_unemployment()
    before, now = labour.targets(2012, rates[2012]), labour.targets(2013, rates[2013])
    for shares in (before, now):
        np.testing.assert_allclose(shares.sum(axis=-1), 1.0)
        assert (shares >= 0).all()
    keep, new = labour.chances(before, now)
    assert ((keep >= 0) & (keep <= 1)).all()
    assert (new >= 0).all()
    np.testing.assert_allclose(new.sum(axis=-1), 1.0)
    stay = np.minimum(labour.STAYS[1:] - 1, labour.STAYS[-2])
    then = before[:, :, :-1][:, :, :, stay] * (1 - labour.leaving()[:, None, None, stay])
    then /= then.sum(axis=-1, keepdims=True)
    gone = then * (1 - keep)
    reached = then * keep + gone.sum(axis=-1, keepdims=True) * new
    young = labour.AGES[1:] <= labour.RETIRE
    np.testing.assert_allclose(
        reached[:, :, young], now[:, :, 1:][:, :, young][..., 1:, :], atol=1e-9
    )


def test_chances_are_those_of_the_rule_written_for_one_cell():
    """Shares may be anything: those of two strange years, a status that nobody has among them."""
    luck = np.random.default_rng(5)
    before, now = luck.dirichlet(np.full(5, 0.3), (2, 7, 2, 60, 18))
    now[..., 3] = 0.0
    now /= now.sum(axis=-1, keepdims=True)
    keep, new = labour.chances(before, now)
    persistence, leaving = labour.persistence(), labour.leaving()
    for g, s, a, t in [(0, 0, 0, 0), (6, 1, 58, 16), (3, 1, 47, 4), (2, 0, 46, 9), (1, 1, 20, 16)]:
        then = before[g, s, a, t] * (1 - leaving[g, t])
        then /= then.sum()
        wanted = now[g, s, a + 1, t + 1]
        kept = np.minimum(persistence, wanted / np.maximum(then, 1e-12))
        if a + 16 > labour.RETIRE:
            kept[OUTSIDE] = 1.0
        left = np.maximum(wanted - kept * then, 0.0) + 1e-12 * wanted
        np.testing.assert_allclose(keep[g, s, a, t], kept, rtol=1e-12)
        np.testing.assert_allclose(new[g, s, a, t], left / left.sum(), rtol=1e-9)


def test_what_is_wanted_is_remembered_by_year_and_rate():
    first = labour.targets(2013, 3.5)
    assert labour.targets(2013, 3.5) is first
    assert (labour.targets(2013, 3.6) != first).any()
    assert not first.flags.writeable


def test_unemployment_moves_the_employed_into_it_and_nobody_else():
    """Who differs between two economies is unemployed in the worse, employed in the better.

    True of everybody at ages and stays at which nobody is forced out of a status.
    """
    n = load(60_000, 4_000)
    born, came = 1965 + np.arange(n) % 18, 2000 + np.arange(n) % 9
    rows = [made_people(n, birth_year=born, first_arrival_year=came) for _ in range(2)]
    for people, rate in zip(rows, (3.0, 3.7), strict=True):
        lived(people, LabourStatus("fitted", {2013: rate}))
    better, worse = (people["status"] for people in rows)
    differ = better != worse
    assert (better[differ] == EMPLOYED).all()
    assert (worse[differ] == UNEMPLOYED).all()
    assert differ.any()


def test_rates_are_published_given_or_the_last_known():
    fitted = LabourStatus("fitted", {2030: 6.0})
    assert fitted.rate(2012) == pytest.approx(3.129)
    assert fitted.rate(2030) == fitted.rate(2050) == 6.0
    assert fitted.rate(1990) == fitted.rate(2000)
    assert LabourStatus("without_economy", {2020: 9.0}).rate(2020) == pytest.approx(3.129)
    more = labour.targets(2020, 4.129) - labour.targets(2020, 3.129)
    assert (more[:, :, 1:, :, UNEMPLOYED] > 0).all()
    np.testing.assert_allclose(more[..., UNEMPLOYED], -more[..., EMPLOYED], atol=1e-12)
    assert (labour.targets(2020, 1e6) >= 0).all()


def test_as_many_change_as_the_chances_say():
    """Falls outside with a probability of 1e-6."""
    n = load(200_000, 4_000)
    people = made_people(
        n, birth_year=np.full(n, 1978), first_arrival_year=np.full(n, 2003),
        sex=np.ones(n, dtype=int), reason=np.zeros(n, dtype=int),
        status=np.full(n, EMPLOYED),
    )  # fmt: skip
    rates = labour.published_unemployment()
    keep, new = labour.chances(labour.targets(2012, rates[2012]), labour.targets(2013, rates[2013]))
    at = 0, 1, 2013 - 1978 - 16, 9
    p = keep[at][EMPLOYED] + (1 - keep[at][EMPLOYED]) * new[at][EMPLOYED]
    lived(people)
    low, high = stats.binom.interval(1 - 1e-6, n, p)
    assert low <= (people["status"] == EMPLOYED).sum() <= high


# -- against the publication ------------------------------------------------------------------


@cache
def register(year):
    people = reconstruct(year=year)
    return people.select(people["place"] == RESIDENT)


def immigrants_of_working_age(people):
    """Return positions, stays, and cells of reason, sex, age and stay."""
    age = people.year - 1 - people["birth_year"].astype(int)
    stay = people.year - 1 - people["first_arrival_year"].astype(int)
    some = np.flatnonzero((people["background"] != 2) & (age >= 15) & (age <= 74))
    bands = np.searchsorted([18, 25, 30, 40, 55, 62, 67], age[some], side="right")
    stays = np.searchsorted([1, 3, 5, 10, 16], stay[some], side="right")
    cell = (people["reason"][some].astype(int) * 2 + people["sex"][some]) * 8 + bands
    return some, stay[some], cell * 6 + stays


def employed_shares(people, like):
    """Return shares employed by reason, stay and sex, with the composition of `like`."""
    some, stay, cell = immigrants_of_working_age(people)
    wanted = np.bincount(immigrants_of_working_age(like)[2], minlength=576)
    found = np.bincount(cell, minlength=576)
    weight = (wanted / np.maximum(found, 1))[cell]
    works = np.isin(people["status"][some], AT_WORK)
    sex, reason = people["sex"][some], people["reason"][some]
    shares = {}
    for name in ("both", *SEX.names):
        mine = (sex == SEX.index(name)) if name != "both" else np.ones(some.size, dtype=bool)
        groups = {"all": np.ones(some.size, dtype=bool)}
        for official, reasons in labour_rates.OFFICIAL.items():
            groups[official] = np.isin(reason, [REASON.index(r) for r in reasons])
        for official, group in groups.items():
            shares[official, "all", name] = np.average(works[mine & group],
                                                       weights=weight[mine & group])  # fmt: skip
    for name, span in labour.STAY_GROUPS.items():
        inside = (stay >= span.start) & ((stay < span.stop) | (name == "10+"))
        shares["all", name, "both"] = np.average(works[inside], weights=weight[inside])
    return shares


def those_who_remain(people, t):
    """Return the persons whom the emigration of a year leaves, at the rates of the tables."""
    stay = np.minimum(t - 1 - people["first_arrival_year"].astype(int), 17)
    group = np.where(people["background"] == 2, 6, people["reason"])
    share = labour.leaving()[group, stay, people["status"]]
    return people.select(Chance(9).uniform("leaving", t, people["person"]) > share)


@slow
def test_employment_is_as_published_for_seven_years():
    """The residents of 2006, and each year's newcomers, seven years on.

    The figures are weighted to the composition by reason, sex, age and stay that the register
    of each year has, since some who left are not followed. Reasons are compared from 2009: the publication
    codes them otherwise before.
    """
    people, compared = register(2006), 0
    for t in range(2006, 2013):
        people = those_who_remain(people, t)
        year = Year.begin(t, people, Chance(1))
        for process in (ComingOfAge, LabourStatus):
            process.ready(Settings()).happen(year)
        later = register(t + 1)
        new = later.select(later["first_arrival_year"] == t)
        columns = {n: np.concatenate([a, new.columns[n]]) for n, a in people.columns.items()}
        columns["person"] = np.arange(columns["person"].size)
        people = Population(columns, t + 1, "followed")
        for (reason, stay, sex), share in employed_shares(people, later).items():
            where = {"reason": reason, "duration": stay, "sex": sex}
            wanted = labour_rates.published("employed", **where)[t]
            if reason == "all" or (sex != "both" and t >= labour_rates.REASONS_FROM):
                assert abs(100 * share - wanted) < 2.1, (t, reason, stay, sex, share, wanted)
                compared += 1
    assert compared == 7 * 6 + 4 * 10


@slow
def test_shares_stay_sane_until_2030_when_ages_and_stays_do_not_change():
    people = register(2013).copy()
    some = immigrants_of_working_age(people)[0]
    first = np.bincount(people["status"][some], minlength=5) / some.size
    process = LabourStatus("without_economy")
    for t in range(2013, 2031):
        people = those_who_remain(people, t)
        lived(people, process)
        people.year += 1
        people["birth_year"][:] += 1
        people["first_arrival_year"][:] += 1
    some = immigrants_of_working_age(people)[0]
    last = np.bincount(people["status"][some], minlength=5) / some.size
    assert np.abs(last - first).max() < 0.06, last
    assert (last > 0.03).all()


@slow
def test_the_tables_are_what_the_tool_makes(tmp_path, monkeypatch):
    shipped = labour_rates.FOLDER
    monkeypatch.setattr(labour_rates, "FOLDER", tmp_path)
    livelihood_rates.main()
    made = sorted(tmp_path.glob("*.csv"))
    assert len(made) == 7
    for path in made:
        texts = (p.read_text("utf-8") for p in (path, shipped / path.name))
        rows = [list(csv.reader(text.splitlines())) for text in texts]
        assert len(rows[0]) == len(rows[1])
        for new, old in zip(*rows, strict=True):
            for a, b in zip(new, old, strict=True):
                assert a == b or float(a) == pytest.approx(float(b), abs=2e-3), (path.name, new)


def test_targets_of_the_norwegian_born_are_as_published():
    """2015 and 2017: 21 (15-19), 60, 72 and 75 percent of 20-24, 25-29 and 30-39; in 2012."""
    shares = labour.targets(2012, labour.published_unemployment()[2012])[-1, :, :, -1]
    works = shares[..., AT_WORK].sum(axis=-1).mean(axis=0)
    for first, last, wanted in ((20, 24, 0.595), (25, 29, 0.725), (30, 39, 0.755)):
        assert works[first - 15 : last - 14].mean() == pytest.approx(wanted, abs=0.03)
    assert (shares[:, 0, STUDENT] == 1).all()
