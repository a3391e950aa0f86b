"""The folder of a comparison: tables, figures, one HTML page and the manifest.

The page looks like that of a run and takes its style from there. The first sentence answers
the question; every number is B less A, with the interval (see runs/differences.py).
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from runs import compare_answer, plots
from runs.answer import number
from runs.compare_plots import DRAWINGS, draw_comparison
from runs.compare_tables import happens, headline, write_tables
from runs.differences import Comparison, Difference
from runs.intervals import FEWEST_TO_SPLIT, noise, split
from runs.manifest import as_text, sha256_of
from runs.matching import CELLS, EXPLAINED, MECHANISMS, OTHER_GROUP, OUTCOMES
from runs.measures import RATES
from runs.people import of_a_part
from runs.report import DIMENSIONS, Cell, Label, Row, spoken
from runs.tables import CODE_LISTS, write_whole

DASH = Cell("\N{EN DASH}")
COLUMNS = ("A", "B", "B less A", "Percent of A", "Times fewer replicates")
TOLD = ("emigrations", "expected_emigrations", "domestic_moves", "expected_domestic_moves",
        "returns", "stock", "emigration_rate")  # fmt: skip
OUTCOME_LABELS = {
    "elsewhere": "Not in Norway, and does not come back",
    "return": "Comes back",
    "stay": "Stays",
    "domestic": "Moves to another level",
    "emigrate": "Emigrates",
    "death": "Dies",
    "arrive": "Arrives for the first time",
    "birth": "Is born",
}
MEANINGS = {
    "composition": "In one of the two they were not in Norway on 1 January (for returns: not "
    "abroad): they came, left or died in one only.",
    "employment": "Their labour-market status differs, and nothing else that the choice looks at.",
    "circumstances": "Education, family, centrality, whose luck they share or whom a child follows "
    "differs (for returns: where they are and with whom); the status may differ too.",
    "direct": "Nothing that the choice looks at differs: the chances themselves do, through the "
    "economy, the parameters or an assumption.",
    "other_group": "They do it in both, but belong to another group in each; counted in tables by "
    "group alone, where it adds up to nothing.",
}


def write_comparison(
    folder: Path, record: dict[str, Any], found: Comparison, labels: tuple[str, str]
) -> dict[str, Any]:
    """Write everything; return what is told of it."""
    tables = write_tables(folder, found)
    record["files"] = {name: sha256_of(folder / name) for name in tables}
    figures = draw_comparison(found, record)
    plots.save_all(figures, folder / "figures")
    sentences = of_a_part(record, compare_answer.answer(found, labels))
    page = _render(
        {
            "manifest": record,
            "labels": labels,
            "answer": sentences,
            "found": found,
            "figures": _drawn(figures),
            "year_tables": list(_year_tables(found)),
            "mechanisms": list(_mechanisms(found)),
            "meanings": MEANINGS,
            "groups": list(_groups(found)),
            "outcomes": list(_outcomes(found)),
            "outcome_heads": list(OUTCOME_LABELS.values()),
            "columns": COLUMNS,
            "fewest": FEWEST_TO_SPLIT,
            "noise": noise(found.replicates),
            "uncertainty": plots.uncertainty(record),
            "year": found.every_year[compare_answer.focus(found)],
            "facts": list(_facts(record)),
            "style": style(),
        }
    )
    write_whole(folder / "report.html", page)
    write_whole(folder / "manifest.json", as_text(record))
    return {
        "files": record["files"],
        "answer": sentences,
        "notes": record["notes"],
        "warnings": record["warnings"],
        "headline": headline(found),
    }


def _render(context: Mapping[str, Any]) -> str:
    from jinja2 import Environment, StrictUndefined

    text = (resources.files("runs") / "templates" / "compare.html").read_text("utf-8")
    environment = Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined
    )
    return environment.from_string(text).render(context)


def style() -> str:
    """Return the style of the report of a run, so that both pages look alike."""
    from markupsafe import Markup

    text = (resources.files("runs") / "templates" / "report.html").read_text("utf-8")
    start, end = text.index("<style>") + len("<style>"), text.index("</style>")
    return Markup(text[start:end])  # noqa: S704 - our own


def _drawn(figures: Mapping[str, str]) -> list[dict[str, str]]:
    from markupsafe import Markup

    return [
        {"title": drawing.title, "svg": Markup(figures[drawing.name])}  # noqa: S704 - our own
        for drawing in DRAWINGS
        if drawing.name in figures
    ]


def _year_tables(found: Comparison) -> Iterator[tuple[str, list[Row]]]:
    """Yield the title and the rows of each measure, a row a year and one for all together."""
    for measure in TOLD:
        if not happens(found, measure):
            continue
        years = [*found.every_year, *([found.years[1] + 1] if measure == "stock" else [])]
        rows = [Row(Label(str(year)), _cells(found.differences.at(y, measure), measure))
                for y, year in enumerate(years)]  # fmt: skip
        together = found.differences.at(-1, measure)
        if len(years) > 1 and not math.isnan(together.mean):
            rows.append(Row(Label("Together"), _cells(together, measure)))
        unit = "percent" if measure in RATES else "persons"
        title = spoken(measure)
        yield f"{title[:1].upper()}{title[1:]} of immigrants, {unit}", rows


def _cells(one: Difference, measure: str) -> list[Cell]:
    """Return A, B, the difference, its percentage and what shared luck is worth."""
    if math.isnan(one.mean):
        return [DASH] * len(COLUMNS)
    digits = 3 if measure in RATES else 1
    first = [Cell(number(value, max(digits - 1, 0))) for value in (one.a, one.b)]
    gain = Cell(number(one.gain, 0)) if math.isfinite(one.gain) else DASH
    told = _signed(one[2:5], digits, one[-3:])
    return [*first, told, _signed(one[5:8], 2), gain]


def _signed(values: Sequence[float], digits: int, shares: Sequence[float] = (math.nan,)) -> Cell:
    mean, low, high = values
    if math.isnan(mean):
        return DASH
    told = number(mean, digits, signed=True)
    if not low < high:
        return Cell(told)
    span = f"{number(low, digits, signed=True)} to {number(high, digits, signed=True)}"
    return Cell(told, span, split(shares))


def _mechanisms(found: Comparison) -> Iterator[tuple[str, list[Row]]]:
    """Yield, for each event, a row a year: what each mechanism adds, and the gross numbers."""
    if found.reasons is None:
        return
    reasons = found.reasons
    for e, event in enumerate(EXPLAINED):
        if not reasons.who[:, e].any():
            continue
        rows = []
        for y, year in enumerate(found.every_year):
            of_all = reasons.net, reasons.low, reasons.high, *reasons.shares
            spans = [[float(of[y, e, m, 0]) for of in of_all]
                     for m in range(OTHER_GROUP)]  # fmt: skip
            gross = reasons.who[y, e, :OTHER_GROUP, :, 0].sum(axis=0)
            net = Cell(number(float(gross[1] - gross[0]), 1, signed=True))
            cells = [Cell(number(float(gross[d]), 1)) for d in (0, 1)]
            rows.append(
                Row(Label(str(year)), [*(_signed(s[:3], 1, s[3:]) for s in spans), net, *cells])
            )
        yield (
            {"emigrate": "Emigrations", "domestic": "Domestic moves", "return": "Returns"}[event],
            rows,
        )


def _groups(found: Comparison) -> Iterator[tuple[str, list[Row]]]:
    """Yield the emigrations of each group in the year of the answer."""
    y = compare_answer.focus(found)
    sections: dict[str, list[Row]] = {}
    for cell, (dimension, group) in enumerate(CELLS):
        if not happens(found, "emigrations", cell) and not happens(found, "stock", cell):
            continue
        label = Label("All immigrants")
        for code in CODE_LISTS.get(dimension, ()):
            if code.name == group:
                label = Label(code.en, code.nb if code.nb != code.en else "")
        row = Row(label, _cells(found.differences.at(y, "emigrations", cell), "emigrations"))
        sections.setdefault(DIMENSIONS.get(dimension, "All"), []).append(row)
    yield from sections.items()


def _outcomes(found: Comparison) -> Iterator[Row]:
    """Yield what those with each outcome in A do in B, in the year of the answer."""
    if found.reasons is None:
        return
    held = found.reasons.outcomes[compare_answer.focus(found)]
    for a, outcome in enumerate(OUTCOMES):
        if held[a].any():
            cells = [Cell(number(float(held[a, b]), 1)) if held[a, b] else DASH
                     for b in range(len(OUTCOMES))]  # fmt: skip
            yield Row(Label(OUTCOME_LABELS[outcome]), cells)


def _facts(record: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what is needed to make the comparison again and to recognise it."""
    for letter, side in zip("AB", record["sides"], strict=True):
        run = f", run {side['run']}" if side["run"] else ""
        yield letter, f"{side['label']}{run}"
        for name in ("parameters", "economy", "calibration"):
            if name in side:
                yield f"{name.capitalize()} of {letter}", f"{side[name].get('sha256', '')}"
    for title, key in (("Command", "command"), ("Seed", "seed"), ("Replicates", "replicates"),
                       ("Commit", "commit")):  # fmt: skip
        if record.get(key) is not None:
            yield title, str(record[key])
    yield "Population", f"{record['population'].get('sha256', '')}"
    yield "Versions", "; ".join(f"{name} {value}" for name, value in record["versions"].items())
    yield from ((f"SHA-256 of {name}", digest) for name, digest in record["files"].items())


assert set(MEANINGS) == set(MECHANISMS)
assert tuple(OUTCOME_LABELS) == OUTCOMES
