"""The margins of a year beside a population's: the rows of the fit table about people."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from calibration import margins as m
from calibration import start_years, targets
from calibration.equations import bands
from calibration.fit_table import (
    PERSONS_ALLOWED,
    POINTS_ALLOWED,
    RATE_ALLOWED,
    Row,
    covariances,
    covariates,
    models,
    persons_allowed,
    rows,
    sample,
)
from calibration.raking import Floats, Ints
from calibration.structure import REGION_OF_ORIGIN, REGIONS
from sim.agents.checks import NORWEGIAN_BORN, RESIDENT
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
)
from sim.geography import CENTRALITY_OF, COUNTY, COUNTY_OF
from sim.transitions.logit import published_model
from sim.transitions.process import EMIGRATE

SEXES = SEX.names


class Seen:
    """Resident immigrants of a population, as plain arrays; counts are brought to scale 1."""

    def __init__(self, population: Population) -> None:
        self.year = population.year
        some = np.flatnonzero(population.immigrants)
        self.column = {
            n: population[n][some].astype(np.int64)
            for n in (
                "sex",
                "origin",
                "reason",
                "education",
                "status",
                "family_total",
                "family_immigrants",
                "municipality",
                "sponsor_reason",
            )
        }
        last = population.year - 1
        self.age = last - population["birth_year"][some].astype(np.int64)
        self.stay = last - population["first_arrival_year"][some].astype(np.int64)
        self.sampled = self.age >= m.SAMPLED_FROM
        first, last_age = m.WORKING_AGES
        self.grown = (self.age >= first) & (self.age <= last_age)
        self.level = CENTRALITY_OF[self["municipality"]].astype(np.int64)
        self.county = COUNTY_OF[self["municipality"]].astype(np.int64)
        total = start_years.stock_by_reason(population.year).sum()
        self.scale = some.size / float(total)
        born = (population["background"] == NORWEGIAN_BORN) & (population["place"] == RESIDENT)
        self.born = {
            n: population[n][born].astype(np.int64)
            for n in ("sex", "municipality", "origin", "birth_year")
        }
        model = published_model("6.1")
        people = covariates(population, some)
        self.leaving = model.probabilities(people, old_age="extrapolate")[:, EMIGRATE]

    def __getitem__(self, name: str) -> Ints:
        return self.column[name]

    @property
    def official(self) -> Ints:
        """The official reason: refugees with their families, Nordic with unknown."""
        return m.OFFICIAL_OF_GROUP[m.group_of(self["reason"], self["sponsor_reason"])]

    def count(self, label: Ints, size: int) -> Floats:
        """Return persons by label, at scale 1; -1 is not counted."""
        return np.bincount(label[label >= 0], minlength=size) / self.scale

    def share(
        self,
        has: NDArray[np.generic],
        label: Ints,
        size: int,
        whom: NDArray[np.bool_] | None = None,
    ) -> Floats:
        """Return the percentage of persons with each label who have it; whom: else 15-74."""
        known = (self.grown if whom is None else whom) & (label >= 0)
        persons = np.bincount(label[known], minlength=size)
        having = np.bincount(label[known], has[known].astype(np.float64), size)
        return np.asarray(100 * having / np.maximum(persons, 1))


def fit_table(population: Population) -> list[Row]:
    """Return every published figure beside the population's."""
    seen = Seen(population)
    found: list[Row] = []
    if population.year == m.YEAR:
        whole = sample(population)
        found += models(whole, covariances(whole))
    found += stocks(seen)
    if population.year == m.YEAR:
        found += [*linear_sample(seen), *shares(seen), *families(seen)]
    else:
        found += employed(seen)
    return [*found, *norwegian_born(seen)]


def employed(seen: Seen) -> Iterator[Row]:
    """Yield the employed by sex in a year before 2013."""
    has = np.isin(seen["status"], (STATUS.index("employed"), STATUS.index("employed_student")))
    yield from rows(
        "employed by sex",
        SEXES,
        100 * start_years.employed(seen.year),
        seen.share(has, seen["sex"], len(SEXES)),
        unit="percent",
        allowed=1.0,
        note="whole percents of the 4th quarter, ages 15-74 or 16-74",
    )


