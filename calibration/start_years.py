"""The margins of 1 January of the start years 2004-2013, and the Norwegian-born of those years.

Stocks by reason, age and country are published from 2006, totals by sex and county every
year. What lies before is derived, and each function says how. Every margin of a year is
scaled to the immigrants by sex of that year, except that 2013 returns what `margins` holds
(by reason 593,324, three more than the others).
"""

from collections import Counter
from collections.abc import Iterator
from functools import cache, partial

import numpy as np

from calibration import margins as m
from calibration.raking import Floats, Ints, Margin, rake, smooth_counts
from sim.codes import ORIGIN, SEX
from sim.geography import COUNTY

FIRST, LAST = 2004, m.YEAR
PUBLISHED_FROM = 2006  # stocks by reason, age and country
DURATIONS = np.array([0, 5, 10, 15, 20, 25])  # completed years of stay; the last group is open
# Net loss of Norwegian-born a year: of 40,395 in 1999, 38,782 were left in 2004, aged 5 or more
# (0.81 percent a year); the same sum gives 0.86 from 1994 and 0.72 from 1989.
NORWEGIAN_BORN_LOSS = 0.008


def _check(year: int) -> None:
    if not FIRST <= year <= LAST:
        raise ValueError(f"{year} is no start year: choose one of {FIRST}-{LAST}")


def _column(name: str, year: int) -> Iterator[tuple[dict[str, str], float]]:
    """Yield the rows of a table with one column for each year, and the figure of `year`."""
    for row in m.table(name):
        yield row, float(row[str(year)])


def _by_sex_and_county(name: str, year: int) -> Floats:
    persons = np.zeros((2, len(COUNTY)))
    for row, value in _column(name, year):
        persons[SEX.index(row["sex"]), COUNTY.index(row["county"])] = value
    return persons


def _between(year: int, known: dict[int, Floats]) -> Floats:
    """Return shares of `year`, on a straight line between the two nearest years that are known.

    Before the first known year and after the last, the shares are those of that year.
    """
    years = sorted(known)
    shares = np.stack([known[y] / known[y].sum() for y in years])
    return np.array([np.interp(year, years, of_one) for of_one in shares.T])


@cache
def immigrants(year: int) -> Floats:
    """Return all immigrants by sex, as published."""
    _check(year)
    return np.asarray(_by_sex_and_county("start_years_immigrants", year).sum(axis=1))


@cache
def stock_by_reason(year: int) -> Floats:
    """Return the stock by sex, official reason, centrality and county.

    2006-2012: the stock by reason and municipality, which differs from the stock by sex by
    41 persons of a sex at most and is scaled to it. 2004-2005: derived. The totals by reason are
    stepped back from 2006; the pattern of sex, centrality and county within each reason is
    that of 2006, raked to the published immigrants by sex and county.
    """
    _check(year)
    if year == LAST:
        return m.stock_by_reason()
    if year < PUBLISHED_FROM:
        return _reason_before_published(year)
    persons = np.zeros_like(m.stock_by_reason())
    for row, value in _column("start_years_by_reason", year):
        cell = (
            SEX.index(row["sex"]), m.OFFICIAL.index(row["reason"]),
            int(row["centrality"]) - 1, COUNTY.index(row["county"]),
        )  # fmt: skip
        persons[cell] = value
    return _scaled_by_sex(persons, year)


def _scaled_by_sex(persons: Floats, year: int) -> Floats:
    """Scale a table whose first axis is sex to the immigrants by sex."""
    factor = immigrants(year) / persons.reshape(2, -1).sum(axis=1)
    return np.asarray(persons * factor.reshape(2, *[1] * (persons.ndim - 1)))


def _reason_before_published(year: int) -> Floats:
    """Return the derived stock of 2004 or 2005 by sex, reason, centrality and county."""
    pattern = stock_by_reason(PUBLISHED_FROM)
    reason = np.arange(len(m.OFFICIAL))[None, :, None, None]
    place = np.arange(2 * len(COUNTY)).reshape(2, 1, 1, len(COUNTY))
    margins = [
        Margin("reason", reason, reason_totals(year)),
        Margin("sex and county", place, _by_sex_and_county("start_years_immigrants", year).ravel()),
    ]
    return rake(pattern, margins)


