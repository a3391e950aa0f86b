"""The margins of 1 January 2013: published totals, and the groups they are split into."""

from itertools import pairwise, product

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from calibration import margins as m
from sim.codes import REASON, SEX, SPONSOR_REASON

OF_REASON = {name: REASON.index(name) for name in REASON.names}
GROUP = {name: number for number, name in enumerate(m.GROUPS)}
NO_SPONSOR = SPONSOR_REASON.index("none")
TO_REFUGEE = SPONSOR_REASON.index("refuge")


def code_of_group(group):
    """Return reason and sponsor by which a population says that somebody is of a group."""
    to_refugee = group in ("family_of_refugee", "early_refugee")
    reason = {"family_of_refugee": "family", "family_other": "family", "early_refugee": "unknown"}
    sponsor = "refuge" if to_refugee else "other" if group == "family_other" else "none"
    return OF_REASON[reason.get(group, group)], SPONSOR_REASON.index(sponsor)


# --- Groups of reason ---


def test_groups_add_up_to_the_official_stock_in_every_cell():
    official = np.zeros((2, len(m.OFFICIAL), 4))
    for group, of in enumerate(m.OFFICIAL_OF_GROUP):
        official[:, of] += m.stock_by_group()[:, group]
    assert_allclose(official, m.stock_by_reason().sum(axis=3), rtol=1e-12, atol=1e-9)
    assert (m.stock_by_group() >= 0).all()
    assert m.stock_by_group().sum() == pytest.approx(m.PERSONS, abs=1e-6)


def test_early_refugees_are_what_cohorts_from_before_1990_leave():
    """Worked by hand: both cohorts were 20 years or more here in 2011 and lose two years' share."""
    everybody = (64_296 + 0.8 * 41_250) * 0.9243 ** (2 / 5)
    nordic = (18_006 + 0.8 * 4_360) * 0.9036 ** (2 / 5)
    of_unknown_reason = m.stock_by_reason()[:, 4].sum() - m.stock_by_origin()[0, :, 1].sum()
    assert m.early_refugees() == pytest.approx(everybody - nordic - of_unknown_reason)
    assert 16_500 < m.early_refugees() < 17_500
    assert m.stock_by_group()[:, m.EARLY].sum() == pytest.approx(m.early_refugees())


def test_nordic_persons_number_what_the_stock_by_country_says():
    nordic = m.stock_by_group()[:, m.NORDIC].sum()
    assert nordic == pytest.approx(m.stock_by_origin()[0, :, 1].sum())
    both = m.stock_by_group()[:, [m.NORDIC, m.UNKNOWN]].sum()
    assert both == m.stock_by_reason()[:, m.OFFICIAL.index("nordic_or_unknown")].sum()


def test_refugees_and_families_since_1990_are_divided_as_their_arrivals():
    refuge, joined, other = (
        m.stock_by_group()[:, GROUP[g]].sum()
        for g in ("refuge", "family_of_refugee", "family_other")
    )
    assert refuge / (refuge + joined + other) == pytest.approx(0.352, abs=0.0005)
    women = m.stock_by_group()[SEX.index("female"), GROUP["family_of_refugee"]].sum()
    assert women / joined == pytest.approx(0.62)


@pytest.mark.parametrize("group", m.GROUPS)
def test_every_group_is_told_by_reason_and_sponsor(group):
    reason, sponsor = code_of_group(group)
    assert m.group_of(np.array([reason]), np.array([sponsor])) == [GROUP[group]]
    assert m.REASON_OF_GROUP[GROUP[group]] == reason


