"""The margins of the start years: published totals, agreement with 2013, spot values."""

import numpy as np
import pytest

from calibration import margins as m
from calibration import start_years as s
from calibration.structure import REGIONS
from sim.codes import ORIGIN
from sim.geography import COUNTY

YEARS = range(2004, 2014)
BY_YEAR = (
    s.immigrants, s.stock_by_reason, s.reason_totals, s.stock_by_age, s.stock_by_origin,
    s.stock_by_duration, s.employed, s.norwegian_born, s.norwegian_born_by_age,
    s.norwegian_born_by_origin,
)  # fmt: skip
TABLES = (
    "start_years_immigrants", "start_years_by_reason", "start_years_reason_steps",
    "start_years_by_age", "start_years_age_2004", "start_years_by_origin",
    "start_years_origin_parts", "start_years_by_duration", "start_years_employed",
    "start_years_emigrations", "norwegian_born_by_county", "norwegian_born_by_region",
)  # fmt: skip
# Statistics Norway, 1 January: immigrants, and Norwegian-born to two immigrant parents.
IMMIGRANTS = {
    2004: 289_104, 2005: 301_045, 2006: 318_514, 2007: 341_830, 2008: 380_644, 2009: 422_595,
    2010: 459_346, 2011: 500_500, 2012: 546_732, 2013: 593_321,
}  # fmt: skip
NORWEGIAN_BORN = {
    2004: 59_836, 2005: 63_936, 2006: 68_185, 2007: 73_488, 2008: 78_970, 2009: 85_604,
    2010: 92_967, 2011: 100_422, 2012: 108_438, 2013: 117_144,
}  # fmt: skip
REASON = {name: i for i, name in enumerate(m.OFFICIAL)}


def of_origin(year, name):
    return s.stock_by_origin(year)[ORIGIN.index(name)].sum()


@pytest.mark.parametrize("function", BY_YEAR, ids=lambda f: f.__name__)
@pytest.mark.parametrize("year", [2003, 2014, 0])
def test_other_years_are_refused(function, year):
    with pytest.raises(ValueError, match=f"{year} is no start year: choose one of 2004-2013"):
        function(year)


@pytest.mark.parametrize("year", YEARS)
def test_totals_are_the_published(year):
    assert s.immigrants(year).sum() == IMMIGRANTS[year]
    assert s.norwegian_born(year).sum() == NORWEGIAN_BORN[year]


@pytest.mark.parametrize("year", YEARS)
def test_shapes(year):
    shapes = [function(year).shape for function in BY_YEAR]
    assert shapes == [
        (2,), (2, 5, 4, 19), (5,), (2, 7), (19, 2), (6,), (2,), (2, 19), (101,), (8,),
    ]  # fmt: skip


@pytest.mark.parametrize("year", YEARS)
def test_all_margins_of_a_year_add_up_to_the_same_total(year):
    total = s.immigrants(year).sum()
    assert s.stock_by_age(year).sum() == pytest.approx(total)
    assert s.stock_by_origin(year).sum() == pytest.approx(total)
    assert s.stock_by_duration(year).sum() == pytest.approx(total)
    born = s.norwegian_born(year).sum()
    assert s.norwegian_born_by_age(year).sum() == pytest.approx(born)
    assert s.norwegian_born_by_origin(year).sum() == pytest.approx(born)
    # `margins` keeps the sum over municipalities of 2013, three persons more
    by_reason = s.stock_by_reason(year).sum()
    assert by_reason == pytest.approx(m.PERSONS if year == 2013 else total)
    assert s.reason_totals(year).sum() == pytest.approx(by_reason)


@pytest.mark.parametrize("year", range(2004, 2013))
def test_both_sexes_agree_in_every_margin_that_has_them(year):
    by_sex = s.immigrants(year)
    np.testing.assert_allclose(s.stock_by_reason(year).sum(axis=(1, 2, 3)), by_sex)
    np.testing.assert_allclose(s.stock_by_age(year).sum(axis=1), by_sex)


@pytest.mark.parametrize("function", BY_YEAR, ids=lambda f: f.__name__)
@pytest.mark.parametrize("year", YEARS)
def test_no_cell_is_negative_or_missing(function, year):
    cells = function(year)
    assert np.isfinite(cells).all()
    assert cells.min() >= 0


def test_2013_agrees_with_the_margins_in_use():
    np.testing.assert_array_equal(s.stock_by_reason(2013), m.stock_by_reason())
    np.testing.assert_array_equal(s.stock_by_age(2013), m.stock_by_age())
    np.testing.assert_array_equal(s.stock_by_origin(2013), m.stock_by_origin()[0])
    np.testing.assert_allclose(s.immigrants(2013), m.stock_by_age().sum(axis=1))
    np.testing.assert_allclose(
        s.immigrants(2013), m.stock_by_reason().sum(axis=(1, 2, 3)), rtol=2e-4
    )


def test_2012_by_origin_agrees_with_the_margins_in_use():
    np.testing.assert_allclose(s.stock_by_origin(2012), m.stock_by_origin()[1])


