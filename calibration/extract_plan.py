"""The way from the columns of an extract to what a model needs: which are used, which lack."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from calibration.extract_columns import BESIDES, CARRIED, FIELDS, OPTIONAL_WAYS, WAYS
from calibration.extract_findings import ERROR, WARNING, Finding
from calibration.extract_mapping import ExtractMapping
from sim.problems import shown, suggest

DATED = ("birth_year", "first_arrival_year")
FORMAT = "vandring extract 1"


@dataclass(frozen=True)
class Plan:
    """How an extract becomes what a model needs.

    columns: our name -> column of the file, of all that is used.
    ways: what is made -> the columns of ours that it is made of.
    """

    columns: Mapping[str, str]
    ways: Mapping[str, tuple[str, ...]]
    year: int | None
    findings: tuple[Finding, ...]

    @property
    def whole(self) -> bool:
        """Say whether everything that a model needs can be made."""
        return not any(finding.level == ERROR for finding in self.findings)

    def derived(self, target: str) -> bool:
        """Say whether a column is made of others."""
        return target in self.ways and self.ways[target] != (target,)


def plan_of(names: Sequence[str], meta: Mapping[str, str], mapping: ExtractMapping) -> Plan:
    """Find the ways that the columns of a file allow, and what is wrong with them."""
    there = _available(names, mapping)
    every = {**WAYS, **OPTIONAL_WAYS}
    ways = {}
    for target, choices in every.items():
        possible = [way for way in choices if all(name in there for name in way)]
        if possible:
            ways[target] = possible[0]
    used = {name for way in ways.values() for name in way}
    used |= {name for name in (*CARRIED, *BESIDES) if name in there}
    used |= {"died"} & there.keys() if "emigrated" in used else set()
    year = mapping.year if mapping.year is not None else _year_of(meta)
    columns = {name: there[name] for name in FIELDS if name in used}
    findings = [
        *_lost(names, mapping),
        *_missing(names, there, ways),
        *_undated(columns, year),
        *_two_years(meta, mapping),
        *_idle(names, there, used, mapping),
        *_strange_format(meta),
    ]
    return Plan(columns, ways, year, tuple(findings))


def _available(names: Sequence[str], mapping: ExtractMapping) -> dict[str, str]:
    """Return our name -> column of the file, for all columns that the file has."""
    there = {ours: own for ours, own in mapping.columns.items() if own in names}
    taken = set(there.values()) | set(mapping.ignore)
    own_names = {n: n for n in FIELDS if n in names and n not in mapping.columns}
    return there | {ours: own for ours, own in own_names.items() if own not in taken}


def _year_of(meta: Mapping[str, str]) -> int | None:
    word = meta.get("year", "")
    return int(word) if word.isascii() and word.isdecimal() and len(word) == 4 else None


def _lost(names: Sequence[str], mapping: ExtractMapping) -> Iterator[Finding]:
    for ours, own in mapping.columns.items():
        if own not in names:
            cure = suggest(own, names)
            found = f"the mapping takes it from {shown(own)}, which is not in the file"
            yield Finding(ERROR, ours, found, ", ".join(names), cure)
    for own in mapping.ignore:
        if own not in names:
            cure = suggest(own, names)
            yield Finding(WARNING, own, "is under 'ignore' but not in the file", cure=cure)


def _missing(
    names: Sequence[str], there: Mapping[str, str], ways: Mapping[str, object]
) -> Iterator[Finding]:
    spare = [name for name in names if name not in there.values()]
    for target, choices in WAYS.items():
        if target not in ways:
            allowed = "; or ".join(" and ".join(way) for way in choices)
            words = [name for way in choices for name in way if name not in there]
            near = [suggest(word, spare, cutoff=0.75) for word in words]
            cure = next((found for found in near if found), "") or (
                f"Name its column in the mapping: 'columns: {{{words[0]}: ...}}'."
            )
            yield Finding(ERROR, target, "is missing", allowed, cure)


def _undated(columns: Mapping[str, str], year: int | None) -> Iterator[Finding]:
    dated = [name for name in DATED if name in columns]
    if dated and year is None:
        found = f"is needed for {' and '.join(dated)}"
        cure = "Add 'year: 2013' to the mapping, for outcomes of 2013."
        yield Finding(ERROR, "year", found, "the year of the outcomes", cure)


def _strange_format(meta: Mapping[str, str]) -> Iterator[Finding]:
    found = meta.get("format", "")
    if found.startswith("vandring") and found != FORMAT:
        cure = "Was the file made for something else, or by another Vandring?"
        yield Finding(ERROR, "format", f"is {shown(found)}", FORMAT, cure)


def _two_years(meta: Mapping[str, str], mapping: ExtractMapping) -> Iterator[Finding]:
    said = _year_of(meta)
    if said is not None and mapping.year is not None and said != mapping.year:
        found = f"is {mapping.year} in the mapping and {said} in the file's metadata"
        yield Finding(WARNING, "year", found, "one year", "The mapping is believed.")


def _idle(
    names: Sequence[str], there: Mapping[str, str], used: set[str], mapping: ExtractMapping
) -> Iterator[Finding]:
    idle = [ours for ours in there if ours not in used]
    if idle:
        found = f"not used, since other columns say it or something beside is missing: {idle}"
        yield Finding(WARNING, "columns", found.replace("'", ""), cure="Or name it under 'ignore'.")
    known = {*there.values(), *mapping.ignore}
    strange = [name for name in names if name not in known]
    if strange:
        found = f"not used: {', '.join(shown(name) for name in strange[:20])}"
        cure = "Name them under 'columns' if they are needed, else under 'ignore'."
        yield Finding(WARNING, "columns", found, cure=cure)
