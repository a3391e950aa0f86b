"""The starting people: truths about persons and families, then their margins."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from calibration import margins as m
from calibration.families import ALONE, CHILD, IMMIGRANT_COUPLE, LONE_PARENT, MIXED
from calibration.prior import draw_prior
from calibration.structure import age_profile
from calibration.targets import arrival_bands
from sim.codes import COUNTRY_GROUP, EDUCATION, ORIGIN, ORIGIN_COUNTRY_GROUP, REASON, SEX, STATUS
from tests.conftest import load

NORDIC_ONLY = [ORIGIN.index(o) for o in ("denmark", "sweden", "iceland")]


@pytest.fixture(scope="module")
def few():
    return draw_prior(scale=0.02)


@pytest.fixture(scope="module")
def whole():
    return draw_prior()


def stay(people):
    return 2012 - people.arrival


def grown(people):
    """Who has the age of the report's shares."""
    return (people.age >= 15) & (people.age <= 74)


def sampled(people):
    """Who has the age of the models: everybody of 15 or more."""
    return people.age >= 15


def columns(prior):
    """Return every array of a prior, by name."""
    found = {f"people.{n}": v for n, v in vars(prior.people).items()}
    found |= {f"families.{n}": v for n, v in vars(prior.families).items()}
    return found | {n: v for n, v in vars(prior).items() if isinstance(v, np.ndarray)}


# --- Truths about persons and families ---


def test_the_same_seed_gives_the_same_bits_and_another_seed_other_persons():
    one, again, other = (columns(draw_prior(scale=0.01, seed=seed)) for seed in (7, 7, 8))
    assert len(one) == 15
    for name, column in one.items():
        assert column.tobytes() == again[name].tobytes(), name
    assert (one["people.age"] != other["people.age"]).any()


@settings(max_examples=load(40, 12))
@given(st.sampled_from([0.0001, 0.0005, 0.002, 0.01]), st.integers(0, 2**32 - 1))
def test_families_recount_and_children_live_with_an_adult(scale, seed):
    p = draw_prior(scale=scale, seed=seed)
    people, role, family = p.people, p.families.role, p.family
    assert len(people) == round(593_324 * scale)
    assert_array_equal(np.unique(family), np.arange(family.max() + 1))
    assert_array_equal(np.bincount(family)[family], p.immigrants)
    assert (p.total >= p.immigrants).all()
    for name in ("total", "immigrants"):
        first = np.zeros(family.max() + 1, dtype=int)
        first[family] = getattr(p, name)
        assert_array_equal(first[family], getattr(p, name), err_msg=f"{name} differs in a family")
    adults = np.bincount(family, people.age >= 18)
    assert (adults[family[people.age < 15]] > 0).all()
    assert (p.total[role != ALONE] >= 2).all()
    assert (people.age >= stay(people)).all()


def test_a_family_lives_at_one_level_of_centrality(few):
    level = np.zeros(few.family.max() + 1, dtype=int)
    level[few.family] = few.people.centrality
    assert_array_equal(level[few.family], few.people.centrality)


def test_roles_say_what_the_family_is_like(few):
    role, total, immigrants = few.families.role, few.total, few.immigrants
    assert set(role) == {ALONE, LONE_PARENT, MIXED, IMMIGRANT_COUPLE, CHILD}
    assert (total[role == ALONE] == 1).all()
    assert (total > immigrants)[role == MIXED].all()  # the partner is no immigrant
    assert (immigrants[role == IMMIGRANT_COUPLE] >= 2).all()
    assert (total[role == LONE_PARENT] >= 2).all()  # a lone parent has a child
    assert_array_equal(few.families.partner >= 0, role == IMMIGRANT_COUPLE)
    assert (few.people.age[np.isin(role, (LONE_PARENT, MIXED, IMMIGRANT_COUPLE))] >= 18).all()