def test_2011_by_length_of_stay_agrees_with_the_margins_in_use():
    published = [
        float(r["persons"]) for r in m.table("stock_by_arrival_2011") if r["region"] == "all"
    ]
    np.testing.assert_allclose(s.stock_by_duration(2011), published[::-1])


@pytest.mark.parametrize("year", range(2006, 2013))
def test_counties_by_reason_lie_near_the_published_counties(year):
    by_reason = s.stock_by_reason(year).sum(axis=(1, 2))
    published = s._by_sex_and_county("start_years_immigrants", year)
    np.testing.assert_allclose(by_reason, published, rtol=0.01)


@pytest.mark.parametrize("year", [2004, 2005])
def test_derived_reasons_meet_the_published_counties(year):
    by_reason = s.stock_by_reason(year)
    published = s._by_sex_and_county("start_years_immigrants", year)
    np.testing.assert_allclose(by_reason.sum(axis=(1, 2)), published, rtol=1e-6)
    np.testing.assert_allclose(by_reason.sum(axis=(0, 2, 3)), s.reason_totals(year), rtol=1e-6)


def test_derived_reasons_step_back_from_2006():
    totals = np.array([s.reason_totals(year) for year in (2004, 2005, 2006)])
    recorded = totals[:, :4]
    assert (np.diff(recorded, axis=0) > 0).all()
    # work 2005, by hand: (19,673 * 1.0399 - 6,438) / 0.9601, scaled up by 0.26 percent
    assert totals[1, REASON["work"]] == pytest.approx(14_641, abs=3)
    assert totals[0, REASON["nordic_or_unknown"]] == pytest.approx(totals[2, 4], rel=0.04)


def test_patterns_of_2006_hold_within_reasons_before():
    for year in (2004, 2005):
        then, start = (s.stock_by_reason(y)[:, REASON["work"]] for y in (year, 2006))
        assert np.abs(then / then.sum() - start / start.sum()).sum() < 0.12


@pytest.mark.parametrize(
    ("year", "reason", "persons"),
    [
        (2006, "work", 19_671), (2008, "work", 48_019), (2012, "work", 118_489),
        (2006, "refuge_with_families", 117_115), (2009, "family_not_of_refugees", 83_988),
        (2011, "education_or_other", 22_471), (2010, "nordic_or_unknown", 115_085),
    ],
)  # fmt: skip
def test_spot_values_by_reason(year, reason, persons):
    found = s.stock_by_reason(year)[:, REASON[reason]].sum()
    assert found == pytest.approx(persons, rel=3e-4)  # scaled to the total by sex
    assert s.reason_totals(year)[REASON[reason]] == pytest.approx(found)


def test_spot_values_by_age():
    assert s.stock_by_age(2006)[0, 0] == pytest.approx(2_672)
    assert s.stock_by_age(2012)[1, 4] == pytest.approx(155_502)
    # 2004: the published groups of five years that fit inside
    both = s.stock_by_age(2004).sum(axis=0)
    assert both[3] == pytest.approx(23_675 + 32_260)
    assert both[4] == pytest.approx(35_725 + 35_832 + 31_207 + 24_053 + 18_493)
    assert both[:2].sum() > 3_572 + 8_856 + 11_995


def test_2005_lies_halfway_by_age():
    share = {y: s.stock_by_age(y)[1] / s.immigrants(y)[1] for y in (2004, 2005, 2006)}
    np.testing.assert_allclose(share[2005], (share[2004] + share[2006]) / 2)


def test_spot_values_by_origin():
    assert of_origin(2011, "iraq") == pytest.approx(21_272, abs=2)
    assert of_origin(2007, "eu_east") == pytest.approx(28_782 + 2_705, abs=3)  # with Croatia
    # Bosnia, Macedonia, and Serbia and Montenegro, which the file by country lacks
    assert of_origin(2006, "ex_yugoslavia_non_eu") == pytest.approx(12_718 + 2_079 + 10_042, abs=3)
    assert of_origin(2005, "denmark") == pytest.approx(17_796)
    assert of_origin(2004, "sweden") == pytest.approx(21_890)
    assert of_origin(2004, "turkey") == pytest.approx(8_720)
    for year, nordic in ((2004, 50_701), (2005, 49_937), (2009, 55_626)):
        assert s.stock_by_origin(year)[:, 1].sum() == pytest.approx(nordic, abs=5)


@pytest.mark.parametrize("year", [2004, 2005])
def test_published_parts_of_the_world_add_up_to_the_total(year):
    rows = [row for row in m.table("start_years_origin_parts") if int(row["year"]) == year]
    parts = {row["part"]: int(row["persons"]) for row in rows}
    assert sum(parts.values()) == IMMIGRANTS[year]


@pytest.mark.parametrize("year", YEARS)
def test_only_the_nordic_are_nordic(year):
    stock = s.stock_by_origin(year)
    nordic = [ORIGIN.index(name) for name in ("denmark", "sweden", "iceland")]
    assert stock[nordic, 0].sum() == 0
    mixed = [*nordic, ORIGIN.index("w_europe_nordic_other")]
    assert np.delete(stock[:, 1], mixed).sum() == 0


