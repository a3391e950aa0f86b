"""How well a population agrees with the published margins of 1 January 2013."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from calibration import margins as m
from calibration.raking import Floats
from sim.agents.population import Population
from sim.codes import (
    CENTRALITY,
    COUNTRY_GROUP,
    EDUCATION,
    ORIGIN,
    ORIGIN_COUNTRY_GROUP,
    REASON,
    SEX,
    STATUS,
)  # fmt: skip
from sim.geography import CENTRALITY_OF, COUNTY, COUNTY_OF

SEXES = SEX.names
ONE_PERSON_SHARE = (44.0, 43.0, 41.0, 42.0)  # Rapporter 2016/27, from the N of 5.5-5.12


def margins_table(population: Population) -> list[m.FitRow]:
    """Return the published margins beside the population's, one row for every cell.

    Counts of a population of another size are compared with published counts in proportion.
    Rows named '..., percent' are shares of persons aged 15-74.
    """
    factor = len(population) / m.PERSONS
    persons = [*_sizes(population), *_reasons(population), *_origins(population)]
    scaled = [
        m.FitRow(r.margin, r.cell, r.published * factor, r.population,
                 r.population - r.published * factor) for r in persons
    ]  # fmt: skip
    return scaled + list(_shares(population))


def _sizes(p: Population) -> Iterator[m.FitRow]:
    """Yield the N of the logit models, ages by sex and counties."""
    age = m.YEAR - 1 - p["birth_year"].astype(np.int64)
    sex, level = p["sex"].astype(np.int64), CENTRALITY_OF[p["municipality"]]
    inside = (age >= m.LOGIT_AGES[0]) & (age <= m.LOGIT_AGES[1])
    cells = tuple(f"{s} level {c}" for s in SEXES for c in CENTRALITY.names)
    found = np.bincount((sex * 4 + level)[inside], minlength=8)
    yield from m.compare("persons aged 15-74", cells, m.logit_sample().ravel(), found)
    group = np.searchsorted(m.AGE_EDGES, age, side="right") - 1
    names = tuple(f"{s} {a}" for s in SEXES for a in m.AGE_NAMES)
    found = np.bincount(sex * len(m.AGE_NAMES) + group, minlength=14)
    yield from m.compare("age by sex", names, m.stock_by_age().ravel(), found)
    county = np.bincount(COUNTY_OF[p["municipality"]], minlength=len(COUNTY))
    stock = m.stock_by_reason().sum(axis=(0, 1, 2))
    yield from m.compare("county", tuple(c.en for c in COUNTY), stock, county)


def _reasons(p: Population) -> Iterator[m.FitRow]:
    """Yield the stock by official reason, sex and centrality, and by year of arrival."""
    official = m.OFFICIAL_OF_GROUP[m.group_of(p["reason"], p["sponsor_reason"])]
    level = CENTRALITY_OF[p["municipality"]]
    cell = np.ravel_multi_index((p["sex"], official, level), (2, len(m.OFFICIAL), 4))
    names = tuple(f"{r} {s} level {c}" for s in SEXES for r in m.OFFICIAL for c in CENTRALITY.names)
    stock = m.stock_by_reason().sum(axis=3).ravel()
    yield from m.compare("official reason", names, stock, np.bincount(cell, minlength=40))
    starts = [first for first, _ in m.BANDS]
    band = np.searchsorted(starts, p["first_arrival_year"], side="right") - 1
    names = tuple(f"arrived {first}-{last}" for first, last in m.BANDS)
    earlier = m.stock_by_arrival("all")
    moved = np.r_[earlier, m.PERSONS - earlier.sum()]
    yield from m.compare("arrival, moved forward from 2011", names, moved, np.bincount(band))


def _origins(p: Population) -> Iterator[m.FitRow]:
    """Yield the stock by origin, country group and Nordic reason."""
    origin = np.bincount(p["origin"], minlength=len(ORIGIN))
    stock = m.stock_by_origin()[0]
    yield from m.compare("origin", ORIGIN.names, stock.sum(axis=1), origin)
    groups = np.bincount(ORIGIN_COUNTRY_GROUP, origin)
    names = tuple(f"country group {name}" for name in COUNTRY_GROUP.names)
    yield from m.compare("country group", names, m.country_group_targets(), groups)
    nordic = np.array([np.count_nonzero(p["reason"] == REASON.index("nordic"))])
    yield from m.compare("reason", ("nordic",), stock[:, 1].sum(keepdims=True), nordic)


def _shares(p: Population) -> Iterator[m.FitRow]:
    """Yield status, education and one-person families in percent of those aged 15-74."""
    age = m.YEAR - 1 - p["birth_year"].astype(np.int64)
    inside = (age >= m.LOGIT_AGES[0]) & (age <= m.LOGIT_AGES[1])
    published = {
        (row["margin"], row["cell"]): float(row["percent"]) for row in m.table("labour_2012")
    }
    status = np.array([published["status", name] for name in STATUS.names])
    found = _percent(p["status"][inside], len(STATUS))
    yield from m.compare("status, percent", STATUS.names, status, found)
    at_work = np.isin(p["status"], [STATUS.index("employed"), STATUS.index("employed_student")])
    coarse = np.array([0, 1, 2, 3, 4, 4])[p["reason"]] * 2 + p["sex"]
    reasons = [(c, s) for (margin, c, s) in _labour_rows() if margin == "reason"]
    found = np.array([100 * np.mean(at_work[inside & (coarse == i)]) for i in range(10)])
    yield from m.compare(
        "employed by reason, percent", tuple(f"{c} {s}" for c, s in reasons),
        np.array([float(r["percent"]) for r in m.table("labour_2012") if r["margin"] == "reason"]),
        found,
    )  # fmt: skip
    levels = {row["education"]: float(row["percent"]) for row in m.table("education_2013")}
    education = np.array([levels[name] for name in EDUCATION.names])
    found = _percent(p["education"][inside], len(EDUCATION))
    yield from m.compare("education, percent", EDUCATION.names, education, found)
    alone = p["family_total"] == 1
    level = CENTRALITY_OF[p["municipality"]]
    one = np.array([100 * np.mean(alone[inside & (level == c)]) for c in range(4)])
    names = tuple(f"level {c}" for c in CENTRALITY.names)
    yield from m.compare("one-person families, percent", names, np.array(ONE_PERSON_SHARE), one)


def _labour_rows() -> list[tuple[str, str, str]]:
    return [(row["margin"], row["cell"], row["sex"]) for row in m.table("labour_2012")]


def _percent(codes: NDArray[np.uint8], k: int) -> Floats:
    return np.asarray(100 * np.bincount(codes, minlength=k) / max(codes.size, 1))