def test_partners_are_mutual_of_opposite_sex_and_live_together(few):
    partner_of, people = few.families.partner, few.people
    has = np.flatnonzero(partner_of >= 0)
    partner = partner_of[has]
    assert has.size > 1000
    assert_array_equal(partner_of[partner], has)
    assert (people.sex[has] != people.sex[partner]).all()
    assert_array_equal(few.family[has], few.family[partner])
    assert (people.age[has] >= 18).all()
    assert np.median(np.abs(people.age[has] - people.age[partner])) <= 5
    assert np.mean(people.origin[has] == people.origin[partner]) > 0.7


def test_mothers_are_women_of_fitting_age_in_the_same_family(few):
    mother_of, people = few.families.mother, few.people
    has = np.flatnonzero(mother_of >= 0)
    mother = mother_of[has]
    gap = people.age[mother] - people.age[has]
    assert (people.sex[mother] == SEX.index("female")).all()
    assert_array_equal(few.family[has], few.family[mother])
    assert ((gap >= 15) & (gap <= 50)).all()
    assert (few.families.role[has] == CHILD).all()
    assert np.mean(mother_of[people.age < 15] >= 0) > 0.9


def test_reasons_are_recorded_of_those_who_came_since_1990_and_of_no_others(few):
    before = few.people.arrival < 1990
    unrecorded = np.isin(few.people.group, (m.UNKNOWN, m.EARLY))
    assert_array_equal(unrecorded, before & (few.people.group != m.NORDIC))


def test_nordic_reason_and_nordic_origin_go_together(few):
    nordic = few.people.group == m.NORDIC
    only_nordic = np.isin(few.people.origin, NORDIC_ONLY)
    other = ORIGIN.index("w_europe_nordic_other")
    assert nordic[only_nordic].all()
    assert (only_nordic | (few.people.origin == other))[nordic].all()


def test_outside_15_to_74_nobody_has_a_labour_market_status(few):
    outside = ~grown(few.people)
    assert (few.status[outside] == STATUS.index("outside")).all()
    assert (few.education[few.people.age < 15] == EDUCATION.index("none")).all()
    assert set(few.status) == set(range(5))
    assert set(few.education) == set(range(6))


def test_status_does_not_depend_on_country_within_the_nordic_group(whole):
    # Both are dealt out by the same cells; only composition may tell the countries apart.
    inside = grown(whole.people) & (whole.people.group == m.NORDIC)
    at_work = np.isin(whole.status, [1, 2])
    shares = [np.mean(at_work[inside & (whole.people.origin == o)]) for o in NORDIC_ONLY]
    assert max(shares) - min(shares) < 0.03


# --- Margins ---


def test_the_sizes_of_the_eight_logit_models_are_exact(whole):
    people = whole.people
    assert len(people) == 593_324
    inside = sampled(people)
    found = [
        [np.count_nonzero(inside & (people.sex == s) & (people.centrality == c)) for c in range(4)]
        for s in range(2)
    ]
    assert found == [[15255, 9917, 30539, 203982], [15354, 10883, 33963, 226073]]


def test_the_official_reasons_are_exact_by_sex_and_level(whole):
    people = whole.people
    found = np.zeros((2, len(m.OFFICIAL), 4))
    np.add.at(found, (people.sex, m.OFFICIAL_OF_GROUP[people.group], people.centrality), 1)
    published = m.stock_by_reason().sum(axis=3)
    assert found.sum(axis=(0, 2)).tolist() == published.sum(axis=(0, 2)).tolist()
    assert np.abs(found - published).max() <= 1


def test_groups_and_reasons_agree_with_the_margins(whole):
    for sex, expected in enumerate(m.stock_by_group()):
        group = whole.people.group[whole.people.sex == sex]
        found = np.bincount(group, minlength=len(m.GROUPS))
        assert np.abs(found / expected.sum(axis=1) - 1).max() < 0.005


