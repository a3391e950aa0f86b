"""Whom a question means: the conditions of a `Whom` as classes of counted dimensions.

Three reports, three ways to count years: of the 2016 report age and stay are those of 31
December before the year, of the other two those of 31 December of the year (calendar year
less the year of birth, or of first immigration).
"""

from collections.abc import Iterable, Mapping

import numpy as np

from runs.validation.collected import ABSENCE, FATES, LARGEST_FAMILY, PARTS
from runs.validation.counting import VALUES, Dimension, Mask, grouped, plain
from runs.validation.dimensions import COUNTIES
from runs.validation.quantity import Whom
from sim.codes import (
    BACKGROUND,
    COUNTRY_GROUP,
    DESTINATION,
    EDUCATION,
    ORIGIN,
    ORIGIN_COUNTRY_GROUP,
    REASON,
    SEX,
    SPONSOR_REASON,
    STATUS,
    CodeList,
)

GROUPS: Mapping[str, tuple[str, ...]] = {
    "immigrants": ("adult_arrival", "child_arrival"),
    "immigrants_10plus": ("adult_arrival",),
    "child_arrival_0_9": ("child_arrival",),
    "norwegian_born_2ip": ("norwegian_born",),
    "descendants": ("child_arrival", "norwegian_born"),
}
SEXES = {"women": "female", "men": "male"}
SCHOOLS = {
    "unknown": ("none",), "primary": ("compulsory",),
    "secondary": ("upper_secondary_basic", "upper_secondary"),
    "tertiary_short": ("tertiary_short",), "tertiary_long": ("tertiary_long",),
}  # fmt: skip
DEGREES = {
    "bachelor_plus": ("tertiary_short", "tertiary_long"),
    "no_degree": ("none", "compulsory", "upper_secondary_basic", "upper_secondary"),
}
KINDS = {"all": PARTS, "mixed": PARTS[1:], **{part: (part,) for part in PARTS}}
DURATIONS = {"over_10": "11+"}
AGE_STARTS = (0, 7, 15, 18, 20, 25, 35, 36, 62, 63, 71, 75)  # every band of the reports is of these
STAY_STARTS = (0, 3, 6, 11, 16)
LONGEST = 120  # years; whoever has more counts as having so many
YEARS_OF = {"age": ("age", AGE_STARTS), "duration": ("stay", STAY_STARTS)}
JANUARY, DECEMBER = 1, 0  # what is taken off an age of 31 December of the year


def _year_dimensions() -> Iterable[Dimension]:
    for when, later in (("january", JANUARY), ("december", DECEMBER)):
        for name, (column, starts) in YEARS_OF.items():
            yield grouped(f"{name}_{when}", column, starts, later)
            yield grouped(f"{name}_{when}_single", column, range(LONGEST + 1), later)


def _of_country_group() -> Dimension:
    groups = np.array(ORIGIN_COUNTRY_GROUP, dtype=np.uint8)
    return Dimension("country_group", "origin", np.resize(groups, VALUES))


DIMENSIONS: tuple[Dimension, ...] = (
    plain("background", len(BACKGROUND)),
    plain("reason", len(REASON)),
    *_year_dimensions(),
    plain("sex", len(SEX)),
    _of_country_group(),
    plain("origin", len(ORIGIN)),
    plain("sponsor_reason", len(SPONSOR_REASON)),
    plain("education", len(EDUCATION)),
    plain("status", len(STATUS)),
    plain("centrality", 4),
    plain("county", len(COUNTIES)),
    plain("family", len(PARTS) * LARGEST_FAMILY),
    plain("destination", len(DESTINATION)),
)
FATE = plain("fate", len(FATES))
ABSENT = plain("absence", len(ABSENCE))
SIZE_OF = {one.name: one.size for one in DIMENSIONS}


class CannotTellError(LookupError):
    """A history holds nothing of what is asked for."""


def conditions(whom: Whom, *, later: int) -> dict[str, Mask]:
    """Return the classes that a filter allows, by dimension; refuse what nobody here can be.

    later: JANUARY for ages and stays of 31 December before, DECEMBER for those of the year.
    """
    if whom.group not in GROUPS:
        raise CannotTellError(f"the model follows no persons of the group {whom.group}")
    found = {"background": _among(BACKGROUND, GROUPS[whom.group])}
    for name, codes in whom.given.items():
        dimension, mask = _condition(name, codes, later)
        found[dimension] = found[dimension] & mask if dimension in found else mask
    return found


