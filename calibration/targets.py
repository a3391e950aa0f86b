"""The margins of 1 January 2013 as equations for the candidate families.

Sources and splits are those of `calibration.margins`. A tolerance says how well a figure is
believed: published counts to a few per thousand, readings and derived figures to percents.
"""

from collections.abc import Iterator, Mapping
from functools import cache

import numpy as np
from numpy.typing import NDArray

from calibration import margins as m
from calibration import start_years
from calibration.descendants import at_home
from calibration.equations import Block, bands, block
from calibration.information import sizes
from calibration.livelihood import AT_WORK, IDLE
from calibration.pool import Pool
from calibration.raking import Floats, Ints
from calibration.structure import REGION_OF_ORIGIN, REGIONS, age_profile
from sim.codes import CENTRALITY, EDUCATION, ORIGIN, REASON, SEX, STATUS, CodeList
from sim.transitions.logit import published_model
from sim.transitions.process import EMIGRATE

ONE_PERSON = (0.444, 0.435, 0.411, 0.421)  # aged 15-74, by level: the N of tables 5.5-5.12
AGE_STARTS = (0, 6, 15, 16, 20, 30, 55, 67)
AGES = ("0-5", "6-14", "15", "16-19", "20-29", "30-54", "55-66", "67+")
OLD_STARTS = (67, 75, 85, 95)
FAMILY_SIZES = ("1", "2", "3+")
SHARE = 0.001  # of persons aged 15-74: how well shares are believed
# 'Neither work nor education' of the official statistics is wider than 'outside or
# unemployed' of the report, where an exam passed counts as education: 32 against 30 percent.
IDLE_FACTOR = 0.94
WORK_TOLERANCE = 0.005  # published as whole percents
OLD = "employed of the old"
OLD_CELLS = ("67-69", "70-74")
_WORK_ROWS = {
    "employed by reason": "reason", "employed by age": "age", "employed by stay": "duration",
    "idle by age": "idle", OLD: "age",
}  # fmt: skip
WORK_NOTES = dict.fromkeys(_WORK_ROWS, "whole percents of the 4th quarter 2012") | {
    "idle by age": "official 'neither work nor education' is wider than the report's statuses: 32 "
    "against 30 percent; the report is believed, the pattern kept",
    OLD: "assumed: what is published ends with the group 55-69",
}
LABOUR = "IMDi / Statistics Norway, 4th quarter 2012"
IMDI = "IMDi / Statistics Norway, 1 January 2013"
REPORT = "Rapporter 2016/27"


def blocks_of_2013(pool: Pool) -> tuple[Block, ...]:
    """Return every margin of 2013."""
    return (
        *_structure(pool),
        *_livelihood(pool),
        *_families(pool),
        norwegian_born_at_home(pool, m.YEAR),
    )


def _structure(pool: Pool) -> Iterator[Block]:
    group = pool.person_level * 2 + pool["sex"]
    cells = [f"{s} level {c}" for c in CENTRALITY.names for s in SEX.names]
    label = np.where(pool.sampled, group, -1)
    n = sizes()
    yield block("sample size", cells, pool, label, n, 0.001 * n, f"{REPORT} tables E1-E8")
    yield official_reason(pool, m.stock_by_reason().sum(axis=3), IMDI)
    stock = m.stock_by_origin()[0]
    yield origins(pool, stock * (m.PERSONS / stock.sum()), IMDI)
    yield from _arrivals(pool, stock[:, 1].sum())
    yield _ages(pool)
    yield _old(pool)


def official_reason(pool: Pool, stock: Floats, source: str) -> Block:
    """Return the block of persons by sex, official reason and centrality."""
    official = m.OFFICIAL_OF_GROUP[pool["group"]]
    label = (pool["sex"] * len(m.OFFICIAL) + official) * len(CENTRALITY) + pool.person_level
    cells = [f"{r} {s} level {c}" for s in SEX.names for r in m.OFFICIAL for c in CENTRALITY.names]
    return block("official reason", cells, pool, label, stock, 0.003 * stock.ravel() + 15, source)


