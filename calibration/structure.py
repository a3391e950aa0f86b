"""Who there is: joint tables of sex, reason, origin, arrival, age and centrality.

Three tables are raked in turn and then made into persons: reason x origin x year of
arrival; sex x reason x year of arrival x age; sex x reason x centrality x below or
above age 15. What joins them is assumed to be independent given what they share.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from calibration import margins as m
from calibration.raking import (
    Floats,
    Ints,
    Margin,
    cut_lines,
    deal,
    rake,
    smooth_counts,
    whole_numbers,
)  # fmt: skip
from sim.codes import ORIGIN

REGIONS = (
    "nordic", "western_europe_ex_nordic", "eu_eastern_europe", "eastern_europe_ex_eu",
    "north_america_oceania", "asia_incl_turkey", "africa", "south_central_america",
)  # fmt: skip
# Region of each origin in the tables of length of stay; the Nordic by reason, not by origin.
REGION_OF_ORIGIN = np.array([0, 0, 0, 1, 4, 2, 3, 3, 5, 5, 5, 5, 5, 5, 5, 5, 6, 6, 7])
RECENT = np.arange(2006, m.YEAR)  # arrival years told apart by region
ARRIVAL = np.arange(m.FIRST_ARRIVAL, m.YEAR)
AGE = np.arange(m.OLDEST + 1)
INSIDE = (m.SAMPLED_FROM <= AGE).astype(np.int64)

# Assumed age at arrival: share arriving as children (0-17), mode and spread of adults by
# group of reason. No table gives it; the published ages and lengths of stay correct it.
ARRIVED_AS = {
    "work": (0.01, 29.0, 9.0), "refuge": (0.30, 25.0, 10.0),
    "family_of_refugee": (0.55, 27.0, 9.0), "family_other": (0.32, 28.0, 8.0),
    "education": (0.02, 22.0, 4.0), "nordic": (0.20, 24.0, 10.0), "unknown": (0.28, 24.0, 7.0),
    "early_refugee": (0.35, 25.0, 9.0),
}  # fmt: skip

# Net loss a year in the first years, by recorded reason: the outflow that stocks and arrivals
# of 2006, 2007 and 2011 imply (work 4-8 percent, education 14-17, family 2.5, refuge under 1).
LOST_A_YEAR = np.array([0.065, 0.007, 0.015, 0.025, 0.15])
LOST_FOR = 8


@dataclass(frozen=True)
class Structure:
    """The tables of persons, each of which adds up to the whole population.

    origin: group of reason, year of arrival, origin.
    age: sex, group of reason, below 15 or not, age x year of arrival (flat).
    place: sex, centrality, below 15 or not, group of reason.
    """

    origin: Floats
    age: Floats
    place: Floats


@dataclass(frozen=True)
class People:
    """Persons in random order, with the stored numbers of their columns.

    group: number in `margins.GROUPS`; centrality: 0 is level 1.
    """

    sex: Ints
    group: Ints
    centrality: Ints
    age: Ints
    arrival: Ints
    origin: Ints

    def __len__(self) -> int:
        return self.sex.size


@cache
def structure() -> Structure:
    """Rake the joint tables of the whole population (they do not depend on scale or seed)."""
    origin = _origins()
    age = _ages(origin.sum(axis=2))
    within = age.sum(axis=(2, 3)), (age * INSIDE[None, None, :, None]).sum(axis=(2, 3))
    place = _places(within[1] / within[0])
    flat = age.reshape(*age.shape[:2], -1)
    inside = np.repeat(INSIDE, m.YEARS).astype(bool)
    split = np.stack([np.where(inside, 0, flat), np.where(inside, flat, 0)], axis=2)
    return Structure(origin, split, place)


def _origins() -> Floats:
    """Rake group of reason x year of arrival x origin to the published stocks."""
    shape = (len(m.GROUPS), m.YEARS, len(ORIGIN))
    reason = np.arange(len(m.GROUPS))[:, None, None]
    year = ARRIVAL[None, :, None]
    origin = np.arange(len(ORIGIN))[None, None, :]
    nordic = np.broadcast_to(reason == m.NORDIC, shape)
    region = np.where(nordic, 0, REGION_OF_ORIGIN[origin])
    band = np.searchsorted([first for first, _ in m.BANDS], ARRIVAL, side="right") - 1
    band = np.broadcast_to(band[None, :, None], shape)
    recent = np.maximum(year - RECENT[0] + 1, 0)  # 0: before the years told apart
    margins = [
        Margin("Nordic by arrival", np.where(nordic, band, -1), _nordic_bands()),
        Margin("arrival", band, _bands()),
        Margin("region by arrival", region * (RECENT.size + 1) + recent, _recent().ravel()),
        Margin("origin", np.broadcast_to(origin * 2 + nordic, shape), _by_origin().ravel()),
        Margin("reason", np.broadcast_to(reason, shape), m.stock_by_group().sum(axis=(0, 2))),
    ]
    return rake(_origins_start(), margins, rounds=40, closeness=1e-4)


def _by_origin() -> Floats:
    stock = m.stock_by_origin()[0]
    return np.asarray(stock * (m.PERSONS / stock.sum()))


def _bands() -> Floats:
    earlier = m.stock_by_arrival("all")
    return np.append(earlier, m.PERSONS - earlier.sum())


def _nordic_bands() -> Floats:
    earlier = m.stock_by_arrival("nordic")
    return np.append(earlier, _by_origin()[:, 1].sum() - earlier.sum())


def _recent() -> Floats:
    """Return the stock by region and arrival before 2006, in 2006, 2007 ... 2012.

    The shares of 2011 (ages 15-74) are taken of the stock of 1.1.2012 and moved forward one
    year; arrivals of 2012 are what is missing to the stock of 1.1.2013.
    """
    before = m.stock_by_origin()[1]
    stock = np.bincount(REGION_OF_ORIGIN, before[:, 0], len(REGIONS))
    stock[0] = before[:, 1].sum()
    now = np.bincount(REGION_OF_ORIGIN, _by_origin()[:, 0], len(REGIONS)).astype(np.float64)
    now[0] = _by_origin()[:, 1].sum()
    shares = np.zeros((len(REGIONS), RECENT.size + 1))
    for row in m.table("recent_arrivals_2011"):
        region, years = REGIONS.index(row["region"]), row["duration"]
        column = 0 if years == "all" else RECENT.size - 1 - int(years)
        if column >= 0:
            shares[region, column] += float(row["persons"])
    shares[:, 0] -= shares[:, 1:].sum(axis=1)
    # A fifth of the five-year losses of arrivals of 0-4 and of 5-9 years.
    kept = np.r_[0.991, np.full(RECENT.size - 1, 0.968), 1.0]
    counts = stock[:, None] * shares / shares.sum(axis=1, keepdims=True) * kept
    counts[:, -1] = np.maximum(now - counts.sum(axis=1), 0.01 * now)
    return _agree_with_cohorts(counts, now)


def _agree_with_cohorts(counts: Floats, now: Floats) -> Floats:
    """Bring the years told apart by region in line with the cohort tables of all ages."""
    band = np.r_[0, 1 + (m.BANDS[-1][0] <= RECENT)]  # before 2006, 2006-2010, 2011-2012
    region = np.arange(len(REGIONS))[:, None]
    everyone, nordic = (np.r_[b[:5].sum(), b[5:]] for b in (_bands(), _nordic_bands()))
    margins = [
        Margin("region", region, now),
        Margin("Nordic", np.where(region == 0, band, -1), nordic),
        Margin("arrival", band, everyone),
    ]
    return rake(counts, margins)


def _origins_start() -> Floats:
    """Return the assumed pattern: reasons of each origin times arrivals of each reason."""
    start = np.zeros((len(m.GROUPS), m.YEARS, len(ORIGIN)))
    stock = m.stock_by_origin()[0]
    recorded = m.YEARS - (m.YEAR - m.REASON_RECORDED_FROM)
    came = m.arrivals_by_reason()
    stay = np.arange(came.shape[1])[::-1]  # years since arrival
    came = np.stack([came[0], came[1], came[2], came[2], came[3]])
    came *= (1 - LOST_A_YEAR[:, None]) ** np.minimum(stay, LOST_FOR)
    came /= came.sum(axis=1, keepdims=True)
    long_ago = _long_ago()
    before = _before_recorded()
    for row in m.table("reason_by_origin_start"):
        o = ORIGIN.index(row["origin"])
        shares = np.array([float(row[name]) for name in m.GROUPS[:5]])
        start[:5, recorded:, o] = stock[o, 0] * shares[:, None] * came
        # 'Unknown' is, by definition, who came before reasons were recorded.
        start[m.UNKNOWN, :recorded, o] = float(row["unknown_persons"]) * before
        start[m.EARLY, :recorded, o] = float(row["early_refugees"]) * before
    start[m.NORDIC] = stock[:, 1] * long_ago[:, None]
    return start


def _long_ago() -> Floats:
    """Return an assumed smooth number of arrivals by year: few before 1965, then ever more."""
    weight = 1 / (1 + np.exp(-(ARRIVAL - 1975) / 6.0)) * np.exp((ARRIVAL - 1990) / 30.0)
    return np.asarray(weight / weight.sum(), dtype=np.float64)


def _before_recorded() -> Floats:
    """Return non-Nordic arrivals before 1990: the share of 1986-89 as in the cohorts of 2011."""
    cohorts = [float(row["persons"]) for row in m.table("stock_by_arrival_2011")]
    oldest, late = cohorts[0] - cohorts[6], 0.8 * (cohorts[1] - cohorts[7])  # all less Nordic
    weight = _long_ago()[ARRIVAL < m.REASON_RECORDED_FROM]
    recent = ARRIVAL[ARRIVAL < m.REASON_RECORDED_FROM] >= 1986
    weight[recent] *= late / weight[recent].sum()
    weight[~recent] *= oldest / weight[~recent].sum()
    return np.asarray(weight / weight.sum(), dtype=np.float64)


def _ages(by_arrival: Floats) -> Floats:
    """Rake sex x group x age x year of arrival to ages by sex, reason by sex, arrival."""
    by_sex = m.stock_by_group().sum(axis=2)
    arrived_at = _arrived_at()
    at = AGE[:, None] - (m.YEAR - 1 - ARRIVAL)[None, :]
    start = np.where(at >= 0, arrived_at[:, np.maximum(at, 0)], 0.0)
    start = start * by_arrival[:, None, :] / np.maximum(start.sum(axis=1, keepdims=True), 1e-12)
    start = by_sex[:, :, None, None] / by_sex.sum(axis=0)[:, None, None] * start
    sex = np.arange(2)[:, None, None, None]
    group = np.arange(len(m.GROUPS))[None, :, None, None]
    year = np.arange(m.YEARS)[None, None, None, :]
    margins = [
        Margin("arrival", group * m.YEARS + year, by_arrival.ravel()),
        Margin("reason", sex * len(m.GROUPS) + group, by_sex.ravel()),
        Margin("age", sex * AGE.size + AGE[None, None, :, None], age_profile().ravel()),
    ]
    return rake(start, margins, rounds=25, closeness=1e-4)


def _arrived_at() -> Floats:
    """Return the assumed distribution of age at arrival, by group of reason."""
    grown = AGE >= 18
    rows = []
    for children, mode, spread in ARRIVED_AS.values():
        # Skewed: quick to rise before the mode, slow to fall after it.
        z = (AGE - mode) / np.where(mode > AGE, 0.5 * spread, 1.3 * spread)
        adults = np.where(grown, np.exp(-0.5 * z**2) + 0.01 * np.exp(-(AGE - 18) / 25.0), 0)
        young = np.where(grown, 0.0, np.exp(-AGE / 15.0))
        # Around 18 the two run into each other instead of leaving an edge.
        both = children * young / young.sum() + (1 - children) * adults / adults.sum()
        rows.append(np.convolve(np.pad(both, 2, mode="edge"), np.full(5, 0.2), mode="valid"))
    return np.array(rows)


@cache
def age_profile() -> Floats:
    """Return persons by sex and single year of age.

    The published groups are kept. How many of the group 6-15 are 15 follows from the sizes of
    the models' samples, which hold everybody of 15 or more: 2,318 women and 2,542 men.
    """
    rows = []
    for sex, published in enumerate(m.stock_by_age()):
        fifteen = m.logit_sample()[sex].sum() - published[2:].sum()
        groups = np.r_[published[0], published[1] - fifteen, fifteen, published[2:]]
        children = m.stock_by_reason()[sex].sum() - m.logit_sample()[sex].sum()
        groups[:2] *= children / groups[:2].sum()
        rows.append(smooth_counts(np.array([0, 6, 15, *m.AGE_EDGES[2:]]), groups))
    return np.array(rows)


def _places(inside_share: Floats) -> Floats:
    """Rake sex x centrality x (below 15 or not) x group to the stock and to the N."""
    stock = m.stock_by_group().transpose(0, 2, 1)  # sex, centrality, group
    share = inside_share[:, None, :]
    start = np.stack([stock * (1 - share), stock * share], axis=2)
    sample = m.logit_sample()
    sizes = np.stack([stock.sum(axis=2) - sample, sample], axis=2)
    groups = len(m.GROUPS)
    cell = np.arange(start.size).reshape(start.shape)
    sex_level, inside, group = cell // (2 * groups), cell // groups % 2, cell % groups
    margins = [
        Margin("reason", sex_level * groups + group, stock.ravel()),
        Margin("15 or more", sex_level * 2 + inside, sizes.ravel()),
    ]
    return rake(start, margins)


def make_people(scale: float, rng: np.random.Generator) -> People:
    """Make whole persons from the tables, in random order."""
    tables = structure()
    counts = _whole_places(tables.place, scale)
    block = counts.transpose(0, 3, 2, 1)  # sex, group, outside or within, centrality
    per_block = block.sum(axis=3)
    number = np.repeat(np.arange(per_block.size), per_block.ravel())
    cell = cut_lines(per_block.ravel(), tables.age.reshape(per_block.size, -1), rng)
    order = rng.permutation(number.size)
    number, cell = number[order], cell[order]
    level = deal(number, block.reshape(per_block.size, 4).astype(np.float64), rng)
    sex, group, _ = np.unravel_index(number, per_block.shape)
    age, year = np.divmod(cell, m.YEARS)
    by_year = tables.origin.reshape(-1, len(ORIGIN))
    origin = deal(group * m.YEARS + year, by_year, rng)
    return People(sex, group, level, age, year + m.FIRST_ARRIVAL, origin)


def _whole_places(place: Floats, scale: float) -> NDArray[np.int64]:
    """Round the table of places so that sizes are exact, and so is the stock by reason."""
    cells = place.sum(axis=3)
    total = round(m.PERSONS * scale)
    sizes = whole_numbers(cells.round(6) * scale, total)
    counts = np.zeros(place.shape, dtype=np.int64)
    for sex, level in np.ndindex(*place.shape[:2]):
        both, inside = sizes[sex, level].sum(), sizes[sex, level, 1]
        official = _by_official(place[sex, level].sum(axis=0))
        whole = whole_numbers(official, both)
        groups = np.zeros(len(m.GROUPS), dtype=np.int64)
        for reason, persons in enumerate(whole):
            member = reason == m.OFFICIAL_OF_GROUP
            groups[member] = whole_numbers(place[sex, level].sum(axis=0)[member], int(persons))
        share = place[sex, level, 1] / place[sex, level].sum(axis=0)
        within = np.minimum(whole_numbers(groups * share, int(inside)), groups)
        counts[sex, level] = groups - within, within
    return counts


def _by_official(groups: Floats) -> Floats:
    return np.bincount(m.OFFICIAL_OF_GROUP, groups, len(m.OFFICIAL)).astype(np.float64)
