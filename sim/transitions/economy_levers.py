"""Levers of the economy: unemployment and income ratios, by the names that scenarios use."""

from collections.abc import Iterable, Iterator

from sim.economy import FIRST, LAST, LIMITS, SERIES, Economy, fitted_range, is_ratio
from sim.transitions.levers import Change, Lever

ALL_RATIOS = "income_ratio"


def name_of(series: str) -> str:
    """Return the lever of a series: unemployment_norway is unemployment.norway."""
    what, _, where = series.rpartition("_")
    return f"{what}.{where}"


SERIES_OF: dict[str, tuple[str, ...]] = {name_of(series): (series,) for series in SERIES}
SERIES_OF[ALL_RATIOS] = tuple(filter(is_ratio, SERIES))


def _levers() -> Iterator[Lever]:
    for name, series in SERIES_OF.items():
        low, high = LIMITS[series[0]]
        _, _, where = name.partition(".")
        if name == ALL_RATIOS:
            meaning = "GDP per head of Norway over that of every country group, at PPP"
            yield Lever(name, "ratio", meaning, low, high)
        elif is_ratio(series[0]):
            meaning = f"GDP per head of Norway over that of country {where}, at PPP"
            yield Lever(name, "ratio", meaning, low, high, fitted_range(series[0]))
        else:
            who = "Norway" if where == "norway" else f"country {where}"
            meaning = f"unemployment of {who}, of the labour force"
            yield Lever(name, "percent", meaning, low, high, fitted_range(series[0]))


LEVERS = tuple(_levers())


def altered(economy: Economy, changes: Iterable[Change]) -> Economy:
    """Return the economy as a scenario alters it; what it says of 2060 holds ever after."""
    for change in changes:
        for series in SERIES_OF.get(change.lever, ()):
            first, last = max(change.first, FIRST), min(change.last, LAST)
            if first <= last:
                economy = economy.changed(series, first, last, change.kind, change.number)
    return economy
