"""A JSON schema of scenario files, so that an editor completes fields and levers and marks slips.

It is made from the declarations that the reader checks with; `python -m docs.generate` writes
it to scenarios/scenario.schema.json. Shipped scenarios name it in their first line.
"""

import json
from typing import Any

from scenarios.catalogue import allowed, fitted, meaning
from scenarios.changes import AMOUNT, FIRST_YEAR, levers
from scenarios.fields import (
    DRAWS,
    FIRST_START,
    MEANINGS,
    MODEL_TYPES,
    MOST_REPLICATES,
    NAME_LETTERS,
    UNCERTAIN,
)
from scenarios.finding import MOST_BYTES, names
from scenarios.ranges import WRITTEN
from scenarios.schema import FIELDS, REQUIRED, Scenario
from sim.agents.columns import LAST_YEAR
from sim.chance import LARGEST_SEED
from sim.engine import ASSUMPTIONS
from sim.observe import DIMENSIONS
from sim.transitions.levers import FACTOR, KINDS, Lever
from sim.transitions.parameters import LOGIT, TABLES

DIALECT = "https://json-schema.org/draft/2020-12/schema"
SIZE = r"(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?"
AMOUNT_TEXT = rf"^\s*([x*×]\s*\+?{SIZE}|[-+]{SIZE}\s*%|[-+]?{SIZE})\s*$"
YEARS_TEXT = r"^\s*\d{4}\s*(\.\.\s*(\d{4})?)?\s*$"
Part = dict[str, Any]


def json_schema() -> Part:
    """Return the schema."""
    return {
        "$schema": DIALECT,
        "title": "A scenario of Vandring",
        "description": f"At most {MOST_BYTES:,} bytes. docs/scenarios.md tells how it is written.",
        "type": "object",
        "properties": {name: _described(name) for name in FIELDS},
        "required": list(REQUIRED),
        "additionalProperties": False,
        "$defs": {
            "amount": _amount(),
            "change": _change(),
            "range": _range(),
            "range_by_year_or_not": {
                "anyOf": [{"$ref": "#/$defs/range"}, _by_year({"$ref": "#/$defs/range"})]
            },
            "by_year_or_not": {"anyOf": [{"$ref": "#/$defs/amount"}, {"$ref": "#/$defs/change"}]},
        },
    }


def as_text() -> str:
    """Return the schema as the text of its file."""
    return json.dumps(json_schema(), indent=1, ensure_ascii=False) + "\n"


def _described(name: str) -> Part:
    """Return a field with its meaning and, where there is one, its default."""
    default = getattr(Scenario("", ""), name)
    part = {"description": MEANINGS[name], **_field(name)}
    if isinstance(default, str | int) and default != "":
        part["default"] = default
    return part


def _field(name: str) -> Part:
    line: Part = {"type": "string", "pattern": r"\S"}
    year = {"type": "integer", "minimum": FIRST_START, "maximum": LAST_YEAR - 1}
    word = {"type": "string", "pattern": r"^\s*\d{4}\s*(\.\.\s*\d{4}\s*)?$"}
    pair = {"type": "array", "items": year, "minItems": 1, "maxItems": 2}
    parts: dict[str, Part] = {
        "name": {"type": "string", "pattern": f"^[{NAME_LETTERS}]+$"},
        "based_on": {**line, "examples": names()},
        "years": {"anyOf": [word, year, pair], "examples": ["2013..2022"]},
        "model_type": {"enum": [*MODEL_TYPES, *map(str, MODEL_TYPES)]},
        "replicates": _whole(1, MOST_REPLICATES),
        "seed": _whole(0, LARGEST_SEED),
        "draws": {"enum": list(DRAWS)},
        "uncertainty": _uncertainty(),
        "dimensions": _dimensions(line),
        "assumptions": _assumptions(),
        "changes": _changes("by_year_or_not"),
        "ranges": _changes("range_by_year_or_not"),
        "outputs": {"anyOf": [line, {"type": "array", "items": line, "minItems": 1}]},
    }
    return parts.get(name, line)


def _uncertainty() -> Part:
    word = "|".join(UNCERTAIN)
    text = {"type": "string", "pattern": rf"^\s*(none|all|({word})(\s*,\s*({word}))*)\s*$"}
    return {"anyOf": [text, {"type": "array", "items": {"enum": list(UNCERTAIN)}}]}


def _dimensions(line: Part) -> Part:
    words = {"enum": list(DIMENSIONS)}
    several = {"type": "array", "items": words, "minItems": 1, "uniqueItems": True}
    return {"anyOf": [line, several]}


def _assumptions() -> Part:
    return {
        "type": "object",
        "properties": {
            one.name: {
                "enum": list(one.meanings),
                "default": one.default,
                "description": " ".join(f"{value}: {text}" for value, text in one.meanings.items()),
            }
            for one in ASSUMPTIONS
        },
        "additionalProperties": False,
    }


def _changes(amounts: str) -> Part:
    """Return levers and parameters by name; amounts: the definition of what is said of each."""
    parameter = rf"^({'|'.join((LOGIT, *TABLES))})(\.|$)"
    return {
        "type": "object",
        "properties": {lever.name: _lever(lever, amounts) for lever in levers().values()},
        "patternProperties": {parameter: {"$ref": f"#/$defs/{amounts}"}},
        "additionalProperties": False,
    }


def _whole(low: int, high: int) -> Part:
    digits = {"type": "string", "pattern": r"^\s*\d+\s*$"}
    return {"anyOf": [{"type": "integer", "minimum": low, "maximum": high}, digits]}


def _lever(lever: Lever, amounts: str) -> Part:
    fit = f"; fitted on {fitted(lever)}" if lever.fitted else ""
    told = f"{meaning(lever)} ({lever.unit}, {allowed(lever)}{fit})."
    return {"description": told, "$ref": f"#/$defs/{amounts}"}


def _amount() -> Part:
    """Return what may be done to a lever."""
    one = {
        "type": "object",
        "properties": {
            kind: {"type": "number", **({"minimum": 0} if kind == FACTOR else {})} for kind in KINDS
        },
        "minProperties": 1,
        "maxProperties": 1,
        "additionalProperties": False,
    }
    text = {"type": "string", "pattern": AMOUNT_TEXT}
    return {"description": f"{AMOUNT}.", "anyOf": [{"type": "number"}, text, one]}


def _change() -> Part:
    """Return amounts by year or range of years."""
    return _by_year({"$ref": "#/$defs/amount"})


def _by_year(amount: Part) -> Part:
    return {
        "description": f"By a year, or a range such as 2025..2030, in {FIRST_YEAR}..{LAST_YEAR}.",
        "type": "object",
        "patternProperties": {YEARS_TEXT: amount},
        "minProperties": 1,
        "additionalProperties": False,
    }


def _range() -> Part:
    """Return between what a lever may lie."""
    one = rf"([x*×]\s*\+?{SIZE}|[-+]{SIZE}\s*%|[-+]?{SIZE})"
    text = {"type": "string", "pattern": rf"^\s*{one}\s+to\s+{one}(\s*,?\s+likely\s+{one})?\s*$"}
    ends = {
        "type": "object",
        "properties": {word: {"$ref": "#/$defs/amount"} for word in ("from", "to", "likely")},
        "required": ["from", "to"],
        "additionalProperties": False,
    }
    normal = {
        "type": "object",
        "properties": {"normal": {"$ref": "#/$defs/amount"}, "sd": {"type": "number"}},
        "required": ["normal", "sd"],
        "additionalProperties": False,
    }
    return {"description": f"{WRITTEN}.", "anyOf": [text, ends, normal]}