def test_origins_and_country_groups_agree_with_the_published(whole):
    published = m.stock_by_origin()[0].sum(axis=1)
    found = np.bincount(whole.people.origin, minlength=len(ORIGIN))
    assert np.abs(found / published - 1).max() < 0.005
    of = np.array(ORIGIN_COUNTRY_GROUP)
    coarse = [np.bincount(of, n, len(COUNTRY_GROUP)) for n in (found, published)]
    assert np.abs(coarse[0] / coarse[1] - 1).max() < 0.005


@pytest.mark.parametrize("region", ["all", "nordic"])
def test_arrivals_agree_with_the_cohorts(whole, region):
    some = np.ones(len(whole.people), dtype=bool)
    if region == "nordic":
        some = whole.people.group == m.NORDIC
    expected = arrival_bands(region, some.sum())
    starts = [first for first, _ in m.BANDS]
    band = np.searchsorted(starts, whole.people.arrival[some], side="right") - 1
    assert np.abs(np.bincount(band) / expected - 1).max() < 0.01


def test_status_and_education_agree_with_the_published(whole):
    some = {"education": sampled(whole.people), "status": grown(whole.people)}
    published = {
        "education": {row["education"]: row["percent"] for row in m.table("education_2013")},
        "status": {
            row["cell"]: row["percent"]
            for row in m.table("labour_2012")
            if row["margin"] == "status"
        },
    }
    for name, codes in (("education", EDUCATION), ("status", STATUS)):
        shares = 100 * np.bincount(getattr(whole, name)[some[name]]) / some[name].sum()
        for code, share in zip(codes.names, shares, strict=True):
            assert abs(share - float(published[name][code])) < 0.5, code


def test_employment_by_reason_and_sex_agrees_to_three_points(whole):
    people, inside = whole.people, grown(whole.people)
    reason = np.array([*REASON.names])[m.REASON_OF_GROUP[people.group]]
    reason = np.where(np.isin(reason, ["nordic", "unknown"]), "nordic_or_unknown", reason)
    rows = [row for row in m.table("labour_2012") if row["margin"] == "reason"]
    assert len(rows) == 10
    for row in rows:
        some = inside & (reason == row["cell"]) & (people.sex == SEX.index(row["sex"]))
        found = 100 * np.isin(whole.status[some], [1, 2]).mean()
        assert abs(found - float(row["percent"])) < 3, row


def test_two_in_five_live_alone(whole):
    alone = np.mean(whole.total[grown(whole.people)] == 1)
    assert abs(alone - 0.42) < 0.02


def test_ages_agree_with_the_published(whole):
    """The stock by age is three persons short of the stock by reason, and no more."""
    for sex, published in enumerate(m.stock_by_age()):
        age = whole.people.age[whole.people.sex == sex]
        assert np.abs(np.histogram(age, m.AGE_EDGES)[0] / published - 1).max() < 0.004


def test_single_years_of_age_follow_the_smooth_profile(whole):
    count = np.bincount(whole.people.age)[:75]
    assert np.abs(np.diff(np.log(count[3:]))).max() < 0.2  # no year differs by more than a fifth
    profile = age_profile()
    assert profile.shape == (2, m.OLDEST + 1)
    assert (profile > 0).all()
    assert profile.sum() == pytest.approx(m.PERSONS)
    assert profile[:, 15:].sum(axis=1) == pytest.approx(m.logit_sample().sum(axis=1))
    assert profile[:, 15] == pytest.approx([2_318, 2_542])  # the samples less those of 16 or more


@pytest.mark.parametrize("scale", [0.003, 0.02, 0.11])
def test_every_scale_has_its_number_and_the_same_shares(scale):
    people = draw_prior(scale=scale).people
    assert len(people) == round(593_324 * scale)
    found = np.zeros((2, 4))
    np.add.at(found, (people.sex, people.centrality), sampled(people))
    assert np.abs(found - m.logit_sample() * scale).max() < 1
