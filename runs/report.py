"""The report of a run: one HTML page that answers the scenario's question and says how.

Every number is computed from the run and printed with its interval where one exists. The
page needs nothing from elsewhere: style and figures are inside it. runs/answer.py writes
the sentences, runs/templates/report.html lays out the page, this module fills it. All of it is
about immigrants; Norwegian-born persons have a table, a row and a sentence of their own.
"""

import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import pyarrow as pa

from runs import plots
from runs.answer import answer, closed, focus, followed, number, rounded, split_of_last
from runs.intervals import FEWEST_TO_SPLIT, Estimate, noise
from runs.measures import COUNTS, EXPOSED, RATES
from runs.official import official
from runs.people import of_a_part
from runs.structure_plots import DRAWINGS as STRUCTURE
from runs.structure_plots import draw_structure
from runs.tables import (
    BACKGROUND,
    CODE_LISTS,
    NORWEGIAN_BORN,
    Histories,
    Span,
    estimates,
    histories,
    stem,
    summaries,
    write_whole,
)

Estimates = Mapping[tuple[str, str, int], Estimate]

YEAR_TABLES = (
    ("emigrations", "Emigrations of immigrants", "persons per year"),
    (
        "emigration_rate",
        "Emigration rate of immigrants",
        "percent per year of the residents of 1 January",
    ),
    ("domestic_moves", "Domestic moves of immigrants", "persons per year"),
    ("stock", "Immigrants on 1 January", "persons"),
)
CHANGES = {
    "stock": "On 1 January",
    "arrivals": "Arrive",
    "returns": "Return",
    "emigrations": "Emigrate",
    "deaths": "Die",
    "county_moves": "Leave their county",
    "registered_emigrations": "Registered as emigrated",
}
GROUP_COLUMNS = {
    "stock": "Population on 1 January",
    "emigrations": "Emigrations",
    "emigration_rate": "Emigration rate, %",
    "domestic_moves": "Domestic moves",
    "domestic_rate": "Domestic move rate, %",
}
DIMENSIONS = {
    "reason": "Reason for immigration",
    "sponsor_reason": "Whom a family immigrant joined",
    "background": "Background",
    "country_group": "Country group",
    "origin": "Country of origin",
    "sex": "Sex",
    "age_group": "Age",
    "duration_group": "Years since first immigration",
    "education": "Education",
    "status": "Labour-market status",
    "centrality": "Centrality of the municipality",
    "county": "County",
    "municipality": "Municipality",
}
LONGEST = 30  # groups; longer tables are CSV files only
MODEL_TYPES = {1: "one logit for all", 2: "one per centrality level", 3: "also per sex"}
BORN = "Norwegian-born to two immigrant parents"
APART = " (Norwegian-born persons are counted in this part alone)"
OTHER_EVENTS = [word for word, event in COUNTS.items() if event not in EXPOSED]
GLOSSARY = ("reason", "background", "country_group", "centrality")


@dataclass(frozen=True)
class Label:
    """What a reader sees of a code: English, and Norwegian where it differs."""

    en: str
    nb: str = ""


@dataclass(frozen=True)
class Cell:
    """One number as printed, with its interval or nothing."""

    value: str
    interval: str = ""
    split: str = ""


@dataclass(frozen=True)
class Row:
    """One line of a table."""

    head: Label
    cells: Sequence[Cell]


