"""The published tables, and the logit for one person in plain Python: the tests' oracle.

Nothing here uses the code under test; the coefficients are read from their CSV file.
"""

import csv
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
DATA = ROOT / "tests" / "data"
ARTEFACT = ROOT / "sim" / "transitions" / "published_2016"
OUTCOMES = ("stay", "domestic", "emigrate")
YEARS = {"0-2": 0, "3-5": 3, "6-10": 6, "11-15": 11, "16+": 16}
ROUNDING = 0.0005  # half a unit of the third decimal, the last one printed
Table = dict[tuple[str, str], float]


def read(path: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV file."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def coefficients(model: str) -> Table:
    """Return the estimates of a model by term and outcome."""
    rows = read(ARTEFACT / "coefficients.csv")
    return {
        (row["term"], row["outcome"]): float(row["estimate"])
        for row in rows
        if row["model"] == model
    }


def terms_of_one(
    *, age, sex, duration, education, status, reason, family_total, family_immigrants, centrality
) -> dict[str, float]:
    """Return the terms of one person that are not zero."""
    terms = {"constant": 1.0, "age": min(age, 74), "age_over_10_squared": (min(age, 74) / 10) ** 2}
    if sex == "female":
        terms["female"] = 1
    if duration <= 2:
        terms["duration_0_2"] = 1
    elif duration <= 5:
        terms["duration_3_5"] = 1
    elif duration <= 10:
        terms["duration_6_10"] = 1
    elif duration <= 15:
        terms["duration_11_15"] = 1
    if education != "none":
        terms[f"education_{education}"] = 1
    if status != "outside":
        terms[f"status_{status}"] = 1
    if reason != "nordic":
        terms[f"reason_{reason}"] = 1
    if int(centrality) < 4:
        terms[f"centrality_{centrality}"] = 1
    return {**terms, "family_total": family_total, "family_immigrants": family_immigrants}


def probability_of_one(
    table: Table, *, extra: float = 0.0, **person: Any
) -> tuple[float, float, float]:
    """Return the probabilities that one person stays, moves or emigrates.

    extra: added to the log odds of emigrating.
    """
    terms = terms_of_one(**person)
    moving = sum(table.get((term, "domestic"), 0) * x for term, x in terms.items())
    leaving = extra + sum(table.get((term, "emigrate"), 0) * x for term, x in terms.items())
    total = 1 + math.exp(moving) + math.exp(leaving)
    return 1 / total, math.exp(moving) / total, math.exp(leaving) / total


@dataclass(frozen=True)
class Contrast:
    """Two persons who differ in one thing, and the printed effects of the difference."""

    table: str
    centrality: str
    value: str
    model: str
    person: dict[str, Any]
    reference: dict[str, Any]
    estimates: tuple[float, ...]
    t_values: tuple[float, ...]

    def effects(self, *, counted_again: bool = False, **altered: Any) -> tuple[float, ...]:
        """Return the differences in the probabilities of `OUTCOMES`.

        counted_again: with the emigration coefficient of the employed added once more.
        altered: replaces what a person is, such as sex="male".
        """
        return self._effects(coefficients(self.model), counted_again, altered)

    def bounds(self, *, counted_again: bool = False) -> tuple[float, ...]:
        """Return how far rounding, of effects and coefficients, can carry the printed ones."""
        table = coefficients(self.model)
        exact = self._effects(table, counted_again, {})
        sums = [ROUNDING] * len(exact)
        for key, estimate in table.items():
            moved = self._effects({**table, key: estimate + ROUNDING}, counted_again, {})
            sums = [s + abs(m - e) for s, m, e in zip(sums, moved, exact, strict=True)]
        return tuple(sums)

    def _effects(self, table: Table, again: bool, altered: dict[str, Any]) -> tuple[float, ...]:
        extra = table["status_employed", "emigrate"] if again else 0.0
        there = probability_of_one(table, extra=extra, **{**self.person, **altered})
        here = probability_of_one(table, **{**self.reference, **altered})
        return tuple(a - b for a, b in zip(there, here, strict=True))

    def __str__(self) -> str:
        return f"{self.table}-{self.centrality}-{self.value}"


@cache
def contrasts() -> tuple[Contrast, ...]:
    """Return every contrast of Tables 6.2-6.16."""
    profiles = {row["table"]: row for row in read(DATA / "profiles.csv")}
    return tuple(_contrasts(read(DATA / "marginal_effects.csv"), profiles))


def _contrasts(rows, profiles) -> Iterator[Contrast]:
    for triple in zip(rows[::3], rows[1::3], rows[2::3], strict=True):
        assert tuple(row["outcome"] for row in triple) == OUTCOMES
        (place,) = {(row["table"], row["centrality"], row["value"]) for row in triple}
        table, level, value = place
        profile = profiles[table]
        yield Contrast(
            table,
            level,
            value,
            _model(profile, level),
            _person(profile, level, value),
            _person(profile, level, profile["reference"]),
            tuple(float(row["estimate"]) for row in triple),
            tuple(float(row["t_value"]) for row in triple),
        )


def _model(profile: dict[str, str], level: str) -> str:
    return "6.1" if profile["model_type"] == "1" else f"D{level}"


def _person(profile: dict[str, str], level: str, value: str) -> dict[str, Any]:
    """Return the person of a table's note with the varied trait filled in."""
    traits = {**profile, profile["varied"]: value}
    if profile["varied"] == "family":
        traits["family_total"], traits["family_immigrants"] = value.split("/")
    return {
        "age": int(traits["age"]),
        "sex": traits["sex"],
        "duration": YEARS[traits["duration"]],
        "education": traits["education"],
        "status": traits["status"],
        "reason": traits["reason"],
        "family_total": int(traits["family_total"]),
        "family_immigrants": int(traits["family_immigrants"]),
        "centrality": int(level),
    }


@cache
def misprints() -> tuple[dict[str, str], ...]:
    """Return what is listed as misprinted, one row a number, label or note."""
    return tuple(read(DATA / "misprints.csv"))


def misprinted(what: str) -> set[tuple[str, str, str, str]]:
    """Return table, centrality, value and outcome of the misprints of a kind."""
    return {
        (row["table"], row["centrality"], row["value"], row["outcome"])
        for row in misprints()
        if row["what"] == what
    }
