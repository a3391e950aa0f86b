"""Tables of effects on staying, moving and emigrating, with t values: section 6 of the report.

`definitions` says of Tables 6.2-6.26 whom they describe and what varies, and `of_table`
computes one from any parameters; `at_profile` and `on_average` do so for any other question.
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from calibration.fit_table import covariates
from calibration.margins import SAMPLED_FROM
from sim.agents.population import Population
from sim.codes import DURATION_GROUP, DURATION_STARTS, SEX
from sim.problems import Problem, refuse
from sim.transitions.artefact import PUBLISHED, TYPES, Artefact, model_named, read_artefact
from sim.transitions.covariance import Covariance, read_covariances
from sim.transitions.covariates import CODED, COLUMNS, COUNTS, Covariates
from sim.transitions.effects import Effect, average_effect, effect
from sim.transitions.logit import OLDEST_ESTIMATED, LogitModel
from sim.transitions.terms import FACTORS, LEVELS

DATA = Path(__file__).with_name("data") / "effect_tables.csv"
COVARIANCES = "covariances.parquet"
FAMILY = "family"
REFERENCES: Mapping[str, str] = MappingProxyType(
    {factor.name: factor.reference for factor in (*FACTORS, LEVELS)} | {"sex": "male"}
)
CODES = MappingProxyType({**CODED, "duration": DURATION_GROUP})
HEADINGS: Mapping[str, str] = MappingProxyType(
    {
        "age": "age",
        "sex": "sex",
        "duration": "duration of stay",
        "education": "education",
        "status": "labour-market status",
        "reason": "reason for immigration",
        "family_total": "family members",
        "family_immigrants": "immigrants in the family",
        FAMILY: "family",
        "centrality": "centrality",
    }
)
RECONSTRUCTED = (
    "t values by the delta method. The report does not print the covariances that they need: "
    "these come from the reconstructed register (docs/reconstruction.md)."
)
OLD = f"Those over {OLDEST_ESTIMATED} have the age terms of {OLDEST_ESTIMATED}."
Traits = Mapping[str, str]


@dataclass(frozen=True)
class Definition:
    """A table of the report: whom it describes, and what varies against which reference."""

    table: str
    model_type: int
    levels: tuple[str, ...]
    profile: Traits
    varied: str
    reference: str
    values: tuple[str, ...]
    remark: str
    source: str


@dataclass(frozen=True, eq=False)
class Parameters:
    """Models with the covariances of their coefficients.

    published: whether they are those of the report.
    """

    artefact: Artefact
    covariances: Mapping[str, Covariance]
    published: bool

    @classmethod
    def read(cls, folder: str | None = None) -> "Parameters":
        """Read the published models, or those of an artefact's folder."""
        own = folder not in (None, "published")
        path = Path(str(folder)) if own else PUBLISHED
        return cls(read_artefact(path), read_covariances(path / COVARIANCES), not own)

    def model(self, name: str) -> tuple[LogitModel, Covariance]:
        """Return a model and the covariance of its coefficients; unknown names are refused."""
        found = model_named(self.artefact, name)
        if found.name not in self.covariances:
            has = ", ".join(self.covariances)
            refuse(COVARIANCES, [Problem("model", f"lacks model {found.name}", f"it has {has}")])
        return LogitModel(**vars(found)), self.covariances[found.name]

    def applying(self, model_type: int, level: str, sex: str) -> str | None:
        """Return the name of the model of a type for a sex at a centrality level."""
        for model in self.artefact.models.values():
            here = model.centrality in (None, int(level)) and model.sex in (None, sex)
            if model.model_type == model_type and here:
                return model.name
        return None

    def note(self, name: str) -> str:
        """Return where the t values of a model come from."""
        if self.published:
            return RECONSTRUCTED
        kind = self.artefact.estimation.get("covariance", "unnamed")
        return (
            f"t values by the delta method with the {kind} covariances of the estimates. "
            f"{self.covariances[name].source}."
        )


@dataclass(frozen=True, eq=False)
class Row:
    """One contrast: the model, the value and reference of what varies, and the effects.

    value, reference: codes, or traits such as age=30,sex=male if two profiles are compared.
    level: the centrality level if a table has several.
    """

    model: str
    level: str
    value: str
    reference: str
    effect: Effect