def test_nordic_fit_into_nordic_or_unknown():
    for year in YEARS:
        assert (
            s.stock_by_origin(year)[:, 1].sum() < s.reason_totals(year)[REASON["nordic_or_unknown"]]
        )


def test_spot_values_by_length_of_stay():
    assert s.stock_by_duration(2005)[0] == pytest.approx(97_771)
    assert s.stock_by_duration(2009)[3] == pytest.approx(42_734)
    assert s.stock_by_duration(2004)[3] == pytest.approx(34_964)
    share = {y: s.stock_by_duration(y) / s.stock_by_duration(y).sum() for y in YEARS}
    np.testing.assert_allclose(share[2008], (share[2007] + share[2009]) / 2)
    np.testing.assert_allclose(share[2012], (share[2011] + share[2013]) / 2)


def test_length_of_stay_of_2013_lies_between_neighbouring_cohorts():
    """Arrivals of 2003-2007 left in 2013: more than of 2002-2006, fewer than of 2004-2008."""
    groups = s.stock_by_duration(2013)
    assert 95_820 < groups[1] < 143_060
    assert 63_712 < groups[2] < 78_055
    # those who came in 2011-2012 and those of 2011 who stayed hold the rest
    assert groups[0] == pytest.approx(241_871, abs=5)


def test_shares_employed():
    np.testing.assert_allclose(s.employed(2005), [0.522, 0.610])
    np.testing.assert_allclose(s.employed(2009), [0.59, 0.69])
    np.testing.assert_allclose(s.employed(2013), [0.57, 0.68])
    shares = np.array([s.employed(year) for year in YEARS])
    assert ((shares[:, 0] < shares[:, 1]) & (shares.min() > 0.5) & (shares.max() < 0.7)).all()


def test_spot_values_of_the_norwegian_born():
    assert s.norwegian_born(2004).sum(axis=1).tolist() == [29_182, 30_654]
    assert s.norwegian_born(2013).sum(axis=1).tolist() == [57_068, 60_076]
    assert s.norwegian_born(2013)[:, COUNTY.index("03")].sum() > 0.35 * NORWEGIAN_BORN[2013]
    ages = s.norwegian_born_by_age(2004)
    assert ages[:5].sum() == pytest.approx(21_054)
    assert ages[15:20].sum() == pytest.approx(5_595)


def test_cohorts_of_norwegian_born_grow_older():
    kept = 1 - s.NORWEGIAN_BORN_LOSS
    for year in range(2005, 2014):
        before, now = s.norwegian_born_by_age(year - 1), s.norwegian_born_by_age(year)
        np.testing.assert_allclose(now[1:-1], before[:-2] * kept)
    assert s.norwegian_born_by_age(2013)[9:14].sum() == pytest.approx(21_054 * kept**9)


def test_births_of_norwegian_born_rise_as_their_number_does():
    born = [s.norwegian_born_by_age(year)[0] for year in range(2005, 2014)]
    assert (np.diff(born) > 0).all()
    assert 4_300 < born[0] < born[-1] < 10_000


def test_the_loss_of_norwegian_born_agrees_with_what_was_left_in_2004():
    """5 years or older in 2004 were all resident, or born, by 1999 (40,395)."""
    left = NORWEGIAN_BORN[2004] - 21_054
    assert 1 - (left / 40_395) ** (1 / 5) == pytest.approx(s.NORWEGIAN_BORN_LOSS, abs=3e-4)


@pytest.mark.parametrize(
    ("year", "region", "persons"),
    [
        (2004, "africa", 8_913), (2006, "nordic", 3_264), (2013, "asia_incl_turkey", 59_953),
        (2013, "north_america_oceania", 385 + 51),
    ],
)  # fmt: skip
def test_spot_values_of_norwegian_born_by_region(year, region, persons):
    assert s.norwegian_born_by_origin(year)[REGIONS.index(region)] == pytest.approx(persons)


def test_regions_of_the_table_stand_in_order():
    assert tuple(row["region"] for row in m.table("norwegian_born_by_region")) == REGIONS


def test_emigrations():
    years, counts = s.emigrations_by_year()
    np.testing.assert_array_equal(years, np.arange(1994, 2013))
    of_year = dict(zip(years.tolist(), counts.tolist(), strict=True))
    assert of_year[1997] == 10_034
    assert of_year[2003] == 14_345
    assert of_year[2011] == 22_883
    assert all(8_000 < count < 23_000 for count in counts)
    # what is derived lies by its neighbours: immigrants moved out 25,721 times in 2013
    assert 15_158 < of_year[2009] < 22_500
    sources = [row["source"] for row in m.table("start_years_emigrations")]
    assert sum("derived" in text or "assumed" in text for text in sources) == 7


@pytest.mark.parametrize("name", TABLES)
def test_every_row_names_its_source(name):
    assert m.table(name)
    assert all(row["source"] for row in m.table(name))
