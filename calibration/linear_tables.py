"""The tables of the linear models in the report's layout: as text, CSV and LaTeX.

Rows are variables, columns the three outcomes with estimate, stars and t value; N and the
reference group stand in the note.
"""

import csv
import io
import math
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from calibration.linear import LinearEstimate
from calibration.linear_sample import AGES, BASE, TABLES, Specification
from calibration.table_layout import (
    HEADINGS,
    Words,
    command,
    joined,
    languages,
    math_mode,
    padded,
    plain,
    signed,
    tex,
)
from sim.transitions.terms import OUTCOMES

NOTHING = "-"
CELL = 21  # characters of an estimate with stars and t value
_CONTROLS = (
    "controls: sex, age, education, duration of stay, labour-market status",
    "kontrollert for kjønn, alder, utdanning, botid, arbeidsmarkedsstatus",
)
NOTES: Mapping[str, Words] = MappingProxyType(
    {
        "family_size": (
            f"families of 5 persons or more ({_CONTROLS[0]}, reason)",
            f"familier med 5 personer eller flere ({_CONTROLS[1]}, innvandringsgrunn)",
        ),
        "family_composition": (
            "immigrants in families of the same size that also contain non-immigrants "
            f"({_CONTROLS[0]}, reason, family size); one-person families are left out",
            "innvandrere i like store familier som også har ikke-innvandrere "
            f"({_CONTROLS[1]}, innvandringsgrunn, familiestørrelse); uten énpersonfamilier",
        ),
        "county_by_reason": (
            f"unknown reason for immigration ({_CONTROLS[0]})",
            f"uoppgitt innvandringsgrunn ({_CONTROLS[1]})",
        ),
    }
)
SHOWN = {"family_size": "family_size", "family_composition": "immigrants_only",
         "county_by_reason": "reason"}  # fmt: skip
MOVES: Mapping[str, tuple[Words, Words, Words]] = MappingProxyType(
    {
        "outcome": (
            ("Stay", "Bli boende"), ("Move to another level", "Flytte til annet nivå"),
            ("Emigrate", "Utvandre"),
        ),
        "county_outcome": (
            ("Stay in the county", "Bli i fylket"), ("Leave the county", "Flytte ut av fylket"),
            ("Emigrate", "Utvandre"),
        ),
    }
)  # fmt: skip


@dataclass(frozen=True)
class Line:
    """One variable of a table.

    position: of the variable among those estimated, None if it was left out.
    """

    variable: str
    factor: str
    words: Words
    position: int | None


def lines(estimate: LinearEstimate, *, everything: bool = False) -> Iterator[Line]:
    """Yield the rows of a table: those the report prints, or everything with the constant."""
    kind = estimate.specification.kind
    place = {name: i for i, name in enumerate(estimate.variables)}
    if everything:
        yield Line("constant", "constant", HEADINGS["constant"], 0)
    for factor in estimate.specification.factors:
        if everything or SHOWN.get(kind, factor.name) == factor.name:
            for value, name in factor.terms():
                code = factor.codes.codes[value]
                yield Line(name, factor.name, (code.en, code.nb), place.get(name))


def title(chosen: Specification) -> Words:
    """Return what a table is about, with its number if the report has it."""
    number = next((name for name, one in TABLES.items() if one == chosen), "")
    region = chosen.regions.codes[chosen.region] if chosen.region is not None else None
    if region is None:
        where = ("the whole country", "hele landet")
    elif chosen.kind == "county_by_reason":
        where = (region.en, region.nb)
    else:
        where = (f"centrality {region.name} ({region.en.lower()})",
                 f"sentralitetsnivå {region.name} ({region.nb.lower()})")  # fmt: skip
    about = {
        "base": ("background", "bakgrunn"),
        "family_size": ("family size", "familiestørrelse"),
        "family_composition": ("family composition", "familiesammensetning"),
        "county_by_reason": ("reason for immigration", "innvandringsgrunn"),
    }[chosen.kind]
    named = (f"Table {number}. ", f"Tabell {number}. ") if number else ("", "")
    return (
        f"{named[0]}Staying, moving and emigrating by {about[0]}, {where[0]}",
        f"{named[1]}Å bli, flytte og utvandre etter {about[1]}, {where[1]}",
    )


def note(estimate: LinearEstimate) -> Words:
    """Return N, reference group, standard errors and R2 in words."""
    chosen = estimate.specification
    english, norwegian = NOTES.get(chosen.kind) or _references()
    r2 = ", ".join(f"{value:.3f}" for value in estimate.r2)
    n = f"{estimate.n:,.0f}"
    kind = {"classical": ("classical", "klassiske"),
            "family": ("clustered by family", "klynget etter familie")}  # fmt: skip
    errors = kind.get(estimate.errors, (estimate.errors, estimate.errors))
    return (
        f"N = {n}, ages {AGES[0]}-{AGES[1]}. Reference group: {english}. *** 99 %, ** 95 %, "
        f"* 90 %. Standard errors: {errors[0]}. R2: {r2}.",
        f"N = {n.replace(',', ' ')}, alder {AGES[0]}-{AGES[1]} år. Referansegruppe: {norwegian}. "
        f"*** 99 %, ** 95 %, * 90 %. Standardfeil: {errors[1]}. "
        f"R2: {r2.replace(', ', '; ').replace('.', ',')}.",
    )