@cache
def reason_totals(year: int) -> Floats:
    """Return the stock by official reason, both sexes.

    Before 2006 the stock of the year after loses the first-time arrivals of `year` and regains
    the net outflow, a share of the mean of both stocks; then all five are scaled to the total
    of the year (up by 0.3 percent in 2005, by another 1.5 in 2004).
    """
    _check(year)
    if year >= PUBLISHED_FROM:
        return np.asarray(stock_by_reason(year).sum(axis=(0, 2, 3)))
    after = reason_totals(year + 1)
    before = np.zeros(len(m.OFFICIAL))
    for row in m.table("start_years_reason_steps"):
        if int(row["year"]) == year:
            reason, half = m.OFFICIAL.index(row["reason"]), float(row["outflow_percent"]) / 200
            before[reason] = (after[reason] * (1 + half) - float(row["arrivals"])) / (1 - half)
    return np.asarray(before * (immigrants(year).sum() / before.sum()))


@cache
def stock_by_age(year: int) -> Floats:
    """Return the stock by sex and the seven published age groups (`margins.AGE_EDGES`).

    2004: derived from five-year groups of both sexes, cut by a smooth curve; the sexes share
    each group as in 2006, raked to the immigrants by sex. 2005: derived, halfway between the
    shares of 2004 and 2006 of each sex.
    """
    _check(year)
    if year == LAST:
        return m.stock_by_age()
    if year == FIRST:
        return _age_2004()
    if year < PUBLISHED_FROM:
        ends = stock_by_age(FIRST), stock_by_age(PUBLISHED_FROM)
        shares = [stock / stock.sum(axis=1, keepdims=True) for stock in ends]
        return _scaled_by_sex(np.mean(shares, axis=0), year)
    persons = np.zeros((2, len(m.AGE_NAMES)))
    for row, value in _column("start_years_by_age", year):
        group = int(np.flatnonzero(int(row["youngest"]) == m.AGE_EDGES)[0])
        persons[SEX.index(row["sex"]), group] = value
    return _scaled_by_sex(persons, year)


def _age_2004() -> Floats:
    """Return the stock of 1.1.2004 by sex and age group."""
    groups = np.add.reduceat(_single_years("immigrants"), m.AGE_EDGES[:-1])
    margins = [
        Margin("age", np.arange(groups.size)[None, :], groups),
        Margin("sex", np.arange(2)[:, None], immigrants(FIRST)),
    ]
    return rake(stock_by_age(PUBLISHED_FROM), margins)


def _single_years(who: str) -> Floats:
    """Return persons of 1.1.2004 by single year of age: five-year groups, smoothed."""
    rows = m.table("start_years_age_2004")
    edges: Ints = np.array([int(row["youngest"]) for row in rows] + [m.OLDEST + 1])
    return smooth_counts(edges, np.array([float(row[who]) for row in rows]))


@cache
def stock_by_origin(year: int) -> Floats:
    """Return the stock by origin and whether Nordic, as `margins.stock_by_origin` of one date.

    2004-2005: countries and world regions as far as they are published; inside the other
    regions the pattern of 2006 (2004, Asia and Africa: of 2005), which is derived. All years
    are scaled to the total, by 0.01 percent at most.
    """
    _check(year)
    if year == LAST:
        return np.asarray(m.stock_by_origin()[0])
    rows = _origin_parts if year < PUBLISHED_FROM else partial(_column, "start_years_by_origin")
    persons = np.zeros((len(ORIGIN), 2))
    for row, value in rows(year):
        persons[ORIGIN.index(row["origin"]), int(row["nordic"])] += value
    return np.asarray(persons * (immigrants(year).sum() / persons.sum()))


def _origin_parts(year: int) -> Iterator[tuple[dict[str, str], float]]:
    """Yield rows of origin with their persons: what is published of each part, by weight."""
    rows = [row for row in m.table("start_years_origin_parts") if int(row["year"]) == year]
    weight: Counter[str] = Counter()
    for row in rows:
        weight[row["part"]] += int(row["weight"])
    for row in rows:
        yield row, float(row["persons"]) * int(row["weight"]) / weight[row["part"]]


