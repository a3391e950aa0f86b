"""What the year shifts predict that they were not fitted to: `python -m calibration.holdouts`.

Three minutes; prints the table and writes it to calibration/data/holdouts.csv.

stocks: flows alone are fitted; the published stocks by reason 2006-2013 are predicted.
years: fitted without what 2008 and 2011 tell of emigrations and net migration.
citizens: fitted without the separate figures of one citizenship.
groups: rates by country group as the article of 2015 tells them, which no fit uses.
shipped: the stocks beside the fit that uses them: no hold-out, for comparison.
"""

import csv
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from calibration import margins as m
from calibration.raking import Floats
from calibration.year_history import CITIZENS, LIVED, History, simulate
from calibration.year_record import PUBLISHED_FROM, Flow, published
from calibration.year_shifts import (
    SEEDS,
    Fit,
    Linear,
    Plan,
    Posterior,
    emigrations,
    fit,
    net_migration,
    read_unknowns,
    shifts_of,
    stocks,
)

OUT = Path(m.__file__).parent / "data" / "holdouts.csv"
COLUMNS = ("kind", "left_out", "year", "what", "told", "found", "percent_off", "std_error_percent",
           "source")  # fmt: skip
YEARS_LEFT_OUT = frozenset({2008, 2011})
ROUNDS, SEEDS_OF_PARTS = 2, (1, 2)  # of a fit that begins with another
ARTICLE = {0: ("country group 1", 8.0), 2: ("country group 3", 2.9)}  # percent, every year
SOURCES = {
    "stocks": "IMDi/Statistics Norway: immigrants by reason, 1 January",
    "flows": "Statistics Norway, OECD: calibration/data/year_flows.csv",
    "net": "Statistics Norway, OECD: calibration/data/year_immigrations.csv",
    "groups": "Økonomiske analyser 2015: nearly 8 and just under 3 percent in every year",
}


class Row(NamedTuple):
    """One prediction. found, and its standard error in percent (none: not computed)."""

    kind: str
    left_out: str
    year: int
    what: str
    told: float
    found: float
    error: float | None
    source: str

    @property
    def off(self) -> float:
        """Return by how many percent the prediction is off."""
        return 100 * (self.found / self.told - 1)


def main() -> int:
    """Fit, predict, print and write."""
    flows_alone = fit(Plan())
    shipped = simulate(shifts_of(read_unknowns()), SEEDS)
    rows = [
        *of_stocks("stocks", "stocks", flows_alone.history, flows_alone.posterior),
        *of_years(flows_alone),
        *(row for citizens in CITIZENS for row in of_citizens(flows_alone, citizens)),
        *of_groups(flows_alone.history),
        *of_stocks("shipped", "nothing", shipped, None),
    ]
    write(OUT, rows)
    print("\n".join(summary(rows)))
    return 0


def of_stocks(kind: str, left_out: str, history: History, posterior: Posterior | None) -> list[Row]:
    """Return stocks by reason and in all, 1 January 2006-2013."""
    told = published().stocks
    linear = stocks(history, told)
    error = None if posterior is None else 100 * _spread(linear, posterior)
    names = [(PUBLISHED_FROM + t, name) for t in range(len(told)) for name in m.OFFICIAL]
    names += [(PUBLISHED_FROM + t, "total") for t in range(len(told))]
    return [
        Row(kind, left_out, year, name, np.exp(linear.told[i]), np.exp(linear.expected[i]),
            None if error is None else error[i], SOURCES["stocks"])
        for i, (year, name) in enumerate(names)
    ]  # fmt: skip


def of_years(begin: Fit) -> list[Row]:
    """Return emigrations and net migration of years that a fit has not seen."""
    fitted = fit(Plan(without_years=YEARS_LEFT_OUT), rounds=ROUNDS, begin=begin,
                 seeds=SEEDS_OF_PARTS)  # fmt: skip
    record, left_out = published(), " and ".join(map(str, sorted(YEARS_LEFT_OUT)))
    flows = [flow for flow in record.flows if flow.year in YEARS_LEFT_OUT]
    found = list(of_flows("years", left_out, flows, fitted))
    nets = [net for net in record.net if net.year in YEARS_LEFT_OUT]
    linear = net_migration(fitted.history, nets)
    error = 100 * _spread(linear, fitted.posterior) / linear.expected
    for i, net in enumerate(nets):
        found.append(Row("years", left_out, net.year, "net migration", net.persons,
                         linear.expected[i], error[i], SOURCES["net"]))  # fmt: skip
    return found