def _references() -> Words:
    found = [f.codes.codes[f.codes.index(f.reference)] for f in BASE]
    named = [HEADINGS[factor.name] for factor in BASE]
    return (
        "; ".join(f"{h[0].lower()} {c.en.lower()}" for h, c in zip(named, found, strict=True)),
        "; ".join(f"{h[1].lower()} {c.nb.lower()}" for h, c in zip(named, found, strict=True)),
    )


def text(estimate: LinearEstimate, *, language: str = "both", everything: bool = False) -> str:
    """Return a table for the eye, in English, Norwegian or both."""
    chosen = languages(language)
    shown = list(lines(estimate, everything=everything))
    moves = MOVES.get(estimate.outcome, MOVES[estimate.specification.outcome])
    labels = [[HEADINGS[line.factor][i] for line in shown] for i in chosen]
    labels += [["  " + line.words[i] for line in shown] for i in chosen]
    widths = [max(map(len, labels[n] + labels[n + len(chosen)])) for n in range(len(chosen))]
    wide = [max(CELL, *(len(words[i]) for i in chosen)) for words in moves]
    blank = padded([""] * len(chosen), widths)
    body = [blank + padded([w[i] for w in moves], wide, right=True) for i in chosen]
    rule = "-" * len(body[0])
    body.append(rule)
    before = "constant"
    for line in shown:
        if line.factor not in {before, "constant"}:
            body.append(padded([HEADINGS[line.factor][i] for i in chosen], widths))
        before = line.factor
        cells = [
            f"{value}{stars:<3} {f'({t})' if t else '':>9}"
            for value, stars, t in _cells(estimate, line, language)
        ]
        words = [("" if line.factor == "constant" else "  ") + line.words[i] for i in chosen]
        body.append(padded(words, widths) + padded(cells, wide, right=True))
    notes = [textwrap.fill(note(estimate)[i], len(rule)) for i in chosen]
    head = [title(estimate.specification)[i] for i in chosen]
    return "\n".join([*head, rule, *(line.rstrip() for line in body), rule, *notes, ""])


def to_csv(estimates: Iterable[LinearEstimate], *, everything: bool = True) -> str:
    """Return tables as one CSV: a row a variable, figures with ten digits."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    each = [f"{o}{what}" for o in OUTCOMES for what in ("", "_se", "_stars", "_t")]
    writer.writerow(["table", "kind", "region", "variable", "en", "nb", *each, "errors", "n",
                     *(f"{o}_r2" for o in OUTCOMES)])  # fmt: skip
    for estimate in estimates:
        chosen = estimate.specification
        number = next((name for name, one in TABLES.items() if one == chosen), "")
        region = "" if chosen.region is None else chosen.regions.names[chosen.region]
        figures = (estimate.estimates, estimate.std_errors, estimate.stars, estimate.t_values)
        about = [estimate.errors, plain(estimate.n), *map(plain, estimate.r2)]
        for line in lines(estimate, everything=everything):
            i = line.position
            row = [""] * len(each) if i is None else [
                plain(f[i, j]) for j in range(len(OUTCOMES)) for f in figures]  # fmt: skip
            writer.writerow([number, chosen.kind, region, line.variable, *line.words, *row, *about])
    return out.getvalue()


def latex(estimate: LinearEstimate, *, language: str = "en", everything: bool = False) -> str:
    """Return a table as a LaTeX `table` that needs no packages; `nb` has decimal commas."""
    chosen = languages(language)
    moves = MOVES.get(estimate.outcome, MOVES[estimate.specification.outcome])
    heads = [" / ".join(words[i] for i in chosen) for words in moves]
    caption = joined(title(estimate.specification), chosen, " / ")
    out = [r"\begin{table}", command("caption", caption),
           command("begin", "tabular") + "{" + "l" * len(chosen) + "rlrlrl}", r"\hline",
           " & ".join([""] * len(chosen) + [r"\multicolumn{2}{c}{" + tex(h) + "}" for h in heads])
           + r" \\", r"\hline"]  # fmt: skip
    before = ""
    for line in lines(estimate, everything=everything):
        if line.factor not in {before, "constant"}:
            words = [command("textit", tex(HEADINGS[line.factor][i])) for i in chosen]
            out.append(" & ".join(words) + r" \\")
        before = line.factor
        cells = [tex(line.words[i]) for i in chosen]
        for value, stars, t in _cells(estimate, line, language):
            cells += [math_mode(value), (math_mode(f"^{{{stars}}}") if stars else "")
                      + (math_mode(f"({t})") if t else "")]  # fmt: skip
        out.append(" & ".join(cells) + r" \\")
    out += [
        r"\hline",
        r"\end{tabular}",
        "",
        joined(note(estimate), chosen, "\n\n"),
        r"\end{table}",
        "",
    ]
    return "\n".join(out)


def _cells(estimate: LinearEstimate, line: Line, language: str) -> Iterator[tuple[str, str, str]]:
    """Yield estimate, stars and t value of each outcome as they are printed."""
    i = line.position
    if i is None:
        yield from [(NOTHING, "", "")] * len(OUTCOMES)
        return
    point = "," if language == "nb" else "."
    for value, stars, t in zip(
        estimate.estimates[i], estimate.stars[i], estimate.t_values[i], strict=True
    ):
        shown = "" if math.isnan(t) else signed(t, 2).replace(".", point)
        yield signed(value, 3).replace(".", point), str(stars), shown