def origins(pool: Pool, stock: Floats, source: str) -> Block:
    """Return the block of persons by origin and whether Nordic: stock is (19, 2)."""
    label = pool["origin"] * 2 + (pool["group"] == m.NORDIC)
    cells = [f"{o}{kind}" for o in ORIGIN.names for kind in ("", " (Nordic)")]
    return block("origin", cells, pool, label, stock, 0.004 * stock.ravel() + 20, source)


def _arrivals(pool: Pool, nordic_persons: float) -> Iterator[Block]:
    band = bands(m.YEAR - 1 - pool["duration"], [first for first, _ in m.BANDS])
    nordic = np.where(pool["group"] == m.NORDIC, band, -1)
    cells = [f"arrived {first}-{last}" for first, last in m.BANDS]
    source = "Statistics Norway: length of stay 1.1.2011, moved forward two years"
    target = arrival_bands("all", m.PERSONS)
    yield block("arrival", cells, pool, band, target, 0.004 * target, source)
    target = arrival_bands("nordic", nordic_persons)
    yield block("Nordic arrival", cells, pool, nordic, target, 0.01 * target, source)


def arrival_bands(region: str, persons: float) -> Floats:
    """Return persons by year of first arrival (`margins.BANDS`), 'all' or 'nordic'."""
    earlier = m.stock_by_arrival(region)
    return np.append(earlier, persons - earlier.sum())


def _old(pool: Pool) -> Block:
    """Return ages inside the open group 67+, which no table divides: smoothed, so a tenth off."""
    target = np.add.reduceat(age_profile().sum(axis=0), (0, *OLD_STARTS))[1:]
    label = bands(pool["age"], OLD_STARTS)
    cells = ("67-74", "75-84", "85-94", "95+")
    source = "smoothed inside the published group 67+"
    return block("ages of the old", cells, pool, label, target, 0.05 * target + 20, source)


def _ages(pool: Pool) -> Block:
    target = np.add.reduceat(age_profile(), AGE_STARTS, axis=1)
    label = pool["sex"] * len(AGES) + bands(pool["age"], AGE_STARTS)
    cells = [f"{s} {a}" for s in SEX.names for a in AGES]
    source = f"{IMDI}; 15-year-olds: the sample sizes less those of 16 or more"
    return block("age", cells, pool, label, target, 0.005 * target.ravel(), source)


def _livelihood(pool: Pool) -> Iterator[Block]:
    status = percent("status")
    yield _levels(pool, "status", STATUS, pool.grown, status / status.sum(), LABOUR)
    source = "Statistics Norway: education of immigrants of 16 or more, 2011 and 2013"
    yield _levels(pool, "education", EDUCATION, pool.sampled, education_shares(), source)
    groups = work_groups(
        m.REASON_OF_GROUP[pool["group"]], pool["sex"], pool["age"], pool["duration"], pool["status"]
    )
    for name, label, has in groups:
        factor = IDLE_FACTOR if name.startswith("idle") else 1.0
        yield _share(pool, name, label, has, published_work(name) * factor)


def work_groups(
    reason: Ints, sex: Ints, age: Ints, stay: Ints, status: Ints
) -> Iterator[tuple[str, Ints, Ints]]:
    """Yield the margins of work: name, group of each person (-1: none), whether at work or idle.

    reason, status: stored numbers; stay: completed years since first arrival.
    """
    work, idle = AT_WORK[status], IDLE[status]
    band = np.array([-1, -1, 0, 1, 2, -1])[bands(age, (15, 18, 30, 55, 70)) + 1]
    young = bands(age, (16, 26, 67))
    yield "employed by reason", np.array([0, 1, 2, 3, 4, 4])[reason] * 2 + sex, work
    yield "employed by age", band, work
    yield "employed by stay", bands(stay, (0, 5, 10)), work
    yield OLD, np.array([-1, 0, 1, -1])[bands(age, (67, 70, 75)) + 1], work
    yield "idle by age", np.where((young == 0) | (young == 1), young * 2 + sex, -1), idle