def stocks(seen: Seen) -> Iterator[Row]:
    """Yield reason x sex x centrality, county, age x sex, arrival and origin."""
    stock = start_years.stock_by_reason(seen.year)
    shape = (2, len(m.OFFICIAL), 4)
    cell = np.ravel_multi_index((seen["sex"], seen.official, seen.level), shape)
    names = [f"{r} {s} level {c}" for s in SEXES for r in m.OFFICIAL for c in CENTRALITY.names]
    by_reason = stock.sum(axis=3).ravel()
    yield from rows(
        "reason x sex x centrality",
        names,
        by_reason,
        seen.count(cell, 40),
        allowed=persons_allowed(by_reason),
        note=_reason_note(seen),
    )
    county = stock.sum(axis=(0, 1, 2))
    yield from rows(
        "county",
        [c.en for c in COUNTY],
        county,
        seen.count(seen.county, len(COUNTY)),
        allowed=persons_allowed(county),
    )
    yield from _ages(seen)
    yield from _arrivals(seen)
    origin = start_years.stock_by_origin(seen.year).sum(axis=1)
    found = seen.count(seen["origin"], len(ORIGIN))
    yield from rows("origin", ORIGIN.names, origin, found, allowed=persons_allowed(origin))
    of = np.array(ORIGIN_COUNTRY_GROUP)
    groups = np.bincount(of, origin, len(COUNTRY_GROUP))
    yield from rows(
        "country group",
        COUNTRY_GROUP.names,
        groups,
        np.bincount(of, found),
        allowed=persons_allowed(groups),
    )


def _reason_note(seen: Seen) -> str:
    """Say how the official reasons and the report's differ, and by how many persons."""
    groups = m.group_of(seen["reason"], seen["sponsor_reason"])
    families, early = (seen.count(groups == g, 2)[1] for g in (m.FAMILY_OF_REFUGEE, m.EARLY))
    return (
        "official reasons, believed for these counts; of the refugees the report calls "
        f"{families:,.0f} family, and {early:,.0f} who came before 1990 unknown (`reason`)"
    )


def _ages(seen: Seen) -> Iterator[Row]:
    published = start_years.stock_by_age(seen.year)
    label = seen["sex"] * 7 + np.searchsorted(m.AGE_EDGES, seen.age, side="right") - 1
    names = [f"{s} {a}" for s in SEXES for a in m.AGE_NAMES]
    yield from rows(
        "age x sex",
        names,
        published,
        seen.count(label, 14),
        allowed=persons_allowed(published),
    )


def _arrivals(seen: Seen) -> Iterator[Row]:
    if seen.year == m.YEAR:
        target = targets.arrival_bands("all", m.PERSONS)
        found = seen.count(bands(seen.year - 1 - seen.stay, [a for a, _ in m.BANDS]), target.size)
        names = [f"arrived {a}-{b}" for a, b in m.BANDS]
        yield from rows(
            "duration",
            names,
            target,
            found,
            allowed=persons_allowed(target),
            note="cohorts of 1.1.2011, moved forward two years",
        )
        return
    stay = start_years.stock_by_duration(seen.year)
    starts = start_years.DURATIONS
    names = [f"{a}-{b - 1}" for a, b in pairwise(starts)] + [f"{starts[-1]}+"]
    found = seen.count(np.searchsorted(starts, seen.stay, side="right") - 1, len(names))
    note = "published for 1.1.2005, 2006, 2007, 2009 and 2011; other years moved or interpolated"
    yield from rows("duration", names, stay, found, allowed=persons_allowed(stay), note=note)


def shares(seen: Seen) -> Iterator[Row]:
    """Yield status and education, ages 15-74, and where sources on work disagree."""
    points = 100 * POINTS_ALLOWED
    everybody = np.zeros(seen.age.size, dtype=np.int64)
    status = 100 * targets.percent("status") / targets.percent("status").sum()
    found = [seen.share(seen["status"] == i, everybody, 1)[0] for i in range(len(STATUS))]
    yield from rows("status", STATUS.names, status, found, unit="percent", allowed=points)
    education, older = 100 * targets.education_shares(), seen.sampled
    found = [
        seen.share(seen["education"] == i, everybody, 1, older)[0] for i in range(len(EDUCATION))
    ]
    yield from rows("education", EDUCATION.names, education, found, unit="percent", allowed=points)
    for name, label, has in targets.work_groups(
        seen["reason"], seen["sex"], seen.age, seen.stay, seen["status"]
    ):
        published = targets.published_work(name)
        factor = targets.IDLE_FACTOR if name.startswith("idle") else 1.0
        cells = targets.labels_of(name)
        yield from rows(
            name,
            cells,
            100 * published,
            seen.share(has, label, published.size),
            unit="percent",
            believed=100 * published * factor,
            note=targets.WORK_NOTES[name],
        )