def write_report(
    folder: Path,
    manifest: Mapping[str, Any],
    flows: pa.Table,
    stocks: pa.Table,
    *,
    made: Mapping[str, pa.Table] | None = None,
    years: Span | None = None,
    structure: pa.Table | None = None,
) -> Path:
    """Write report.html and figures/*.svg into the folder of a run, each whole or not at all.

    made: what `tables.summaries` returned for these flows and stocks, if it is at hand.
    years: the first and last year of the run, to tell of years in which nobody is left.
    structure: ages and family sizes, of which more figures are drawn.
    """
    from markupsafe import Markup

    made = summaries(flows, stocks, years=years) if made is None else made
    manifest = {**manifest, "draws": len(stocks["draw"].unique())}
    figures = plots.draw_all(made, manifest)
    people = {} if structure is None else draw_structure(structure, manifest)
    plots.save_all({**figures, **people}, folder / "figures")
    total, by_reason = histories(flows, stocks, years=years), None
    if stem("reason") in made:
        by_reason = histories(flows, stocks, ("reason",), years=years)
    base = manifest.get("scenario", {}).get("based_on", "")
    page = _render(
        {
            "manifest": manifest,
            "answer": of_a_part(
                manifest, answer(total, by_reason, base, _born(made), _only_children(manifest))
            ),
            "uncertainty": plots.uncertainty(manifest),
            "uncertain": " and ".join(plots.drawn(manifest)),
            "fewest": FEWEST_TO_SPLIT,
            "noise": noise(len(total.stock)),
            "official": official(made, manifest),
            "facts": list(_facts(manifest, folder)),
            **_people(manifest, total),
            **_contents(made, figures, total),
            "structure": [
                {"title": drawing.title, "svg": Markup(people[drawing.name])}  # noqa: S704 - ours
                for drawing in STRUCTURE
                if drawing.name in people
            ],
        }
    )
    return write_whole(folder / "report.html", page)


def _render(context: Mapping[str, Any]) -> str:
    from jinja2 import Environment, StrictUndefined

    text = (resources.files("runs") / "templates" / "report.html").read_text("utf-8")
    environment = Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined
    )
    return environment.from_string(text).render(context)


def _people(manifest: Mapping[str, Any], total: Histories) -> dict[str, Any]:
    """Return what the page says of the persons: whom it follows, and where they come from."""
    population = manifest.get("population", {})
    source = population.get("source", "")
    origin = str(population.get("asked_for", source))
    return {
        "followed": followed(total, source),
        "census": census(population),
        "embedded": origin.partition(":")[0].partition(" ")[0] == "embedded",
    }


def census(population: Mapping[str, Any]) -> str:
    """Say how many persons a population holds, and which of them the page counts."""
    parts = (
        ("resident_immigrants", "resident immigrants"),
        ("resident_norwegian_born", f"resident {BORN}"),
        ("abroad", "persons abroad, who are counted nowhere on this page unless they return"),
    )
    held = [f"{population[key]:,} {words}" for key, words in parts if population.get(key)]
    return f"On 1 January {population['year']} it holds {'; '.join(held)}." if held else ""


def _born(made: Mapping[str, pa.Table]) -> dict[tuple[str, int], Estimate]:
    """Return what is told of Norwegian-born persons, by measure and year."""
    found = estimates(made[stem(BACKGROUND)]) if stem(BACKGROUND) in made else {}
    return {(m, year): e for (m, group, year), e in found.items() if group == NORWEGIAN_BORN}


def _only_children(manifest: Mapping[str, Any]) -> bool:
    """Say whether it is assumed that no Norwegian-born person of 15 or more goes anywhere."""
    assumed = {row["name"]: row["value"] for row in manifest.get("assumptions", ())}
    return assumed.get(NORWEGIAN_BORN) == "stay" and assumed.get("descendants", "stay") == "stay"