def _work_rows(name: str) -> list[dict[str, str]]:
    rows = [row for row in m.table("labour_2012") if row["margin"] == _WORK_ROWS[name]]
    if name == OLD:
        by_cell = {row["cell"]: row for row in rows}
        return [by_cell[cell] for cell in OLD_CELLS]
    return [row for row in rows if row["source"] != "assumed"]


def published_work(name: str) -> Floats:
    """Return the published shares of a margin of work (of the old: assumed)."""
    return np.array([float(row["percent"]) / 100 for row in _work_rows(name)])


def labels_of(name: str) -> list[str]:
    """Return what the groups of a margin of work are called."""
    return [f"{row['cell']} {row['sex']}" for row in _work_rows(name)]


def education_shares() -> Floats:
    """Return the published shares of the six levels of education."""
    levels = {row["education"]: float(row["percent"]) for row in m.table("education_2013")}
    shares = np.array([levels[name] for name in EDUCATION.names])
    return np.asarray(shares / shares.sum())


def _levels(
    pool: Pool, name: str, codes: CodeList, whom: NDArray[np.bool_], shares: Floats, source: str
) -> Block:
    """Return the block 'of these persons such shares have each code'."""
    size, k = pool.size, len(codes)
    has = np.eye(k)[pool[name]] - shares
    persons = float((pool.prior[pool["family"]] * whom).sum())
    from scipy import sparse  # where it is needed: who only reads the register does without

    rows = sparse.csr_matrix(
        (
            (has * whom[:, None]).ravel(),
            (np.tile(np.arange(k), size), np.repeat(pool["family"], k)),
        ),
        shape=(k, pool.level.size),
    )
    return Block(name, codes.names, rows, np.zeros(k), np.full(k, SHARE * persons), source)


def percent(margin: str) -> Floats:
    """Return the published shares of a margin of `labour_2012.csv`."""
    rows = [row for row in m.table("labour_2012") if row["margin"] == margin]
    return np.array([float(row["percent"]) for row in rows]) / 100


def _share(pool: Pool, name: str, label: Ints, has: Ints, share: Floats) -> Block:
    """Return the block 'this share of persons aged 15-74 with the label has it'."""
    label = np.where(pool.grown, label, -1)
    known = label >= 0
    value = np.where(known, has - share[label], 0.0)
    persons = np.bincount(label[known], pool.prior[pool["family"]][known], share.size)
    tolerance = WORK_TOLERANCE * np.maximum(persons, 100)
    return block(name, labels_of(name), pool, label, 0, tolerance, LABOUR, value)


def _families(pool: Pool) -> Iterator[Block]:
    grown, level = pool.grown, pool.person_level
    alone = (pool["family_total"] == 1) - np.array(ONE_PERSON)[level]
    label = np.where(grown, level, -1)
    persons = np.bincount(level[grown], pool.prior[pool["family"]][grown], len(CENTRALITY))
    cells = [f"level {c}" for c in CENTRALITY.names]
    source = f"{REPORT}: N of tables 5.5-5.12"
    yield block("one-person families", cells, pool, label, 0, 0.002 * persons, source, alone)
    yield from _table_4_1(pool)


@cache
def family_rates() -> Mapping[tuple[str, str, str], tuple[float, float]]:
    """Return emigration and moves out of the county by reason, size and kind (Table 4.1)."""
    return {
        (row["reason"], row["family_size"], row["family_kind"]): (
            float(row["emigrate_percent"]) / 100, float(row["out_of_county_percent"]) / 100,
        ) for row in m.table("family_rates_2013")
    }  # fmt: skip


def rates_by_size() -> Floats:
    """Return published emigration by reason and family size 1, 2, 3+ (all families)."""
    rates = family_rates()
    return np.array([[rates[r, s, "all_families"][0] for s in FAMILY_SIZES] for r in REASON.names])


