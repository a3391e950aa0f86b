"""From where people arrive: origins by year and reason, raked from what is published."""

import csv
from importlib import resources
from pathlib import Path

import numpy as np

from calibration import start_years
from calibration.raking import Floats, Margin, rake
from sim.codes import ORIGIN, ORIGIN_COUNTRY_GROUP, REASON
from sim.transitions import arrival_tables as t
from sim.transitions.sources import rows

DATA = Path(str(resources.files("sim.transitions"))) / "data"
NORDIC, UNKNOWN = (t.STREAMS.index((reason, "none")) for reason in ("nordic", "unknown"))
# Net outflow a year, in percent of the stock, by country group: assumed, between the outflows
# by reason that published arrivals and stocks of 2006-2011 imply; Nordic as in the numbers.
OUTFLOW = np.array([0.05, 0.055, 0.015])
OUTFLOW_NORDIC = 0.067
SMALLEST = 0.002  # of an origin's stock, where the stock fell faster than that
REGIONS = ("europe", "asia", "africa", "america_oceania")
REGION_OF = np.array([0, 0, 0, 0, 3, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 3])
EU_EAST = ORIGIN.index("eu_east")
# Assumed: of refugees from Asia in 2014-2023, those from western Asia (Syria above all); of
# those from Europe in 2022-2023, all from Eastern Europe outside the EU (Ukraine).
FROM_WEST_ASIA = 0.6


def origin_mix(seen: dict[int, Floats]) -> Floats:
    """Return arrivals by year (2004-2023), stream and origin.

    seen: recent arrivals of the registers by stream and origin, about 2008 and 2011.
    """
    numbers = t.published_numbers()
    seen = {year: counts + 0.1 for year, counts in seen.items()}
    for table in seen.values():
        table[UNKNOWN] = table[t.LIKE[UNKNOWN]]
        table[NORDIC, 4:], table[:NORDIC, :3], table[NORDIC + 1 :, :3] = 0, 0, 0
    mix = np.zeros((*numbers.shape, len(ORIGIN)))
    start = {2007: _raked(2007, numbers, seen[2008]), 2011: _raked(2011, numbers, seen[2011])}
    for year in range(t.FIRST, t.LAST_PUBLISHED + 1):
        late = np.clip((year - 2007) / 4, 0, 1)
        seed = (1 - late) * start[2007] + late * start[2011]
        mix[year - t.FIRST] = _later(year, numbers, seed) if year >= 2013 else _raked(
            year, numbers, seed, regions=year in (2007, 2011)
        )  # fmt: skip
    return mix


def inflow_by_origin(year: int) -> tuple[Floats, Floats]:
    """Return arrivals by origin that the growth of the stocks implies: others, and Nordic."""
    before, after = start_years.stock_by_origin(year), start_years.stock_by_origin(year + 1)
    stock, growth = (before + after) / 2, after - before
    outflow = np.column_stack([OUTFLOW[list(ORIGIN_COUNTRY_GROUP)],
                               np.full(len(ORIGIN), OUTFLOW_NORDIC)])  # fmt: skip
    came = np.maximum(growth + outflow * stock, SMALLEST * stock)
    return came[:, 0], came[:, 1]


def _raked(year: int, numbers: Floats, seed: Floats, *, regions: bool = True) -> Floats:
    """Rake a year's streams by origin to the growth of stocks and, if known, to regions."""
    persons = numbers[year - t.FIRST]
    others, nordic = inflow_by_origin(year)
    stream, origin = np.indices(seed.shape)
    rest = persons.sum() - persons[NORDIC]
    wanted = np.concatenate([others / others.sum() * rest, nordic / nordic.sum() * persons[NORDIC]])
    margins = [
        Margin("origin", np.asarray(origin + (stream == NORDIC) * len(ORIGIN)), wanted),
        Margin("stream", np.asarray(stream), persons),
    ]
    if regions:
        margins.insert(1, _region_margin(year, numbers, seed.shape))
    return rake(seed, margins, rounds=60)


