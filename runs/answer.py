"""The answer of a run in a few sentences, every number with its interval where one exists.

Differences and shares are taken within each history first, so that their intervals are
their own. Numbers are rounded to what their interval can tell: 23,873 with an interval of
23,412 to 24,331 reads '23,900 (23,400 to 24,300)'; numbers below 1,000 are whole at least.
A group is called the largest only where chance could not have put another one first. All
is about immigrants; Norwegian-born persons, whom the models do not describe, get a sentence.
"""

import math
from collections.abc import Mapping

import numpy as np

from runs.intervals import Estimate, Floats, whole_percents
from runs.tables import Histories, percent

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
IMMIGRANTS = " immigrants"
CLOSE = "too close to tell apart"
MOST_NAMED = 3  # groups told with their numbers where they are too close to tell apart
FEW = range(2, 5)  # replicates whose interval is very wide
WHOLE = 1_000.0  # numbers below are never rounded to tens
WHOLE_STOCK = 10_000.0  # nor populations below this
FEWEST = 100.0  # exposed persons in every history below which a group's rate is not singled out


def answer(
    total: Histories,
    by_reason: Histories | None = None,
    base: str = "",
    born: Mapping[tuple[str, int], Estimate] | None = None,
    only_children: bool = False,
) -> list[str]:
    """Return the sentences: level, trend, largest group, risks and moves; none that is empty.

    base: the name of the scenario that this one is based on, if any.
    born: of Norwegian-born persons, by measure and year, if there are any.
    only_children: those of 15 or more stay by assumption.
    """
    if not total.exposed.size:
        return ["The run holds no year of events; there is nothing to tell."]
    at = focus(total)
    sentences = [_level(total, at), _split(total, at), _trend(total, at)]
    if by_reason is not None:
        sentences += [_largest(by_reason, at), _riskiest(by_reason, at)]
    sentences += [_moves(total, at), _born(born or {}, int(total.years[at]), only_children)]
    sentences += [_reservation(total, at), _alone(base)]
    return [sentence for sentence in sentences if sentence]


def focus(total: Histories) -> int:
    """Return which year the answer is about: the last, or the first if nobody is ever added.

    A closed group says most about the year it was chosen for; later it is what is left of it.
    """
    return 0 if closed(total) else -1


def closed(total: Histories) -> bool:
    """Return whether nobody is ever added to those resident on the first 1 January."""
    return not ADDING & set(total.events)


def followed(total: Histories, source: str = "") -> str:
    """Say whom a run without arrivals follows; '' if people are added or there is no year."""
    if not total.exposed.size or not closed(total):
        return ""
    synthetic = any(word in source.lower() for word in ("synthetic", "embedded"))
    return (
        f"Only those resident on 1 January {total.years[0]} are followed; nobody is added."
        f"{' Synthetic persons.' if synthetic else ''}"
    )


def told(
    estimate: Estimate,
    unit: str = "",
    *,
    signed: bool = False,
    name: str = "",
    stock: bool = False,
) -> str:
    """Return '23,900 (23,400 to 24,300)'; `name` says before the interval what it is."""
    mean, span = rounded(estimate, rate=unit == PERCENT, signed=signed, stock=stock)
    return f"{mean}{unit} ({name}{span})" if span else f"{mean}{unit}"


def rounded(
    estimate: Estimate, *, rate: bool, signed: bool = False, stock: bool = False
) -> tuple[str, str]:
    """Return the mean and the interval, '' if there is none, rounded to what it can tell.

    Where any of the three is below 1,000, in a population 10,000, none is rounded to tens, and
    none that is above or below 0 is rounded to 0 if a decimal more can tell.
    """
    most = 2 if rate else 0 if stock else 1  # decimals
    half = (estimate.high - estimate.low) / 2
    if not half > 0:
        return number(estimate.mean, most if rate or estimate.mean % 1 else 0, signed=signed), ""
    digits = min(-math.floor(math.log10(half / 2)), most)
    three = estimate.mean, estimate.low, estimate.high
    if min(map(abs, three)) < (WHOLE_STOCK if stock else WHOLE):
        digits = max(digits, 0)
    while digits < most and any(value and not round(value, digits) for value in three):
        digits += 1
    mean, low, high = (number(value, digits, signed=signed) for value in three)
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
        return f"No immigrant is exposed to emigration in {year} ({runs})."
    if not count.any():
        return f"In {year} no immigrant emigrates in the model ({runs})."
    over = f"95{PERCENT} interval over {len(count)} replicates: "
    expected = told(total.interval(count, floor=0), " emigrations of immigrants", name=over)
    rate = told(total.interval(percent(count, exposed), floor=0, ceiling=100), PERCENT)
    alone = "" if len(count) > 1 else f" ({runs})"
    return (
        f"In {year} the model expects {expected}{alone}, {rate} of the immigrants resident on "
        "1 January."
    )


