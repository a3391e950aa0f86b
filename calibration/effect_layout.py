"""Tables of effects for readers and programs: as text, CSV, LaTeX and records for JSON.

Rows are contrasts, columns staying, moving and emigrating, each with effect and t value; the
note says whom the table describes.
"""

import csv
import io
import math
import textwrap
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from calibration.effect_tables import HEADINGS, EffectTable, Row, words
from calibration.table_layout import signed, tex
from sim.transitions.covariates import COLUMNS
from sim.transitions.terms import OUTCOMES

MOVES = ("Stay", "Move to another level", "Emigrate")
NOTHING = "-"
EFFECT, T_VALUE, GAP = 12, 10, 2  # characters


def title(table: EffectTable) -> str:
    """Return what a table is about, with its number if it is one of the report's."""
    number = f"Table {table.name}. " if table.name else ""
    kind = "Average effects" if table.persons else "Effects"
    about = f" of {HEADINGS[table.varied]}" if table.varied else ""
    return f"{number}{kind}{about} on the probabilities of staying, moving and emigrating"


def note(table: EffectTable) -> str:
    """Return whom a table describes, against what, by which models, and what its t values are."""
    models = list(dict.fromkeys(row.model for row in table.rows))
    levels = any(row.level for row in table.rows)
    named = f"Models {models[0]}-{models[-1]}" if len(models) > 1 else f"Model {models[0]}"
    parts = []
    if table.profile:
        who = (_trait(key, table.profile[key]) for key in COLUMNS if key in table.profile)
        parts.append(f"The person: {'; '.join(who)}.")
    if table.varied:
        parts.append(f"Reference: {_lower(words(table.varied, table.rows[0].reference))}.")
    else:
        parts.append(f"Reference: the same, but {_traits(table.rows[0].reference)}.")
    parts.append(f"{named}{', one for each level of centrality' if levels else ''}.")
    return " ".join([*parts, *table.notes])


def text(table: EffectTable) -> str:
    """Return a table for the eye."""
    lines = list(_lines(table))
    wide = max(24, *(len(label) for label, _ in lines))
    column = EFFECT + T_VALUE + GAP
    heads = "".join(f"{move:>{column}}" for move in MOVES)
    under = (f"{'effect':>{EFFECT + GAP}}" + f"{'t value':>{T_VALUE}}") * len(MOVES)
    rule = "-" * (wide + column * len(MOVES))
    body = [
        label.ljust(wide) + "".join(f"{e:>{EFFECT + GAP}}{t:>{T_VALUE}}" for e, t in cells)
        for label, cells in lines
    ]
    top = [*textwrap.wrap(title(table), len(rule)), rule, " " * wide + heads, " " * wide + under]
    foot = textwrap.fill(note(table), len(rule))
    return "\n".join([*top, rule, *(line.rstrip() for line in body), rule, foot, ""])


def latex(table: EffectTable) -> str:
    """Return a table as a LaTeX `table` that needs no packages."""
    heads = " & ".join(rf"\multicolumn{{2}}{{c}}{{{tex(move)}}}" for move in MOVES)
    under = " & ".join(["effect & t"] * len(MOVES))
    out = [
        r"\begin{table}",
        rf"\caption{{{tex(title(table))}}}",
        r"\begin{tabular}{lrrrrrr}",
        r"\hline",
        rf" & {heads} \\",
        rf" & {under} \\",
        r"\hline",
    ]
    for label, cells in _lines(table):
        indent = r"\quad " if label.startswith(" ") else ""
        shown = [f"${word}$" if word != NOTHING else NOTHING for pair in cells for word in pair]
        out.append(f"{indent}{' & '.join([tex(label.strip()), *shown])} \\\\")
    out += [r"\hline", r"\end{tabular}", "", tex(note(table)), r"\end{table}", ""]
    return "\n".join(out)


def to_csv(tables: Iterable[EffectTable]) -> str:
    """Return tables as one CSV: a row a contrast, figures with ten digits."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    each = [f"{o}{what}" for o in OUTCOMES for what in ("", "_se", "_t")]
    writer.writerow(
        ["table", "model", "varied", "value", "reference", *COLUMNS, *each, "persons", "note"]
    )
    for table in tables:
        for row in table.rows:
            who = _who(table, row)
            figures = zip(*_figures(row), strict=True)
            writer.writerow([
                table.name, row.model, table.varied, row.value, row.reference,
                *(who.get(key, "") for key in COLUMNS),
                *("" if math.isnan(x) else f"{x:.10g}" for three in figures for x in three),
                "" if table.persons is None else table.persons, " ".join(table.notes),
            ])  # fmt: skip
    return out.getvalue()


def record(table: EffectTable) -> dict[str, Any]:
    """Return a table for JSON; a t value that does not exist is null."""
    return {
        "table": table.name or None,
        "title": title(table),
        "note": note(table),
        "varied": table.varied or None,
        "profile": dict(table.profile),
        "persons": table.persons,
        "rows": [_record(table, row) for row in table.rows],
    }


def _record(table: EffectTable, row: Row) -> dict[str, Any]:
    figures = zip(OUTCOMES, *_figures(row), strict=True)
    return {
        "model": row.model,
        "centrality": _who(table, row).get("centrality"),
        "value": row.value,
        "reference": row.reference,
        "effects": {
            outcome: {
                "effect": found,
                "std_error": error,
                "t_value": None if math.isnan(t) else t,
            }
            for outcome, found, error, t in figures
        },
    }


def _figures(row: Row) -> tuple[list[float], ...]:
    """Return effects, standard errors and t values of the three outcomes."""
    found = row.effect
    return tuple(
        np.asarray(x).tolist() for x in (found.estimates, found.std_errors, found.t_values)
    )


def _who(table: EffectTable, row: Row) -> dict[str, str]:
    return {**table.profile, **({"centrality": row.level} if row.level else {})}


def _lines(table: EffectTable) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Yield the labels of a table with effect and t value of each outcome, as they are shown."""
    before = None
    for row in table.rows:
        said = words(table.varied, row.value)
        if not table.varied:
            said = "The person instead of the reference"
        if row.level:
            if row.value != before:
                yield said, []
            before, level = row.value, words("centrality", row.level)
            said = f"  {level[0].upper()}{level[1:]}"
        estimates, _, t_values = _figures(row)
        yield (
            said,
            [
                (signed(e, 3), NOTHING if math.isnan(t) else signed(t, 3))
                for e, t in zip(estimates, t_values, strict=True)
            ],
        )


def _trait(name: str, value: str) -> str:
    """Return a trait inside a sentence, so that nobody takes it for another."""
    said = _lower(words(name, value))
    if name == "duration":
        return f"{said} in Norway"
    return f"{HEADINGS[name]}: {said}" if name in {"education", "reason"} else said


def _traits(listed: str) -> str:
    pairs = (part.split("=") for part in listed.split(","))
    return "; ".join(_trait(name, value) for name, value in pairs)


def _lower(label: str) -> str:
    """Return a label inside a sentence."""
    return label[:1].lower() + label[1:]