def _region_margin(year: int, numbers: Floats, shape: tuple[int, ...]) -> Margin:
    """Return the published arrivals by reason and region of a year, scaled to its numbers."""
    stream, origin = np.indices(shape)
    reason = t.STREAM_REASON[stream]
    group = REGION_OF[origin]
    names = list(REGIONS)
    if year == 2007:  # when EU members in the east are published too
        names.append("eu_east")
        group = np.where(origin == EU_EAST, len(REGIONS), group)
    label = reason * len(names) + group
    target = np.zeros((len(REASON), len(names)))
    for row in rows("arrivals_by_region.csv"):
        if int(row["year"]) == year:
            target[REASON.index(row["reason"]), names.index(row["region"])] = float(row["persons"])
    if year == 2007:
        target[:, 0] -= target[:, -1]
    known = target.sum(axis=1) > 0
    total = np.bincount(t.STREAM_REASON, numbers[year - t.FIRST], len(REASON))
    target[known] *= (total[known] / target[known].sum(axis=1))[:, None]
    label = np.where(known[reason], label, -1)
    return Margin("region", label, target.ravel())


def _later(year: int, numbers: Floats, seed: Floats) -> Floats:
    """Return arrivals from 2013 on: origins within a region as before, regions as published.

    Between 2011, 2018 and 2023 the regions' shares lie on a straight line; of refugees those of
    2018 hold in 2014-2021 and those of 2023 in 2022.
    """
    seed = seed.copy()
    _refugees_of_today(year, seed)
    persons = numbers[year - t.FIRST]
    refugees = {2013: 2011, 2022: 2023, 2023: 2023}.get(year, 2018)
    known = {at: _region_margin(at, numbers, seed.shape) for at in (2011, 2018, 2023)}
    shares = {at: m.target.reshape(len(REASON), -1) for at, m in known.items()}
    shares = {at: s / np.maximum(s.sum(axis=1), 1)[:, None] for at, s in shares.items()}
    before, after = (2011, 2018) if year < 2018 else (2018, 2023)
    weight = (year - before) / (after - before)
    line: Floats = (1 - weight) * shares[before] + weight * shares[after]
    line[REASON.index("refuge")] = shares[refugees][REASON.index("refuge")]
    total = np.bincount(t.STREAM_REASON, persons, len(REASON))[:, None]
    stream = np.indices(seed.shape)[0]
    margins = [
        Margin("region", known[2018].label, np.asarray(line * total).ravel()),
        Margin("stream", np.asarray(stream), np.asarray(persons)),
    ]
    return rake(seed, margins, rounds=60)


def _refugees_of_today(year: int, seed: Floats) -> None:
    """Say from where in a region refugees come from 2014 on."""
    refuge = t.STREAMS.index(("refuge", "none"))
    west, east = ORIGIN.index("west_asia_other"), ORIGIN.index("e_europe_other_non_eu")
    asia, europe = (np.isin(REGION_OF, REGIONS.index(region)) for region in ("asia", "europe"))
    if year >= 2014:
        rest = seed[refuge, asia].sum() - seed[refuge, west]
        seed[refuge, west] = rest * FROM_WEST_ASIA / (1 - FROM_WEST_ASIA)
    if year >= 2022:
        seed[refuge, east] = seed[refuge, europe].sum() * 1e3


def write_mix(mix: Floats) -> None:
    """Write shares of origins, in 100,000, by year and stream."""
    raked = ("Derived: raked from the growth of the stock by origin (with assumed outflows of 5, "
             "5.5, 1.5 percent by country group), published arrivals by reason and region 2007 "
             "and 2011, and the reconstructed register")  # fmt: skip
    later = (
        "Derived: published arrivals by reason and region 2011, 2018, 2023 and lines between; "
        "within a region as in 2011, and assumed shares of refugees from Syria and Ukraine"
    )
    with (DATA / "arrivals_mix.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["year", "reason", "sponsor_reason", *ORIGIN.names, "assumed", "source"])
        for y, of_year in enumerate(mix):
            for stream, persons in zip(t.STREAMS, of_year, strict=True):
                shares = np.rint(1e5 * persons / persons.sum()).astype(np.int64)
                year = y + t.FIRST
                writer.writerow([year, *stream, *shares, "yes", raked if year < 2013 else later])
