"""The answer of a comparison in a few sentences: how much, for whom and why.

Every number is B less A, with the interval of the expected difference (runs/differences.py).
Where the interval holds 0 the sentence says so, and claims no difference.
"""

import math
from collections.abc import Iterator

import numpy as np

from runs.answer import PEOPLE, PERCENT, told
from runs.differences import MEASURES, Comparison, Difference
from runs.intervals import Estimate
from runs.matching import EXPLAINED, FIRST_CELL, MECHANISMS, OTHER_GROUP
from runs.tables import CODE_LISTS

ALL_YEARS = -1  # as Differences.at calls them
COMING = ("arrivals", "returns", "births")
MOST = 0.5  # a mechanism with more of the difference than this is named in the first sentence
FEW_TIMES = 10  # shared luck that gains less is said to gain little
FEWEST_ALIKE = 5  # replicates; fewer that differ by the same number may do so by chance
BECAUSE = {
    "composition": "other people live in Norway on 1 January",
    "employment": "people's labour-market status is another",
    "circumstances": "people's education, families or places are others",
    "direct": "people in the same situation decide otherwise",
}
PLURAL = {
    "emigrations": "emigrations of immigrants",
    "domestic_moves": "moves of immigrants to another centrality level",
    "returns": "returns of immigrants",
}


def answer(found: Comparison, labels: tuple[str, str]) -> list[str]:
    """Return the sentences, the answer first."""
    if nothing(found):
        return [_nothing(found, labels)]
    year = found.every_year[focus(found)]
    return [
        f"With {labels[1]} instead of {labels[0]}, {_emigrations(found, year)}.",
        *_expected(found, year),
        *_gross(found, year),
        *_together(found),
        *_by_reason(found, year),
        *_others(found, year),
        *_gain(found),
    ]


def nothing(found: Comparison) -> bool:
    """Return whether nothing differs at all."""
    if found.reasons is not None:
        return not found.reasons.changed
    mean, low, high = found.differences.values[2:5]
    spread = np.nan_to_num(high) - np.nan_to_num(low)
    return found.paired and not np.nan_to_num(mean).any() and not spread.any()


def focus(found: Comparison) -> int:
    """Return which year the answer is about: the last, or the first if nobody is ever added."""
    coming = [MEASURES.index(measure) for measure in COMING]
    come = (found.differences.values[:2, ALL_YEARS, coming] > 0).any()
    return len(found.every_year) - 1 if come else 0


def _nothing(found: Comparison, labels: tuple[str, str]) -> str:
    runs = f"{found.replicates} replicates" if found.replicates > 1 else "the replicate"
    who = "everybody does" if found.reasons is not None else "every count is"
    first, last = found.years
    years = f"{first}-{last}" if first < last else str(first)
    said = f"in {runs} of {years} {who} the same with {labels[1]} as with {labels[0]}."
    expected = found.differences.at(ALL_YEARS, "expected_emigrations").mean
    if not expected or math.isnan(expected):
        return f"Nothing differs: {said}"
    return (f"Nobody does anything else: {said} By everybody's chances on 1 January emigrations "
            f"differ by {expected:+.2g} in {years}.")  # fmt: skip


def _emigrations(found: Comparison, year: int) -> str:
    y = year - found.years[0]
    one = found.differences.at(y, "emigrations")
    text = f"{PLURAL['emigrations']} in {year} are {size(one, word='95' + PERCENT + ' interval ')}"
    if found.replicates == 1:
        return f"{text} in the one replicate that was lived, which tells no interval"
    if not certain(one):
        return _by_chances(found, year, f"they are {size(one)}") or text
    if not math.isnan(one.percent):
        text += f", a change of {relative(one)}"
    why = _main_reason(found, y, one)
    return f"{text}, mostly because {why}" if why else text


def _by_chances(found: Comparison, year: int, counted: str) -> str:
    """Say that chances tell a difference where counts do not; nothing if they do not either."""
    one = found.differences.at(year - found.years[0], "expected_emigrations")
    if math.isnan(one.mean) or not certain(one):
        return ""
    sure = size(one, word="95" + PERCENT + " interval ")
    return (f"emigrations of immigrants in {year} are expected to be {sure} by everybody's chances "
            f"on 1 January; as counted, {counted}")  # fmt: skip


def _expected(found: Comparison, year: int) -> Iterator[str]:
    """Say what 1 January lets expect, which the luck of the year leaves alone."""
    y = year - found.years[0]
    one = found.differences.at(y, "expected_emigrations")
    counts_tell = certain(found.differences.at(y, "emigrations")) or found.replicates == 1
    if not math.isnan(one.mean) and (counts_tell or not certain(one)):
        yield f"By everybody's chances on 1 January {year}, they are {size(one)}."


def certain(one: Difference) -> bool:
    """Return whether there is a difference: one whose interval does not hold 0.

    A few replicates that differ by the very same number leave an interval of no width, by chance.
    """
    if one.replicates < 2 or math.isnan(one.low):
        return one.mean != 0
    if one.low == one.high:
        return one.mean != 0 and one.replicates >= FEWEST_ALIKE
    return one.low > 0 or one.high < 0