@dataclass(frozen=True, eq=False)
class EffectTable:
    """A table of effects; every row is a contrast with the reference.

    name: the report's number, or nothing. varied: what differs, '' if several things do.
    profile: what the persons share; the person if several things differ; empty for an average.
    persons: over how many an average is taken.
    """

    name: str
    varied: str
    profile: Traits
    rows: tuple[Row, ...]
    notes: tuple[str, ...]
    persons: int | None = None


@cache
def definitions() -> Mapping[str, Definition]:
    """Return the definitions of Tables 6.2-6.26 by number."""
    with DATA.open(encoding="utf-8", newline="") as file:
        found = [_definition(row) for row in csv.DictReader(file)]
    return MappingProxyType({one.table: one for one in found})


def _definition(row: Mapping[str, str]) -> Definition:
    profile = dict(part.split("=") for part in row["profile"].split(","))
    return Definition(
        row["table"],
        int(row["model_type"]),
        tuple(row["centrality"].split(";")),
        MappingProxyType(profile),
        row["varied"],
        row["reference"],
        tuple(row["values"].split(";")),
        row["remark"],
        row["source"],
    )


def chosen_tables(words: str, parameters: Parameters) -> tuple[Definition, ...]:
    """Return the tables that '6.4', '6.4,6.5' or 'all' names.

    'all' are those whose models the parameters hold. What is unknown is refused.
    """
    known = definitions()
    able = {name: one for name, one in known.items() if not _lacking(one, parameters)}
    if words.strip().casefold() == "all":
        if not able:
            found = "has the models of no table"
            refuse(parameters.artefact.name, [Problem("--table", found, "all models of a type")])
        return tuple(able.values())
    names = [word.strip().casefold().removeprefix("table").strip() for word in words.split(",")]
    problems = []
    for name in names:
        if name not in known:
            allowed = "6.2 to 6.26, or all"
            found = f"{name!r} is no table of effects"
            cure = (
                f"It holds a model: --model {name}." if name in parameters.artefact.models else ""
            )
            problems.append(Problem("--table", found, allowed, cure))
        elif name not in able:
            can = f"tables with models of its own: {', '.join(able) or 'none'}"
            words_of = TYPES[str(known[name].model_type)][0]
            found = f"{name} needs models of type {known[name].model_type} ({words_of})"
            problems.append(Problem("--table", found, can))
    refuse("command", problems)
    return tuple(known[name] for name in dict.fromkeys(names))


def _lacking(one: Definition, parameters: Parameters) -> bool:
    sex = one.profile["sex"]
    return any(parameters.applying(one.model_type, level, sex) is None for level in one.levels)


def of_table(one: Definition, parameters: Parameters) -> EffectTable:
    """Return a table of the report, computed from the parameters, in the report's order."""
    rows = []
    for value in one.values:
        for level in one.levels:
            name = parameters.applying(one.model_type, level, one.profile["sex"])
            assert name is not None, f"{one.table}: no model at level {level}"
            several = level if len(one.levels) > 1 else ""
            here = {**one.profile, "centrality": level}
            found = _effect(parameters, name, here, one.varied, (value, one.reference))
            rows.append(Row(name, several, value, one.reference, found))
    profile = dict(one.profile) | ({"centrality": one.levels[0]} if len(one.levels) == 1 else {})
    notes = [parameters.note(rows[0].model), *([one.remark] if one.remark else [])]
    return EffectTable(one.table, one.varied, profile, tuple(rows), tuple(notes))


def _effect(
    parameters: Parameters, name: str, profile: Traits, varied: str, values: tuple[str, str]
) -> Effect:
    """Return the effect of one value instead of another at a profile."""
    model, covariance = parameters.model(name)
    one, other = (person_of(changed(profile, varied, value)) for value in values)
    return effect(model, one, other, covariance)


def at_profile(
    parameters: Parameters,
    name: str,
    profile: Traits,
    varied: str,
    values: Sequence[str],
    reference: str,
) -> EffectTable:
    """Return the effects of values of a variable against a reference, all else as in a profile."""
    shared = {key: word for key, word in profile.items() if key not in _keys(varied)}
    rows = tuple(
        Row(name, "", value, reference,
            _effect(parameters, name, shared, varied, (value, reference)))
        for value in values
    )  # fmt: skip
    everybody = (changed(shared, varied, value) for value in (*values, reference))
    return EffectTable("", varied, shared, rows, _notes(parameters, name, *everybody))