@cache
def stock_by_duration(year: int) -> Floats:
    """Return persons by completed years of stay, y - 1 - year of first arrival (`DURATIONS`).

    Published 2005, 2006, 2007, 2009 and 2011; 2004 in part, the rest divided as in 2005; the
    shares of 2008 and 2010 lie between. 2013 is derived from the cohorts of 2007 and 2009, and
    the shares of 2012 lie halfway between 2011 and 2013.
    """
    _check(year)
    known = {y: _cohorts(y) for y in (2004, 2005, 2006, 2007, 2009, 2011)}
    known[LAST] = _duration_2013()
    return np.asarray(_between(year, known) * immigrants(year).sum())


def _cohorts(year: int) -> Floats:
    """Return the published stock by length of stay."""
    return np.array([persons for _, persons in _column("start_years_by_duration", year)])


def _duration_2013() -> Floats:
    """Return the stock of 1.1.2013 by length of stay.

    Its groups begin one year of arrival after those of 2007 moved on by five years, and one
    before those of 2009. Both are moved forward by the share of cohorts of equal stay that
    remained from 2006 to 2011, and the mean is taken; who came in 2008-2012 is what is missing.
    """
    remained = {
        int(row["youngest_duration"]): float(row["still_resident_after_5_years"])
        for row in m.table("cohort_retention_2006_2011") if row["region"] == "all"
    }  # fmt: skip
    kept = np.array([remained[min(stay, 20)] for stay in range(0, 35, 5)])
    moved = []
    for year in (2007, 2009):
        fives = (LAST - year) / 5
        cohorts = _cohorts(year) * kept[:-1] ** min(fives, 1) * kept[1:] ** max(fives - 1, 0)
        moved.append(np.r_[cohorts[:4], cohorts[4:].sum()])
    older = np.mean(moved, axis=0)
    return np.asarray(np.r_[immigrants(LAST).sum() - older.sum(), older])


@cache
def employed(year: int) -> Floats:
    """Return the share employed in the 4th quarter of the year before, by sex.

    From 2007 of ages 15-74 and published in whole percent; 2005 and 2006 of ages 16-74, which
    lifts the share by about half a point; 2004 also raised for a later revision (derived).
    """
    _check(year)
    rows = [row for row in m.table("start_years_employed") if int(row["year"]) == year]
    percent = {row["sex"]: float(row["percent"]) for row in rows}
    return np.array([percent[sex] / 100 for sex in SEX.names])


@cache
def norwegian_born(year: int) -> Floats:
    """Return Norwegian-born to two immigrant parents by sex and county."""
    _check(year)
    return _by_sex_and_county("norwegian_born_by_county", year)


@cache
def norwegian_born_by_age(year: int) -> Floats:
    """Return Norwegian-born by single year of age, 0-100, both sexes; the totals are exact.

    2004: five-year groups, smoothed. Later: derived. Everybody grows a year older, the same
    share of every age is lost (`NORWEGIAN_BORN_LOSS`), and children of age 0 are what is
    missing to the published total.
    """
    _check(year)
    if year == FIRST:
        return _single_years("norwegian_born")
    left = norwegian_born_by_age(year - 1) * (1 - NORWEGIAN_BORN_LOSS)
    ages = np.zeros_like(left)
    ages[1:] = left[:-1]
    ages[-1] += left[-1]
    ages[0] = norwegian_born(year).sum() - left.sum()
    return ages


@cache
def norwegian_born_by_origin(year: int) -> Floats:
    """Return Norwegian-born by `structure.REGIONS`: shares between 2004, 2006 and 2013.

    As published, Croatia is outside the EU here; the origin group `eu_east` includes it.
    """
    _check(year)
    table = "norwegian_born_by_region"  # its rows stand in the order of REGIONS
    known = {y: np.array([value for _, value in _column(table, y)]) for y in (2004, 2006, 2013)}
    return np.asarray(_between(year, known) * norwegian_born(year).sum())


@cache
def emigrations_by_year() -> tuple[Ints, Floats]:
    """Return the years 1994-2012 and the emigrations of foreign citizens in each.

    They stand for emigrations of immigrants, which are not published for these years. In
    2013 foreign citizens had 25,036 and immigrants 25,721: naturalised immigrants are
    missing here, and foreign citizens born in Norway are included. Seven years are derived.
    """
    rows = m.table("start_years_emigrations")
    years: Ints = np.array([int(row["year"]) for row in rows])
    return years, np.array([float(row["emigrations"]) for row in rows])