def size(one: Difference, *, word: str = "", stock: bool = False) -> str:
    """Return '1,240 fewer (1,180 to 1,300)', or that the interval holds 0."""
    if not one.mean and not one.high > one.low:
        return "as many"
    if not certain(one):
        found = told(estimate(one), signed=True, name=word, stock=stock)
        if one.low == one.high:
            return f"{found} in each of {one.replicates} replicates, too few to tell"
        return f"not clearly more or fewer: the interval of the difference, {found}, holds 0"
    return told(estimate(one, sign=math.copysign(1.0, one.mean)),
                " fewer" if one.mean < 0 else " more", name=word, stock=stock)  # fmt: skip


def relative(one: Difference) -> str:
    """Return the difference in percent of A, with its interval."""
    values = one.percent, one.percent_low, one.percent_high
    return told(Estimate(values[0], math.nan, *values[1:], one.replicates), PERCENT, signed=True)


def estimate(one: Difference, sign: float = 1.0) -> Estimate:
    """Return a difference, or its opposite, as an estimate."""
    low, high = sorted((sign * one.low, sign * one.high))
    return Estimate(sign * one.mean, math.nan, low, high, one.replicates)


def _main_reason(found: Comparison, y: int, one: Difference) -> str:
    """Return the mechanism that makes most of the difference, in words, if there is one."""
    if found.reasons is None:
        return ""
    net = found.reasons.net[y, list(EXPLAINED).index("emigrate"), :OTHER_GROUP, 0]
    top, whole = int(np.abs(net).argmax()), np.abs(net).sum()
    if not whole > 0 or abs(net[top]) <= MOST * whole or net[top] * one.mean < 0:
        return ""
    return BECAUSE[MECHANISMS[top]]


def _gross(found: Comparison, year: int) -> Iterator[str]:
    """Say how many leave in one world only, and what the mechanisms make of the difference."""
    if found.reasons is None:
        return
    y, e = year - found.years[0], list(EXPLAINED).index("emigrate")
    only_a, only_b = found.reasons.who[y, e, :OTHER_GROUP, :, 0].sum(axis=0)
    yield (
        f"Immigrants who emigrate in {year} with B and not with A: {only_b:,.0f}; "
        f"with A and not with B: {only_a:,.0f} (means over replicates)."
    )
    parts = []
    for m, name in enumerate(MECHANISMS[:OTHER_GROUP]):
        values = (of[y, e, m, 0] for of in
                  (found.reasons.net, found.reasons.low, found.reasons.high))  # fmt: skip
        mean, low, high = map(float, values)
        if mean or high > low:
            part = Estimate(mean, math.nan, low, high, found.replicates)
            parts.append(f"{told(part, signed=True)} {name}")
    if parts:
        yield f"By mechanism the difference is {'; '.join(parts)}."


def _together(found: Comparison) -> Iterator[str]:
    first, last = found.years
    one = found.differences.at(ALL_YEARS, "emigrations")
    if first < last:
        yield f"In the years {first}-{last} together, emigrations are {size(one)}."


def _by_reason(found: Comparison, year: int) -> Iterator[str]:
    """Name the reason for immigration that makes most of the difference."""
    y = year - found.years[0]
    ones = {code: found.differences.at(y, "emigrations", FIRST_CELL["reason"] + k)
            for k, code in enumerate(CODE_LISTS["reason"].names)}  # fmt: skip
    sure = {code: one for code, one in ones.items() if certain(one) and one.mean}
    if sure:
        code = max(sure, key=lambda name: abs(sure[name].mean))
        share = f", {relative(sure[code])}" if not math.isnan(sure[code].percent) else ""
        found_most = f"{PEOPLE[code]}: {size(sure[code])}{share}"
        yield f"The largest clear difference by reason is that of {found_most}."


def _others(found: Comparison, year: int) -> Iterator[str]:
    """Tell of moves, returns, and of how many live in Norway in the end."""
    y = year - found.years[0]
    for measure in ("domestic_moves", "returns"):
        one = found.differences.at(y, measure)
        if one.a or one.b:
            text = PLURAL[measure]
            yield f"{text[:1].upper()}{text[1:]} in {year} are {size(one)}."
    last = len(found.every_year)
    one = found.differences.at(last, "stock")
    yield f"On 1 January {found.years[1] + 1} immigrants in Norway are {size(one, stock=True)}."


def _gain(found: Comparison) -> Iterator[str]:
    """Say what shared luck is worth."""
    if not found.paired:
        yield "Luck is not shared between A and B, so only large differences can be seen."
        return
    gain, expected = (_usual_gain(found, name) for name in ("emigrations", "expected_emigrations"))
    if math.isnan(gain) or found.replicates < FEWEST_ALIKE:
        return
    text = (f"Without shared luck, the same precision of the mean would take about {gain:,.0f} "
            "times as many replicates")  # fmt: skip
    if not math.isnan(expected):
        yield f"{text}, and about {expected:,.0f} times as many to know it as well as by chances."
    else:
        yield f"{text}." if gain >= FEW_TIMES else f"{text}: they differ much, so it helps little."


def _usual_gain(found: Comparison, measure: str) -> float:
    """Return the median of the years, since each is known roughly; nan if none is."""
    years = range(len(found.every_year))
    gains = [found.differences.at(y, measure).gain for y in years]
    known = [gain for gain in gains if math.isfinite(gain)]
    return float(np.median(known)) if known else math.nan


assert set(PLURAL) <= set(MEASURES)