@pytest.mark.parametrize(("reason", "sponsor"), list(product(REASON.names, SPONSOR_REASON.names)))
def test_the_official_reason_follows_for_every_pair(reason, sponsor):
    """Official stocks: who joined a refugee is one; else the own reason, two pairs joined."""
    group = m.group_of(np.array([OF_REASON[reason]]), np.array([SPONSOR_REASON.index(sponsor)]))
    joined = {
        "work": "work", "refuge": "refuge_with_families", "family": "family_not_of_refugees",
        "education": "education_or_other", "nordic": "nordic_or_unknown",
        "unknown": "nordic_or_unknown",
    }  # fmt: skip
    expected = "refuge_with_families" if sponsor == "refuge" else joined[reason]
    assert m.OFFICIAL[m.OFFICIAL_OF_GROUP[group[0]]] == expected
    if sponsor != "refuge" or reason in ("family", "unknown"):
        assert m.REASON_OF_GROUP[group[0]] == OF_REASON[reason]


def test_groups_of_many_persons_are_those_of_each():
    rng = np.random.default_rng(0)
    reason, sponsor = rng.integers(0, 6, 300), rng.integers(0, 6, 300)
    one_by_one = [
        int(m.group_of(reason[i : i + 1], sponsor[i : i + 1])[0]) for i in range(reason.size)
    ]
    assert_array_equal(m.group_of(reason, sponsor), one_by_one)


# --- Published totals ---


def test_totals_are_as_published():
    assert m.stock_by_reason().sum() == m.PERSONS == 593_324
    assert m.stock_by_age().sum() == 593_321
    assert m.stock_by_origin()[0].sum() == 593_321
    assert m.logit_sample().sum() == 545_966


def test_the_sample_is_that_of_the_eight_models():
    women, men = m.logit_sample()
    assert_array_equal(women, [15255, 9917, 30539, 203982])
    assert_array_equal(men, [15354, 10883, 33963, 226073])


def test_bands_of_arrival_follow_one_another_to_the_last_year():
    assert m.BANDS[0][0] == m.FIRST_ARRIVAL
    assert m.BANDS[-1][1] == m.YEAR - 1
    for (first, last), (following, _) in pairwise(m.BANDS):
        assert first <= last
        assert following == last + 1


@pytest.mark.parametrize("region", ["all", "nordic"])
def test_cohorts_lose_persons_on_the_way_from_2011_and_leave_some_for_later_arrivals(region):
    now = m.stock_by_arrival(region)
    rows = [row for row in m.table("stock_by_arrival_2011") if row["region"] == region]
    then = np.array([float(row["persons"]) for row in rows])
    assert now.size == len(m.BANDS) - 1
    assert ((now < then) & (now > 0.8 * then)).all()
    whole = m.PERSONS if region == "all" else m.stock_by_origin()[0, :, 1].sum()
    assert 0.1 < 1 - now.sum() / whole < 0.3  # who came in 2011 and 2012


def test_a_cohort_is_moved_by_two_fifths_of_what_five_years_cost():
    """Arrivals of 1996-2000 had been here 10-14 years in 2011; 97.25 percent stayed five more."""
    band = m.BANDS.index((1996, 2000))
    assert m.stock_by_arrival("all")[band] == pytest.approx(57_776 * 0.9725 ** (2 / 5))


def test_arrivals_by_reason_fill_every_year():
    came = m.arrivals_by_reason()
    assert came.shape == (4, 23)
    assert (came > 0).all()
    assert_allclose(came[:, 18], came[:, 20])  # 2008-2010 are published as one sum


def test_every_row_of_every_table_names_its_source():
    for name in (
        "logit_sample",
        "stock_by_reason_county_2013",
        "stock_by_age_2013",
        "labour_2012",
        "stock_by_origin_2013",
        "stock_by_arrival_2011",
        "cohort_retention_2006_2011",
        "recent_arrivals_2011",
        "arrivals_by_reason",
        "education_2013",
        "family_start",
        "family_rates_2013",
        "education_by_reason_2016",
        "reason_by_origin_start",
    ):
        assert m.table(name), name
        assert all(row["source"] for row in m.table(name)), name


def test_every_group_has_its_assumptions():
    rows = [row["reason"] for row in m.table("family_start")]
    assert rows == list(m.GROUPS)
