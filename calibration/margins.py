"""The published margins of 1 January 2013, read from the small tables beside this file.

Official stocks count families of refugees as refugees and the Nordic as 'unknown'; the
reports, and the column `reason`, do not. `GROUPS` are the finer groups that both sides
can be added up from.
"""

import csv
from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from calibration.raking import Floats, Ints
from sim.codes import ORIGIN, REASON, SEX, SPONSOR_REASON
from sim.geography import COUNTY

YEAR = 2013
PERSONS = 593_324  # the stock by reason and municipality; by age and by country 593,321
OLDEST = 100
FIRST_ARRIVAL = 1940
YEARS = YEAR - FIRST_ARRIVAL  # arrival years 1940-2012
SAMPLED_FROM = 15  # the models were estimated on everybody of this age or more (DECISIONS.md)
WORKING_AGES = (15, 74)  # ages that the report's shares of work and families are about
REASON_RECORDED_FROM = 1990

GROUPS = (
    "work", "refuge", "family_of_refugee", "family_other", "education", "nordic", "unknown",
    "early_refugee",
)  # fmt: skip
WORK, REFUGE, FAMILY_OF_REFUGEE, FAMILY_OTHER, EDUCATION, NORDIC, UNKNOWN, EARLY = range(8)
OFFICIAL = (
    "work", "refuge_with_families", "family_not_of_refugees", "education_or_other",
    "nordic_or_unknown",
)  # fmt: skip
OFFICIAL_OF_GROUP = np.array([0, 1, 1, 2, 3, 4, 4, 1])
REASON_OF_GROUP = np.array(
    [REASON.index(name) for name in
     ("work", "refuge", "family", "family", "education", "nordic", "unknown", "unknown")]
)  # fmt: skip
AGE_EDGES = np.array([0, 6, 16, 20, 30, 55, 67, OLDEST + 1])
AGE_NAMES = ("0-5", "6-15", "16-19", "20-29", "30-54", "55-66", "67+")
BANDS = (
    (FIRST_ARRIVAL, 1985), (1986, 1990), (1991, 1995), (1996, 2000), (2001, 2005), (2006, 2010),
    (2011, 2012),
)  # fmt: skip


@cache
def table(name: str) -> tuple[dict[str, str], ...]:
    """Return the rows of one published table."""
    text = (resources.files("calibration") / "data" / f"{name}.csv").read_text("utf-8")
    return tuple(csv.DictReader(text.splitlines()))


@cache
def logit_sample() -> Floats:
    """Return the persons of 15 or more by sex and centrality: the N of eight logit models."""
    persons = np.zeros((2, 4))
    for row in table("logit_sample"):
        persons[SEX.index(row["sex"]), int(row["centrality"]) - 1] = float(row["persons"])
    return persons


@cache
def stock_by_reason() -> Floats:
    """Return the stock by sex, official reason, centrality and county."""
    persons = np.zeros((2, len(OFFICIAL), 4, len(COUNTY)))
    for row in table("stock_by_reason_county_2013"):
        cell = (
            SEX.index(row["sex"]), OFFICIAL.index(row["reason"]),
            int(row["centrality"]) - 1, COUNTY.index(row["county"]),
        )  # fmt: skip
        persons[cell] = float(row["persons"])
    return persons


@cache
def stock_by_age() -> Floats:
    """Return the stock by sex and the seven published age groups."""
    persons = np.zeros((2, len(AGE_NAMES)))
    for row in table("stock_by_age_2013"):
        group = int(np.flatnonzero(int(row["youngest"]) == AGE_EDGES)[0])
        persons[SEX.index(row["sex"]), group] = float(row["persons"])
    return persons


@cache
def stock_by_origin() -> Floats:
    """Return the stock by origin and whether Nordic, 1 January 2013 and 2012: (2, 19, 2)."""
    persons = np.zeros((2, len(ORIGIN), 2))
    for row in table("stock_by_origin_2013"):
        for when, suffix in enumerate(("", "_2012")):
            nordic = float(row[f"of_them_nordic{suffix}"])
            origin = ORIGIN.index(row["origin"])
            persons[when, origin] = float(row[f"persons{suffix}"]) - nordic, nordic
    return persons