def linear_sample(seen: Seen) -> Iterator[Row]:
    """Yield the sizes of the linear models' samples, which no fit uses."""
    published = [float(row["persons"]) for row in m.table("linear_sample")]
    found = seen.count(np.where(seen.grown, seen.level, -1), len(CENTRALITY))
    yield from rows(
        "sample of the linear models, 15-74",
        [f"level {c}" for c in CENTRALITY.names],
        published,
        found,
        allowed=persons_allowed(published),
        note="not used in the fit",
    )


def families(seen: Seen) -> Iterator[Row]:
    """Yield one-person families, mixed families and emigration by reason and family size."""
    alone = seen["family_total"] == 1
    one = 100 * np.array(targets.ONE_PERSON)
    yield from rows(
        "one-person families",
        [f"level {c}" for c in CENTRALITY.names],
        one,
        seen.share(alone, seen.level, 4),
        unit="percent",
        allowed=100 * POINTS_ALLOWED,
    )
    size = np.minimum(seen["family_total"], 3) - 1
    label = seen["reason"] * len(targets.FAMILY_SIZES) + size
    names = [f"{r} {s}" for r in REASON.names for s in targets.FAMILY_SIZES]
    yield from _mixed_families(seen, label, names)
    yield from _emigration(seen, label, names)


def _mixed_families(seen: Seen, label: Ints, names: list[str]) -> Iterator[Row]:
    share, spread = targets.mixed_shares()
    mixed = seen["family_total"] > seen["family_immigrants"]
    found = seen.share(mixed, label, len(names), seen.sampled)
    known = np.isfinite(share.ravel())
    yield from rows(
        "mixed families",
        [n for n, k in zip(names, known, strict=True) if k],
        100 * share.ravel()[known],
        found[known],
        unit="percent",
        note="implied by the rates of Table 4.1, uncertain by "
        f"{100 * np.nanmin(spread):.0f} points or more",
    )


def _emigration(seen: Seen, label: Ints, names: list[str]) -> Iterator[Row]:
    rates = 100 * targets.rates_by_size()
    by_size = seen.share(seen.leaving, label, len(names), seen.sampled)
    weight = np.bincount(label[seen.sampled], minlength=len(names)).reshape(rates.shape)
    over_all = (rates * weight).sum(axis=1) / weight.sum(axis=1)
    found = seen.share(seen.leaving, seen["reason"], len(REASON), seen.sampled)
    yield from rows(
        "emigration by reason",
        REASON.names,
        over_all,
        found,
        unit="percent",
        allowed=RATE_ALLOWED * over_all,
        note="Table 4.1 over all family sizes, weighted as in this population",
    )
    yield from rows(
        "emigration by reason and family size",
        names,
        rates,
        by_size,
        unit="percent",
        note="the logit is linear in family size and Table 4.1 is not; no "
        "population can make them agree",
    )


def norwegian_born(seen: Seen) -> Iterator[Row]:
    """Yield the Norwegian-born by sex, county, age and region of the parents."""
    born = start_years.norwegian_born(seen.year)
    age = seen.year - 1 - seen.born["birth_year"]
    starts = np.array([0, 5, 10, 15, 20, 25, 35])
    by_age = np.add.reduceat(start_years.norwegian_born_by_age(seen.year), starts)
    region = start_years.norwegian_born_by_origin(seen.year)
    # The first two regions share an origin group (Nordic and Western Europe).
    merged = np.maximum(REGION_OF_ORIGIN[seen.born["origin"]] - 1, 0)
    regions = ["nordic_and_western_europe", *REGIONS[2:]]
    by_region = np.r_[region[0] + region[1], region[2:]]

    def compare(
        name: str, cells: Sequence[str], label: Ints, published: Floats, note: str = ""
    ) -> Iterator[Row]:
        found = np.bincount(label, minlength=len(cells)) / seen.scale
        allowed = persons_allowed(published)
        if name == "region":
            allowed = np.maximum(allowed, PERSONS_ALLOWED * published.sum())
        yield from rows(
            f"Norwegian-born by {name}", cells, published, found, allowed=allowed, note=note
        )

    county = COUNTY_OF[seen.born["municipality"]].astype(np.int64)
    ages = [f"{a}-{b - 1}" for a, b in pairwise(starts)] + ["35+"]
    band = np.searchsorted(starts, age, side="right") - 1
    yield from compare("sex", SEXES, seen.born["sex"], born.sum(axis=1))
    yield from compare("county", [c.en for c in COUNTY], county, born.sum(axis=0))
    yield from compare("age", ages, band, by_age, "published for 2002-2004; cohorts moved forward")
    yield from compare("region", regions, merged, by_region)