def _split(total: Histories, at: int) -> str:
    """Say where the width of the first interval comes from, if more than chance is in it."""
    found = total.interval(total.count("emigrate")[:, at, 0])
    if not any(total.sharing.drawn) or not found.is_split:
        return ""
    return f"Of the variance between histories behind this interval about {split_in_words(found)}."


def split_in_words(found: Estimate) -> str:
    """Return '60 % comes from the parameters, 30 % from the economy and 10 % from chance'."""
    percents = whole_percents(found.shares)
    parameters, economy, chance = (f"{share}{PERCENT}" for share in percents)
    return (
        f"{parameters} comes from the parameters, {economy} from the economy's paths and "
        f"{chance} from chance"
    )


def split_of_last(total: Mapping[tuple[str, str, int], Estimate], measure: str) -> str:
    """Say where the variance of the total in the last year of a measure comes from."""
    year = max((year for m, _, year in total if m == measure), default=0)
    found = total.get((measure, "", year))
    if found is None or not found.is_split:
        return ""
    return f"Of the variance of the total in {year} about {split_in_words(found)}."


def _trend(total: Histories, at: int) -> str:
    count = total.count("emigrate")[:, :, 0]
    if len(total.years) < 2 or not count.any():
        return ""
    start, year = total.years[0], total.years[-1]
    if at == 0:
        if not total.exposed[:, -1].any():
            return f"Nobody is added to the group of {start}, and by {year} nobody of it is left."
        left = told(total.interval(count[:, -1], floor=0), " emigrations")
        return (
            f"Nobody is added to the group of {start}: by {year} it expects {left} of those who "
            "are still there, who have stayed longer and grown older. That is no forecast of all "
            "emigrations in that year."
        )
    change = _change(total, count[:, 0], count[:, -1])
    peak = int(count.mean(axis=0).argmax())
    if total.years[peak] in (start, year):
        return f"{change}."
    most = told(total.interval(count[:, peak], floor=0))
    return f"{change}; most emigrations fall in {total.years[peak]}, {most}."


def _change(total: Histories, before: Floats, after: Floats) -> str:
    start, change = total.years[0], total.interval(after - before)
    if not change.mean and not change.sd > 0:
        return f"That is as many as in {start}"
    if change.low <= 0 <= change.high:
        return f"The difference from {start}, {told(change, signed=True)}, cannot be told from none"
    size = total.interval(np.sign(change.mean) * (after - before))
    text = f"That is {told(size)} {'fewer' if change.mean < 0 else 'more'} than in {start}"
    if (before > 0).all():
        part = total.interval(100 * (after / before - 1))
        text += f", a change of {told(part, PERCENT, signed=True)}"
    return text


def _largest(by_reason: Histories, at: int) -> str:
    count, year = by_reason.count("emigrate")[:, at], by_reason.years[at]
    groups = [g for g in range(count.shape[1]) if count[:, g].any()]
    if not groups or count.shape[1] < 2:
        return ""
    tied = _first(by_reason, count, groups, 1)
    people = _named(by_reason, tied)
    if len(tied) > MOST_NAMED:
        return f"Which group emigrates most in {year} cannot be told: {people} are {CLOSE}."
    people = people[:1].upper() + people[1:]
    found = [told(by_reason.interval(count[:, group], floor=0)) for group in tied]
    if len(tied) > 1:
        return f"{people}, {CLOSE}, emigrate most in {year}: {_listed(found)}."
    share = told(_share(by_reason, count[:, tied[0]], count.sum(axis=1)), PERCENT)
    return (
        f"{people} are the largest group that emigrates in {year}: {found[0]}, or {share} of all."
    )


def _share(of: Histories, part: Floats, whole: Floats) -> Estimate:
    """Return the share of the means, which is what the printed numbers give, and its interval."""
    share = of.interval(percent(part, whole), floor=0, ceiling=100)
    return share._replace(mean=100 * float(part.mean() / whole.mean()))