def between(parameters: Parameters, name: str, profile: Traits, against: Traits) -> EffectTable:
    """Return the effect of being as in one profile instead of as in another."""
    differ = [key for key in COLUMNS if profile[key] != against[key]]
    one, other = (",".join(f"{key}={who[key]}" for key in differ) for who in (profile, against))
    model, covariance = parameters.model(name)
    found = effect(model, person_of(profile), person_of(against), covariance)
    row = Row(name, "", one, other, found)
    return EffectTable("", "", profile, (row,), _notes(parameters, name, profile, against))


def _notes(parameters: Parameters, name: str, *everybody: Traits) -> tuple[str, ...]:
    old = any(int(who["age"]) > OLDEST_ESTIMATED for who in everybody)
    return (*([OLD] if old else []), parameters.note(name))


def on_average(
    parameters: Parameters,
    name: str,
    population: Population,
    varied: str,
    values: Sequence[str],
    reference: str,
) -> EffectTable:
    """Return average effects over the resident immigrants of 15 or more whom a model describes.

    Each of them is first given the value and then the reference; all else is their own.
    """
    model, covariance = parameters.model(name)
    people = described(model, population)
    base = _all_as(people, varied, reference)
    rows = tuple(
        Row(name, "", value, reference,
            average_effect(model, base, _all_as(people, varied, value), covariance))
        for value in values
    )  # fmt: skip
    over = (
        f"Averages over {people.age.size:,} persons on 1 January {population.year}: the resident "
        f"immigrants of {SAMPLED_FROM} or more whom the model describes. {OLD} The t values "
        "leave out the chance of having drawn these persons."
    )
    notes = (over, parameters.note(name))
    return EffectTable("", varied, {}, rows, notes, people.age.size)


def described(model: LogitModel, population: Population) -> Covariates:
    """Return the resident immigrants of 15 or more whom a model describes; there must be some."""
    people = covariates(population, np.flatnonzero(population.immigrants))
    inside = people.age >= SAMPLED_FROM
    if model.centrality is not None:
        inside &= people.centrality == model.centrality - 1
    if model.sex is not None:
        inside &= people.sex == SEX.index(model.sex)
    if not inside.any():
        found = f"has nobody whom model {model.name} describes"
        refuse("--average", [Problem("population", found, "one person or more")])
    return Covariates(**{key: column[inside] for key, column in vars(people).items()})


def _all_as(people: Covariates, varied: str, value: str) -> Covariates:
    """Return people who all have one value."""
    traits = changed({}, varied, value)
    numbers = {key: _stored(key, word) for key, word in traits.items()}
    size = people.age.size
    return replace(people, **{key: np.full(size, number) for key, number in numbers.items()})


def _stored(key: str, word: str) -> np.int64:
    """Return the number that stands for a value in `Covariates`."""
    if key == "duration":
        years = int(person_of({key: word})[key])
        return np.int64(np.searchsorted(DURATION_STARTS, years, side="right") - 1)
    return np.int64(CODED[key].index(word) if key in CODED else int(word))


def changed(traits: Traits, varied: str, value: str) -> dict[str, str]:
    """Return traits with another value of a variable; a family is written as 5/4."""
    return {**traits, **dict(zip(_keys(varied), value.split("/"), strict=True))}


def _keys(varied: str) -> tuple[str, ...]:
    return ("family_total", "family_immigrants") if varied == FAMILY else (varied,)


def person_of(traits: Traits) -> dict[str, Any]:
    """Return traits as the logit reads them: numbers as numbers, durations in years."""
    person: dict[str, Any] = dict(traits)
    for key in COUNTS.keys() & traits.keys():
        group = key == "duration" and traits[key] in DURATION_GROUP.names
        word = traits[key]
        person[key] = DURATION_STARTS[DURATION_GROUP.index(word)] if group else int(word)
    return person


def words(name: str, value: str) -> str:
    """Return a value as a reader would say it."""
    if name in CODES and value in CODES[name].names:
        said = CODES[name].codes[CODES[name].index(value)].en
        return f"level {value} ({said.lower()})" if name == "centrality" else said
    if name == FAMILY:
        return "{} members, {} of them immigrants".format(*value.split("/"))
    return {
        "age": f"Aged {value}",
        "duration": f"{value} years",
        "family_total": f"{value} family members",
        "family_immigrants": f"{value} of them immigrants",
    }.get(name, value)