def _contents(
    made: Mapping[str, pa.Table], figures: Mapping[str, str], held: Histories
) -> dict[str, Any]:
    """Return what the page prints below the answer: figures, tables and words."""
    from markupsafe import Markup

    at = focus(held)
    total = estimates(made["summary_total"])
    apart = estimates(made[stem(BACKGROUND)]) if stem(BACKGROUND) in made else {}
    measures = {measure for measure, _, _ in (*total, *apart)}
    years = sorted({year for measure, _, year in total if measure == "emigrations"})
    return {
        "years": years,
        "year_of_answer": years[at] if years else None,
        "replicates": max((estimate.replicates for estimate in total.values()), default=0),
        "key_figures": list(_key_figures(total, years, closed(held))),
        "figures": [
            {
                "title": drawing.title,
                "table": [measure for measure, *_ in YEAR_TABLES].index(drawing.measure) + 1,
                "svg": Markup(figures[drawing.name]),  # noqa: S704 - our own drawing, escaped
                "split": split_of_last(total, drawing.measure),
            }
            for drawing in plots.DRAWINGS
            if drawing.name in figures
        ],
        "year_tables": list(_year_tables(made)),
        "group_columns": list(GROUP_COLUMNS.values()),
        "group_sections": list(_group_sections(made, years[at])) if years else [],
        "never": [spoken(word) for word in OTHER_EVENTS if word not in measures],
        "happens": [spoken(word) for word in OTHER_EVENTS if word in measures],
        "glossary": [
            (DIMENSIONS[name], _labels(made[stem(name)], name).values())
            for name in _dimensions(made)
            if name in GLOSSARY
        ],
        "summaries": [f"{name}.csv" for name in made],
    }


def spoken(measure: str) -> str:
    """Return a measure as words."""
    return measure.replace("_", " ")


def _key_figures(total: Estimates, years: Sequence[int], alone: bool) -> Iterator[tuple[str, Cell]]:
    """Yield the tiles; alone: nobody is added, so that the last population is a remainder."""
    if not years:
        return
    year_of_answer = years[0 if alone else -1]
    whose = ", of those followed" if alone else ""
    for measure, title, year in (
        ("emigrations", f"Emigrations of immigrants, {year_of_answer}", year_of_answer),
        ("emigration_rate", f"Emigration rate of immigrants, %, {year_of_answer}", year_of_answer),
        ("domestic_moves", f"Domestic moves of immigrants, {year_of_answer}", year_of_answer),
        ("stock", f"Immigrants, 1 January {years[-1] + 1}{whose}", years[-1] + 1),
    ):
        estimate = total.get((measure, "", year))
        if estimate is not None and not math.isnan(estimate.mean):
            told = rounded(estimate, rate=measure in RATES, stock=measure == "stock")
            yield title, Cell(*told, estimate.split)


def _dimensions(made: Mapping[str, pa.Table]) -> list[str]:
    """Return the dimensions whose groups are few enough for a table, in reading order."""
    return [
        name
        for name in DIMENSIONS
        if stem(name) in made and len(CODE_LISTS.get(name, ())) <= LONGEST
    ]


def _labels(table: pa.Table, dimension: str) -> dict[str, Label]:
    """Return the labels of the groups of a summary, in its order."""
    known = {code.name: code for code in CODE_LISTS.get(dimension, ())}
    found = {}
    for name in dict.fromkeys(table[dimension].to_pylist()):
        code = known.get(name)
        found[name] = Label(code.en, code.nb if code.nb != code.en else "") if code else Label(name)
    return found


def _year_tables(made: Mapping[str, pa.Table]) -> Iterator[dict[str, Any]]:
    """Yield the tables of years by reason, the total in the last column, and that of others."""
    total, labels, found = estimates(made["summary_total"]), {}, {}
    if stem("reason") in made:
        labels = _labels(made[stem("reason")], "reason")
        found = estimates(made[stem("reason")])
    for measure, title, unit in YEAR_TABLES:
        rows = [
            Row(
                Label(str(year)),
                [
                    *(_cell(found, measure, group, year) for group in labels),
                    _cell(total, measure, "", year),
                ],
            )
            for year in sorted({year for m, _, year in total if m == measure})
        ]
        heads = [Label(plots.short(label.en), label.nb) for label in labels.values()]
        full = f"{title} by reason for immigration, {unit}"
        heads.append(Label("All immigrants"))
        yield {"title": full, "heads": heads, "rows": rows, "kind": ""}
    yield from _changes(total)
    born = {(measure, "", year): estimate for (measure, year), estimate in _born(made).items()}
    if born:
        heads = [Label(title) for title in GROUP_COLUMNS.values()]
        rows = [
            Row(Label(str(year)), [_cell(born, measure, "", year) for measure in GROUP_COLUMNS])
            for year in sorted({year for _, _, year in born})
        ]
        yield {"title": f"{BORN}, by year", "heads": heads, "rows": rows, "kind": "groups"}