def _riskiest(by_reason: Histories, at: int) -> str:
    exposed, count = by_reason.exposed[:, at], by_reason.count("emigrate")[:, at]
    groups = [g for g in range(exposed.shape[1]) if exposed[:, g].min() >= FEWEST]
    if len(groups) < 2 or not count.any():
        return ""
    rates = percent(count, exposed)
    highest, lowest = (_first(by_reason, rates, groups, sign) for sign in (1, -1))
    if lowest[0] in highest:
        alike = _named(by_reason, highest)
        return f"Which group runs the highest yearly risk cannot be told: {alike} are {CLOSE}."
    if set(highest) & set(lowest):
        high, low = (_at_risk(by_reason, rates, tied[:1]) for tied in (highest, lowest))
        return f"The yearly risk among {high}, is above that among {low}; more cannot be told."
    high, low = (_at_risk(by_reason, rates, tied) for tied in (highest, lowest))
    return f"The yearly risk is highest among {high}, and lowest among {low}."


def _at_risk(by_reason: Histories, rates: Floats, tied: list[int]) -> str:
    rate = [
        told(by_reason.interval(rates[:, group], floor=0, ceiling=100), PERCENT) for group in tied
    ]
    found = f", {_listed(rate)}" if len(tied) <= MOST_NAMED else ""
    close = f", {CLOSE}" if len(tied) > 1 else ""
    return f"{_named(by_reason, tied)}{close}{found}"


def _first(of: Histories, values: Floats, groups: list[int], sign: int) -> list[int]:
    """Return the group with the largest mean (sign -1: smallest), then those it may tie with.

    Groups are compared within each history: the difference must have an interval above 0.
    One history alone says nothing of chance; there the first group is taken as it is.
    """
    ordered = sorted(groups, key=lambda g: -sign * values[:, g].mean())
    first = ordered[0]
    if len(values) == 1:
        return [first]
    ahead = {g: of.interval(sign * (values[:, first] - values[:, g])) for g in ordered[1:]}
    return [first, *(g for g, lead in ahead.items() if not lead.low > 0)]


def _named(by_reason: Histories, groups: list[int]) -> str:
    """Return 'labour and family immigrants', or 'refugees and Nordic immigrants'."""
    names = [_people(by_reason, group) for group in groups]
    if all(name.endswith(IMMIGRANTS) for name in names):
        return _listed([name.removesuffix(IMMIGRANTS) for name in names]) + IMMIGRANTS
    return _listed(names)


def _listed(words: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def _moves(total: Histories, at: int) -> str:
    year, count = int(total.years[at]), total.count("domestic")[:, at, 0]
    some = f"{told(total.interval(count, floor=0))} immigrants move"
    movers = some if count.any() else "no immigrant moves"
    text = f"Inside Norway {movers} to another centrality level in {year}"
    held = dict(zip(total.stock_years.tolist(), total.stock[:, :, 0].T, strict=True))
    if year in held and year + 1 in held:
        before, after = (population(total.interval(held[y], floor=0)) for y in (year, year + 1))
        path = f"stays at {before}" if before == after else f"goes from {before} to {after}"
        text += f"; during that year the number of immigrants {path}"
    return f"{text}."


def _born(found: Mapping[tuple[str, int], Estimate], year: int, only_children: bool) -> str:
    """Say what Norwegian-born persons do, who are in no other sentence."""
    measures = ("stock", "emigrations", "emigration_rate", "domestic_moves")
    if not all((measure, year) in found for measure in measures):
        return ""
    stock, gone, rate, moves = (found[measure, year] for measure in measures)
    if not stock.mean > 0:
        return ""
    by_rule = " Only children under 15 do so: the others stay by assumption."
    return (
        "Norwegian-born persons with two immigrant parents are counted apart: of "
        f"{population(stock)} on 1 January {year}, {told(gone)} emigrate, {told(rate, PERCENT)}, "
        f"and {told(moves)} move to another centrality level."
        f"{by_rule if only_children else ''}"
    )


def population(estimate: Estimate) -> str:
    """Return how many live in Norway, in whole persons."""
    return told(estimate, stock=True)


def _reservation(total: Histories, at: int) -> str:
    runs = len(total.stock)
    if runs not in FEW or not total.count("emigrate")[:, at].any():
        return ""
    return (
        f"The intervals rest on {runs} replicates only, so few that they are very wide; "
        "20 replicates or more make them narrower."
    )


def _alone(base: str) -> str:
    if not base:
        return ""
    return (
        f"This report shows this scenario alone; its base is {base}. "
        "Compare the two reports' numbers."
    )


def _people(by_reason: Histories, group: int) -> str:
    code = by_reason.groups[group][0]
    return PEOPLE.get(code, f"persons with reason {code}")