def _table_4_1(pool: Pool) -> Iterator[Block]:
    """Yield emigrants by reason, and the shares of mixed families that the rates imply."""
    reason = m.REASON_OF_GROUP[pool["group"]]
    size = np.minimum(pool["family_total"], 3) - 1
    sampled = pool.sampled
    label = np.where(sampled, reason, -1)
    leaving = emigration(pool)
    weight = pool.prior[pool["family"]]
    expected = np.bincount(reason[sampled], (weight * leaving)[sampled], len(REASON))
    source = f"{REPORT} table 4.1"
    gap = leaving - rates_by_size()[reason, size]
    yield block("emigrants by reason", REASON.names, pool, label, 0, 0.02 * expected, source, gap)
    share, spread = mixed_shares()
    known = np.isfinite(share)
    number = np.full(share.shape, -1)
    number[known] = np.arange(known.sum())
    cell = np.where(sampled, number[reason, size], -1)
    mixed = (pool["family_total"] > pool["family_immigrants"]).astype(np.float64)
    value = mixed - np.nan_to_num(share)[reason, size]
    persons = np.bincount(cell[cell >= 0], weight[cell >= 0], int(known.sum()))
    cells = [f"{REASON.names[r]} {FAMILY_SIZES[s]}" for r, s in np.argwhere(known)]
    tolerance = np.minimum(spread[known], 0.3) * np.maximum(persons, 200)
    source += ", implied by the rates"
    yield block("mixed families", cells, pool, cell, 0, tolerance, source, value)


def emigration(pool: Pool) -> Floats:
    """Return each candidate person's probability of emigrating, by the pooled model."""
    return published_model("6.1").probabilities(pool.covariates(), old_age="extrapolate")[
        :, EMIGRATE
    ]


@cache
def mixed_shares() -> tuple[Floats, Floats]:
    """Return the share in families with non-immigrants by reason and size, and its spread.

    The rate of all families lies between those of immigrant families and mixed ones; where
    it lies is the share of the mixed. Two outcomes give two readings, weighted by rounding.
    """
    share, weight = np.zeros((2, len(REASON), len(FAMILY_SIZES)))
    rates = family_rates()
    for r, reason in enumerate(REASON.names):
        for s, size in enumerate(FAMILY_SIZES[1:], start=1):
            for outcome in range(2):
                all_, pure, mixed = (
                    rates[reason, size, kind][outcome]
                    for kind in ("all_families", "immigrants_only", "also_non_immigrants")
                )
                apart = mixed - pure
                if abs(apart) < 0.0015:
                    continue
                x = (all_ - pure) / apart
                rounding = 0.0003 * np.sqrt(1 + x * x + (1 - x) ** 2) / abs(apart)
                share[r, s] += x / rounding**2
                weight[r, s] += 1 / rounding**2
    known = weight > 0
    mean = np.divide(share, weight, out=np.full_like(share, np.nan), where=known)
    spread = np.where(known, np.maximum(1 / np.sqrt(np.maximum(weight, 1e-9)), 0.02), np.nan)
    return np.clip(mean, 0, 1), spread


def norwegian_born_at_home(pool: Pool, year: int) -> Block:
    """Return the block of Norwegian-born children of two immigrants by region of the family."""
    children = pool.norwegian_born
    first = np.flatnonzero(np.diff(pool["family"], prepend=-1))
    value = np.zeros(pool.size)
    value[first] = children
    region = np.where(pool["group"] == m.NORDIC, 0, REGION_OF_ORIGIN[pool["origin"]])
    label: NDArray[np.int64] = np.where(value > 0, region, -1)
    total = start_years.norwegian_born(year).sum()
    target = start_years.norwegian_born_by_origin(year) * (at_home(year).sum() / total)
    source = "Statistics Norway; who of them lives at home is assumed by age"
    return block(
        "Norwegian-born at home", REGIONS, pool, label, target, 0.005 * target + 30, source, value
    )
