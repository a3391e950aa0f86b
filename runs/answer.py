"""The answer of a run in a few sentences, every number with its interval where one exists.

Differences and shares are taken within each history first, so that their intervals are
their own. Numbers are rounded to what their interval can tell: 23,873 with an interval of
23,412 to 24,331 reads '23,900 (23,400 to 24,300)'.
"""

import math

import numpy as np

from runs.tables import Estimate, Floats, Histories, interval, percent

PEOPLE = {
    "work": "labour immigrants",
    "refuge": "refugees",
    "family": "family immigrants",
    "education": "education immigrants",
    "nordic": "Nordic immigrants",
    "unknown": "immigrants whose reason is unknown",
}
PERCENT = "\N{NO-BREAK SPACE}%"
ADDING = {"arrive", "return", "birth"}
FEWEST = 100.0  # exposed persons in every history below which a group's rate is not singled out


def answer(total: Histories, by_reason: Histories | None = None) -> list[str]:
    """Return the sentences: level, trend, largest group, risks and moves; none that is empty."""
    if not len(total.years):
        return ["The run holds no year of events; there is nothing to tell."]
    at = focus(total)
    sentences = [_level(total, at), _trend(total, at)]
    if by_reason is not None:
        sentences += [_largest(by_reason, at), _riskiest(by_reason, at)]
    return [sentence for sentence in (*sentences, _moves(total, at)) if sentence]


def focus(total: Histories) -> int:
    """Return which year the answer is about: the last, or the first if nobody is ever added.

    A closed group says most about the year it was chosen for; later it is what is left of it.
    """
    return -1 if ADDING & set(total.events) else 0


def told(estimate: Estimate, unit: str = "", *, signed: bool = False, name: str = "") -> str:
    """Return '23,900 (23,400 to 24,300)'; `name` says before the interval what it is."""
    mean, span = rounded(estimate, rate=unit == PERCENT, signed=signed)
    return f"{mean}{unit} ({name}{span})" if span else f"{mean}{unit}"


def rounded(estimate: Estimate, *, rate: bool, signed: bool = False) -> tuple[str, str]:
    """Return the mean and the interval, '' if there is none, rounded to what it can tell."""
    most = 2 if rate else 1  # decimals
    half = (estimate.high - estimate.low) / 2
    if not half > 0:
        return number(estimate.mean, most if rate or estimate.mean % 1 else 0, signed=signed), ""
    digits = min(-math.floor(math.log10(half / 2)), most)
    mean, low, high = (
        number(value, digits, signed=signed)
        for value in (estimate.mean, estimate.low, estimate.high)
    )
    return mean, f"{low} to {high}"


def number(value: float, digits: int, *, signed: bool = False) -> str:
    """Return a number with thousands separated and a true minus; negative digits round it off."""
    value = round(value, digits) + 0.0  # + 0.0 turns a negative zero into zero
    text = f"{value:{'+' if signed else ''},.{max(digits, 0)}f}"
    return text.replace("-", "\N{MINUS SIGN}")


def _level(total: Histories, at: int) -> str:
    year, exposed = total.years[at], total.exposed[:, at, 0]
    count = total.count("emigrate")[:, at, 0]
    runs = f"{len(count)} replicates" if len(count) > 1 else "one replicate, hence no interval"
    if not exposed.any():
        return f"Nobody is exposed to emigration in {year} ({runs})."
    if not count.any():
        return f"In {year} nobody emigrates in the model ({runs})."
    over = f"95{PERCENT} interval over {len(count)} replicates: "
    expected = told(interval(count, floor=0), " emigrations", name=over)
    rate = told(interval(percent(count, exposed), floor=0, ceiling=100), PERCENT)
    alone = "" if len(count) > 1 else f" ({runs})"
    return f"In {year} the model expects {expected}{alone}, {rate} of those resident on 1 January."


def _trend(total: Histories, at: int) -> str:
    count = total.count("emigrate")[:, :, 0]
    if len(total.years) < 2 or not count.any():
        return ""
    start, year = total.years[0], total.years[-1]
    if at == 0:
        left = told(interval(count[:, -1], floor=0), " emigrations")
        return (
            f"Nobody is added to the group of {start}: by {year} it expects {left} of those who "
            "are still there, who have stayed longer and grown older. That is no forecast of all "
            "emigrations in that year."
        )
    change = _change(count[:, 0], count[:, -1], start)
    peak = int(count.mean(axis=0).argmax())
    if total.years[peak] in (start, year):
        return f"{change}."
    most = told(interval(count[:, peak], floor=0))
    return f"{change}; most emigrations fall in {total.years[peak]}, {most}."


def _change(before: Floats, after: Floats, start: int) -> str:
    change = interval(after - before)
    if not change.mean and not change.sd > 0:
        return f"That is as many as in {start}"
    if change.low <= 0 <= change.high:
        return (
            f"The difference from {start}, {told(change, signed=True)}, "
            "is within what chance alone can make"
        )
    size = interval(np.sign(change.mean) * (after - before))
    text = f"That is {told(size)} {'fewer' if change.mean < 0 else 'more'} than in {start}"
    if (before > 0).all():
        text += f", a change of {told(interval(100 * (after / before - 1)), PERCENT, signed=True)}"
    return text


def _largest(by_reason: Histories, at: int) -> str:
    count = by_reason.count("emigrate")[:, at]
    if not count.any() or count.shape[1] < 2:
        return ""
    group = int(count.mean(axis=0).argmax())
    people = _people(by_reason, group)
    share = interval(percent(count[:, group], count.sum(axis=1)), floor=0, ceiling=100)
    return (
        f"{people[:1].upper()}{people[1:]} are the largest group that emigrates in "
        f"{by_reason.years[at]}: "
        f"{told(interval(count[:, group], floor=0))}, or {told(share, PERCENT)} of all."
    )


def _riskiest(by_reason: Histories, at: int) -> str:
    exposed, count = by_reason.exposed[:, at], by_reason.count("emigrate")[:, at]
    groups = [g for g in range(exposed.shape[1]) if exposed[:, g].min() >= FEWEST]
    if len(groups) < 2 or not count.any():
        return ""
    rates = percent(count, exposed)
    found = {group: interval(rates[:, group], floor=0, ceiling=100) for group in groups}
    highest, lowest = (pick(groups, key=lambda g: found[g].mean) for pick in (max, min))
    return (
        f"The yearly risk is highest among {_people(by_reason, highest)}, "
        f"{told(found[highest], PERCENT)}, and lowest among {_people(by_reason, lowest)}, "
        f"{told(found[lowest], PERCENT)}."
    )


def _moves(total: Histories, at: int) -> str:
    year, count = int(total.years[at]), total.count("domestic")[:, at, 0]
    movers = f"{told(interval(count, floor=0))} move" if count.any() else "nobody moves"
    text = f"Inside Norway {movers} to another centrality level in {year}"
    held = dict(zip(total.stock_years.tolist(), total.stock[:, :, 0].T, strict=True))
    if year in held and year + 1 in held:
        before, after = (told(interval(held[y], floor=0)) for y in (year, year + 1))
        path = f"stays at {before}" if before == after else f"goes from {before} to {after}"
        text += f"; during that year the population followed {path}"
    return f"{text}."


def _people(by_reason: Histories, group: int) -> str:
    code = by_reason.groups[group][0]
    return PEOPLE.get(code, f"persons with reason {code}")