def of_citizens(begin: Fit, citizens: str) -> list[Row]:
    """Return the emigrations of a citizenship whose separate figures a fit has not seen."""
    plan = Plan(without_citizens=frozenset({citizens}))
    fitted = fit(plan, rounds=ROUNDS, begin=begin, seeds=SEEDS_OF_PARTS)
    unseen = set(published().flows) - set(plan.flows(published()))
    mine = sorted(unseen, key=lambda flow: (flow.year, flow.citizens))
    return list(of_flows("citizens", citizens, mine, fitted))


def of_flows(kind: str, left_out: str, flows: list[Flow], fitted: Fit) -> Iterator[Row]:
    """Return emigrations by citizenship as a fit predicts them."""
    linear = emigrations(fitted.posterior.unknown, fitted.history, flows)
    error = 100 * _spread(linear, fitted.posterior, own=True)
    for i, flow in enumerate(flows):
        yield Row(kind, left_out, flow.year, " ".join(flow.citizens), flow.emigrations,
                  np.exp(linear.expected[i]), error[i], SOURCES["flows"])  # fmt: skip


def of_groups(history: History) -> list[Row]:
    """Return rates by country group, in percent; the article counts newcomers in as well."""
    rates = 100 * history.rates_by_group
    return [Row("groups", "country groups", year, name, told, rates[t, group], None,
                SOURCES["groups"])
            for group, (name, told) in ARTICLE.items() for t, year in enumerate(LIVED)]  # fmt: skip


def _spread(linear: Linear, posterior: Posterior, *, own: bool = False) -> Floats:
    """Return the standard errors of predictions: of the fit, and if asked of the figure itself."""
    slopes = linear.slopes
    variance = np.einsum("ij,jk,ik->i", slopes, posterior.covariance, slopes)
    return np.asarray(np.sqrt(variance + own * np.diag(linear.covariance)))


def write(path: Path, rows: Iterable[Row]) -> None:
    """Write the table."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for row in rows:
            digits = 2 if row.kind == "groups" else 0
            error = "" if row.error is None else f"{row.error:.1f}"
            writer.writerow([row.kind, row.left_out, row.year, row.what, f"{row.told:.{digits}f}",
                             f"{row.found:.{digits}f}", f"{row.off:.2f}", error,
                             row.source])  # fmt: skip


def summary(rows: Iterable[Row]) -> Iterator[str]:
    """Say for every kind how far off predictions are: the mean, and the worst."""
    kinds: dict[tuple[str, str, str], list[Row]] = {}
    for row in rows:
        what = row.what if row.kind in ("stocks", "shipped", "groups") else "all figures"
        kinds.setdefault((row.kind, row.left_out, what), []).append(row)
    for (kind, left_out, what), mine in kinds.items():
        off = [abs(row.off) for row in mine]
        worst = mine[int(np.argmax(off))]
        yield (f"{kind}, without {left_out}, {what}: off by {np.mean(off):.1f} percent on average, "
               f"most in {worst.year} ({worst.off:+.1f})")  # fmt: skip


def page_tables(rows: list[dict[str, str]]) -> Iterator[str]:
    """Return the lines of the tables that docs/calibration.md shows, from the table written."""
    what = [*m.OFFICIAL, "total"]
    for kind in ("stocks", "shipped"):
        yield f"| 1 January | {' | '.join(name.replace('_', ' ') for name in what)} |"
        yield "| --- |" + " ---: |" * len(what)
        off = {(row["year"], row["what"]): float(row["percent_off"])
               for row in rows if row["kind"] == kind}  # fmt: skip
        for year in sorted({year for year, _ in off}):
            yield f"| {year} | " + " | ".join(f"{off[year, name]:+.1f}" for name in what) + " |"
    yield "| left out | predicted | told | found | off, percent | standard error, percent |"
    yield "| --- | --- | ---: | ---: | ---: | ---: |"
    for row in rows:
        if row["kind"] in ("years", "citizens"):
            name = f"{row['what'].replace('_', ' ')} {row['year']}"
            told, found = int(row["told"]), int(row["found"])
            yield (f"| {row['left_out'].replace('_', ' ')} | {name} | {told:,} | {found:,} | "
                   f"{float(row['percent_off']):+.1f} | {row['std_error_percent']} |")  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
