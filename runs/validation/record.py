"""The published record: 561 patterns of three reports as data, and the clusters they form.

`patterns()` reads patterns.yaml. The fields of a pattern there:

    id: report, place, name; `source` says the table, figure or chapter, and the line of its text
    measure, whom, years: what is measured of whom (`quantity`); immigrants unless a group is given
    scope: each_year, one value a year; mean, of annual values; five_years, means of five years;
        pooled, all years as one; latest, the last year
    by, members: the variable whose codes are compared, and which of them (all, if not given);
        `names` says what members mean that are no codes
    each: the pattern is claimed for every combination of these codes; `skip` and `reversed` list
        those of which it is not claimed, or the opposite is
    of, of_group, of_destination: what makes 100 percent of a share: the same group, or of_group,
        with the variables of `of` alone
    term, model, controls: an effect in a linear or logit model instead of a rate
    expected, tolerance: what the report says, and how far off it may be
    used_by: the calibrations that used it; none is held out
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from runs.validation.dimensions import CODES
from runs.validation.record_checks import problems_of
from sim.problems import refuse

FOLDER = Path(__file__).parent
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the quick one where there is one


@dataclass(frozen=True)
class Side:
    """Numerator or denominator of a ratio: what differs from the pattern.

    measure, years: instead of the pattern's; growth: later years over earlier ones.
    spread: the standard deviation over the codes of this variable.
    whom: codes of variables.
    """

    measure: str | None = None
    years: tuple[int, int] | None = None
    growth: tuple[tuple[int, int], tuple[int, int]] | None = None
    spread: str | None = None
    whom: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Expected:
    """What the report says, by kind of pattern.

    value, values (by member): numbers; sign: of an effect; printed: numbers as misprinted.
    t_values, reference: of estimates, whose standard error is estimate / t.
    low, high: bounds, open if None; some_above: in at least one year; errors: standard errors.
    tiers: members from highest to lowest, nothing claimed inside a tier; rising, falling: members
        whose change has this sign; late, early: the years between which things change.
    segments: first year, last year, direction; lowest, highest: when that year is; periods: into
        how many parts the years are cut.
    numerator, denominator: of a ratio.
    """

    value: float | None = None
    values: Mapping[str, float] = field(default_factory=dict)
    sign: str | None = None
    printed: Mapping[str, float] = field(default_factory=dict)
    t_values: Mapping[str, float] = field(default_factory=dict)
    reference: str | None = None
    low: float | None = None
    high: float | None = None
    some_above: float | None = None
    errors: Mapping[str, float] = field(default_factory=dict)
    tiers: tuple[tuple[str, ...], ...] = ()
    rising: tuple[str, ...] = ()
    falling: tuple[str, ...] = ()
    late: tuple[int, int] | None = None
    early: tuple[int, int] | None = None
    segments: tuple[tuple[int, int, str], ...] = ()
    lowest: tuple[int, int] | None = None
    highest: tuple[int, int] | None = None
    periods: int | None = None
    numerator: Side | None = None
    denominator: Side | None = None


@dataclass(frozen=True)
class Tolerance:
    """How far off is still right: all that are given, the widest counting.

    abs: in the unit; rel: of the bound (of a trend: coefficient of variation); errors: in
    standard errors; share: of pairs, segments or groups that must be right; sign: that alone.
    """

    abs: float | None = None
    rel: float | None = None
    errors: float | None = None
    share: float | None = None
    sign: bool = False

    def width(self, bound: float, error: float = 0.0) -> float:
        """Return how far beyond a bound a value may lie."""
        wide = (self.abs or 0.0, (self.rel or 0.0) * abs(bound), (self.errors or 0.0) * error)
        return max(wide)


@dataclass(frozen=True)
class Pattern:
    """One thing that a report says; the module tells its fields."""

    id: str
    source: Mapping[str, Any]
    measure: str
    kind: str
    years: tuple[int, ...]
    scope: str
    expected: Expected
    tolerance: Tolerance
    evidence: str
    strength: str
    used_by: tuple[str, ...]
    whom: Mapping[str, Any] = field(default_factory=dict)
    axis: str | None = None
    by: str | None = None
    members: tuple[str, ...] = ()
    names: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    each: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    skip: tuple[Mapping[str, Any], ...] = ()
    reversed: tuple[Mapping[str, Any], ...] = ()
    of: tuple[str, ...] | None = None
    of_group: str | None = None
    of_destination: str | None = None
    term: str | None = None
    model: str | None = None
    controls: tuple[str, ...] = ()
    driver: str | None = None
    minus: str | None = None
    statistic: str | None = None

    @property
    def report(self) -> str:
        """The report that says it: a2015, r2016 or d2026."""
        return self.id.split(".", 1)[0]

    @property
    def cluster(self) -> str:
        """The figure, table or chapter that it belongs to; clusters weigh alike."""
        return ".".join(self.id.split(".")[:2])

    @property
    def held_out(self) -> bool:
        """Whether no calibration used it."""
        return not self.used_by


@dataclass(frozen=True)
class Cluster:
    """Patterns that tell of one thing and count as one; en, nb: what it is."""

    name: str
    en: str
    nb: str
    ids: tuple[str, ...]


def frozen(value: Any) -> Any:
    """Return lists as tuples and mappings as read-only ones, all the way down."""
    if isinstance(value, Mapping):
        return MappingProxyType({str(key): frozen(item) for key, item in value.items()})
    return tuple(frozen(item) for item in value) if isinstance(value, list | tuple) else value


def _side(raw: Mapping[str, Any]) -> Side:
    own = {name: frozen(raw[name]) for name in ("measure", "years", "growth", "spread")
           if name in raw}  # fmt: skip
    whom = {name: codes for name, codes in raw.items() if name not in own}
    return Side(**own, whom=frozen(whom))


def _expected(raw: Mapping[str, Any]) -> Expected:
    sides = {"numerator", "denominator"}
    said: dict[str, Any] = {
        name: _side(v) if name in sides else frozen(v) for name, v in raw.items()
    }
    return Expected(**said)


def pattern_of(raw: Mapping[str, Any]) -> Pattern:
    """Return the pattern that an entry of the file describes; it has no problems."""
    made = {name: frozen(value) for name, value in raw.items()}
    first, last = raw["years"]
    made["years"] = tuple(range(first, last + 1))
    made["expected"] = _expected(raw["expected"])
    made["tolerance"] = Tolerance(**raw["tolerance"])
    each = {name: CODES[name] if codes == "all" else frozen(codes)
            for name, codes in raw.get("each", {}).items()}  # fmt: skip
    made["each"] = MappingProxyType(each)
    return Pattern(**made)


def read_patterns(text: str, source: str) -> tuple[Pattern, ...]:
    """Return the patterns of a file; everything that is wrong with it is told at once."""
    raw = yaml.load(text, Loader=LOADER)  # noqa: S506 - both are safe
    refuse(source, problems_of(raw, Pattern, Expected, Tolerance))
    return tuple(pattern_of(entry) for entry in raw)


@cache
def patterns() -> Mapping[str, Pattern]:
    """Return all patterns of the record by id, in the order of the reports."""
    path = FOLDER / "patterns.yaml"
    found = read_patterns(path.read_text("utf-8"), path.name)
    return MappingProxyType({pattern.id: pattern for pattern in found})


@cache
def core_clusters() -> tuple[Cluster, ...]:
    """Return the thirty clusters that tell models apart best."""
    raw = yaml.load((FOLDER / "core.yaml").read_text("utf-8"), Loader=LOADER)  # noqa: S506
    return tuple(Cluster(f"core {i}", entry["en"], entry["nb"], tuple(entry["ids"]))
                 for i, entry in enumerate(raw, start=1))  # fmt: skip


@cache
def clusters() -> tuple[Cluster, ...]:
    """Return the clusters of all patterns: one for each figure, table and chapter."""
    from runs.validation.wording import place  # labels need the patterns

    ids: dict[str, list[str]] = {}
    for pattern in patterns().values():
        ids.setdefault(pattern.cluster, []).append(pattern.id)
    return tuple(Cluster(name, place(name, "en"), place(name, "nb"), tuple(members))
                 for name, members in ids.items())  # fmt: skip