def stock_by_group() -> Floats:
    """Return the stock by sex, group of reason and centrality.

    Nordic persons take the same share of every cell of 'nordic or unknown'. Refugees who came
    before 1990, when reasons were not yet recorded, are of unknown reason in the reports and
    refugees in official stocks (`early_refugees`). Refugees and families that came since are
    what is left; of those who ever came, 35.2 percent had refuge as their own reason, and the
    same share is taken of the stock. Families of refugees are the rest of the official
    'refugees'; 62 percent of them are assumed to be women, in every cell in proportion.
    """
    official = stock_by_reason().sum(axis=3)
    with_families, families = official[:, 1], official[:, 2]
    early = with_families * (early_refugees() / with_families.sum())
    later = with_families - early
    came = arrivals_by_reason().sum(axis=1)
    refuge = came[1] / (came[1] + came[2]) * (later.sum() + families.sum())
    joined = (later.sum() - refuge) * np.array([0.62, 0.38])
    joined_cells = later * (joined / later.sum(axis=1))[:, None]
    nordic = official[:, 4] * (stock_by_origin()[0, :, 1].sum() / official[:, 4].sum())
    return np.stack(
        [official[:, 0], later - joined_cells, joined_cells, families, official[:, 3], nordic,
         official[:, 4] - nordic, early], axis=1,
    )  # fmt: skip


def early_refugees() -> float:
    """Return refugees, and their families, who came before 1990 and are still resident.

    Non-Nordic persons of the cohorts that came before 1990 (four fifths of 1986-90), less
    those without a recorded reason.
    """
    everybody, nordic = (stock_by_arrival(region)[:2] for region in ("all", "nordic"))
    before = (everybody - nordic) @ (1.0, 0.8)
    official = stock_by_reason()[:, 4].sum()
    return float(before - (official - stock_by_origin()[0, :, 1].sum()))


@cache
def arrivals_by_reason() -> Floats:
    """Return first-time arrivals since 1990 by reason (work, refuge, family, education), year.

    Of 2008-2010 only the sum is published; it is spread evenly.
    """
    reasons = ("work", "refuge", "family", "education")
    persons = np.zeros((4, YEAR - REASON_RECORDED_FROM))
    for row in table("arrivals_by_reason"):
        first, last = int(row["first_year"]), int(row["last_year"])
        years = slice(first - REASON_RECORDED_FROM, last + 1 - REASON_RECORDED_FROM)
        persons[reasons.index(row["reason"]), years] = float(row["persons"]) / (last - first + 1)
    return persons


def stock_by_arrival(region: str) -> Floats:
    """Return the stock of 1.1.2013 by arrival (BANDS less the last), 'all' or 'nordic'.

    The cohorts of 1.1.2011 are moved forward two years by the share of a cohort of equal
    length of stay that remained from 2006 to 2011.
    """
    kept = {
        int(row["youngest_duration"]): float(row["still_resident_after_5_years"])
        for row in table("cohort_retention_2006_2011") if row["region"] == region
    }  # fmt: skip
    bands = np.zeros(len(BANDS) - 1)
    for row in table("stock_by_arrival_2011"):
        if row["region"] == region:
            last = int(row["last_year"])
            band = next(i for i, (_, end) in enumerate(BANDS) if last <= end)
            bands[band] += float(row["persons"]) * kept[min(2010 - last, 20)] ** (2 / 5)
    return bands


def group_of(reason: NDArray[np.integer], sponsor: NDArray[np.integer]) -> Ints:
    """Return the group of reason (GROUPS) from the columns reason and sponsor_reason."""
    groups = np.array([WORK, REFUGE, FAMILY_OTHER, EDUCATION, NORDIC, UNKNOWN])[reason]
    refugees = sponsor == SPONSOR_REASON.index("refuge")
    early = reason == REASON.index("unknown")
    return np.where(refugees, np.where(early, EARLY, FAMILY_OF_REFUGEE), groups)