def _condition(name: str, codes: tuple[str, ...], later: int) -> tuple[str, Mask]:
    """Return one condition: the dimension that holds it, and the classes that fulfil it."""
    if name in YEARS_OF:
        return _of_years(name, codes, later)
    if name in LOOKED_UP:
        dimension, known, list_of = LOOKED_UP[name]
        return dimension, _among(list_of, [n for code in codes for n in _known(known, code, name)])
    if name in PLAIN:
        return PLAIN[name][0], _among(PLAIN[name][1], [_one(PLAIN[name][1], c) for c in codes])
    if name == "family_type":
        parts = {part for code in codes for part in _known(KINDS, code, name)}
        return "family", np.repeat([part in parts for part in PARTS], LARGEST_FAMILY)
    if name == "family_size":
        sizes = np.zeros(LARGEST_FAMILY, dtype=np.bool_)
        for code in codes:
            low, high = span(code)
            if LARGEST_FAMILY <= high < VALUES or low > LARGEST_FAMILY:
                raise CannotTellError(f"families of {code}")
            sizes[low - 1 : high] = True
        return "family", np.tile(sizes, len(PARTS))
    raise CannotTellError(f"the model has no {name}")


def _of_years(name: str, codes: tuple[str, ...], later: int) -> tuple[str, Mask]:
    """Return bands of years, in the coarse classes if they are made of these."""
    single = np.zeros(LONGEST + 1, dtype=np.bool_)
    for code in codes:
        low, high = span(DURATIONS.get(code, code))
        single[low : high + 1] = True
    starts = YEARS_OF[name][1]
    dimension = f"{name}_{'january' if later else 'december'}"
    edges = np.flatnonzero(np.diff(single.astype(np.int8))) + 1
    if set(edges.tolist()) <= set(starts):
        return dimension, single[list(starts)]
    return f"{dimension}_single", single


def span(code: str) -> tuple[int, int]:
    """Return the lowest and the highest number of a band: 18-34, 71+ or 20."""
    low, _, high = code.partition("-")
    try:
        if code.endswith("+"):
            return int(code[:-1]), VALUES
        return int(low), int(high or low)
    except ValueError:
        raise CannotTellError(f"the band {code!r}") from None


def _among(codes: CodeList | tuple[str, ...], wanted: Iterable[str]) -> Mask:
    names = codes.names if isinstance(codes, CodeList) else codes
    chosen = set(wanted)
    return np.array([name in chosen for name in names])


def _known(known: Mapping[str, tuple[str, ...]], code: str, name: str) -> tuple[str, ...]:
    if code not in known:
        raise CannotTellError(f"{name} {code}")
    return known[code]


def _one(codes: CodeList | tuple[str, ...], code: str) -> str:
    names = codes.names if isinstance(codes, CodeList) else codes
    if code not in names:
        raise CannotTellError(f"the code {code}")
    return code


# Fields whose codes stand for one or more codes of the model.
LOOKED_UP: Mapping[str, tuple[str, Mapping[str, tuple[str, ...]], CodeList]] = {
    "sex": ("sex", {code: (name,) for code, name in SEXES.items()}, SEX),
    "education": ("education", SCHOOLS, EDUCATION),
    "education2": ("education", DEGREES, EDUCATION),
    "country_group": (
        "country_group", {f"cg{name}": (name,) for name in COUNTRY_GROUP.names}, COUNTRY_GROUP),
}  # fmt: skip
# Fields whose codes are those of the model.
PLAIN: Mapping[str, tuple[str, CodeList | tuple[str, ...]]] = {
    "reason": ("reason", REASON),
    "origin": ("origin", ORIGIN),
    "labour_status": ("status", STATUS),
    "centrality": ("centrality", ("1", "2", "3", "4")),
    "county": ("county", COUNTIES),
    "sponsor_reason": ("sponsor_reason", SPONSOR_REASON),
    "destination": ("destination", DESTINATION),
}