def _changes(total: Estimates) -> Iterator[dict[str, Any]]:
    """Yield how the number of immigrants changes from year to year, if anybody comes."""
    measures = {measure for measure, *_ in total}
    shown = {m: title for m, title in CHANGES.items() if m in measures}
    if not {"arrivals", "returns"} & measures:
        return
    years = sorted({year for measure, _, year in total if measure == "emigrations"})
    rows = [Row(Label(str(y)), [_cell(total, m, "", y) for m in shown]) for y in years]
    heads = [Label(title) for title in shown.values()]
    yield {"title": "How the number of immigrants changes, persons", "heads": heads, "rows": rows,
           "kind": "groups"}  # fmt: skip


def _group_sections(made: Mapping[str, pa.Table], year: int) -> Iterator[tuple[str, list[Row]]]:
    """Yield, for each dimension, what its groups did in one year."""
    total = estimates(made["summary_total"])
    yield "All", [Row(Label("All immigrants"), [_cell(total, m, "", year) for m in GROUP_COLUMNS])]
    for dimension in _dimensions(made):
        found = estimates(made[stem(dimension)])
        rows = [
            Row(label, [_cell(found, measure, group, year) for measure in GROUP_COLUMNS])
            for group, label in _labels(made[stem(dimension)], dimension).items()
        ]
        apart = APART if dimension == BACKGROUND and _born(made) else ""
        yield DIMENSIONS[dimension] + apart, rows


def _cell(found: Estimates, measure: str, group: str, year: int) -> Cell:
    """Return a number as a table prints it; a dash where nobody is exposed."""
    estimate = found.get((measure, group, year))
    if estimate is None or math.isnan(estimate.mean):
        return Cell("\N{EN DASH}")
    digits = 2 if measure in RATES else 0 if estimate.mean >= 10 or not estimate.mean % 1 else 1
    value = number(estimate.mean, digits)
    if not estimate.low < estimate.high:
        return Cell(value)
    span = f"{number(estimate.low, digits)} to {number(estimate.high, digits)}"
    return Cell(value, span, estimate.split)


def _facts(manifest: Mapping[str, Any], folder: Path) -> Iterator[tuple[str, str]]:
    """Yield what is needed to make the run again and to recognise it."""
    for title, key in (
        ("Command", "command"),
        ("Seed", "seed"),
        ("Replicates", "replicates"),
        ("Model type", "model_type"),
        ("Draws", "draw_mode"),
        ("Population", "population"),
        ("Parameters", "parameters"),
        ("Versions", "versions"),
        ("Commit", "commit"),
        ("Seconds", "timings"),
    ):
        if manifest.get(key) is not None:
            meaning = MODEL_TYPES.get(manifest[key], "") if key == "model_type" else ""
            yield title, _plain(manifest[key]) + (f" ({meaning})" if meaning else "")
    for name in ("flows.parquet", "stocks.parquet"):
        if (folder / name).exists():
            with (folder / name).open("rb") as file:
                yield f"SHA-256 of {name}", hashlib.file_digest(file, "sha256").hexdigest()


def _plain(value: Any) -> str:
    """Return a value of the manifest as a reader's text."""
    if isinstance(value, Mapping):
        parts = ((str(name).replace("_", " "), part) for name, part in value.items())
        return "; ".join(f"{name}: {_plain(part)}" for name, part in parts)
    if isinstance(value, list | tuple):
        return ", ".join(_plain(part) for part in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.3g}" if isinstance(value, float) else str(value)
