"""The page of an analysis: the answer first, then the picture, the indices and how to read them."""

import math
from collections.abc import Iterator, Mapping
from importlib import resources
from typing import Any

from runs.answer import number
from runs.compare_report import style
from runs.sensitivity.design import MEANINGS as METHODS
from runs.sensitivity.findings import Found, answers, caveats, short, words
from runs.sensitivity.indices import INDICES, MEANINGS, Index

DASH = "\N{EN DASH}"


def page(found: Found, record: Mapping[str, Any], svg: str) -> str:
    """Return the page as HTML."""
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    text = (resources.files("runs") / "templates" / "sensitivity.html").read_text("utf-8")
    environment = Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined
    )
    method = found.design.method
    return environment.from_string(text).render(
        record=record,
        style=style(),
        svg=Markup(svg),  # noqa: S704 - our own
        method=method,
        method_meaning=METHODS[method],
        points=len(found.experiment.points),
        replicates=found.experiment.replicates,
        answers=record["answer"],
        caveats=record["caveats"],
        inputs=list(_inputs(found)),
        outputs=list(_outputs(found)),
        heads=[name for name in INDICES[method] if name != "second"],
        meanings=[(name, MEANINGS[method, name]) for name in INDICES[method]
                  if name != "second" or found.design.second],
        tables=list(_tables(found)),
        pairs=list(_pairs(found)),
        facts=list(_facts(record)),
    )  # fmt: skip


def told(found: Found) -> dict[str, Any]:
    """Return what is told of an analysis in words, for page, manifest and terminal."""
    return {"answer": answers(found), "caveats": list(caveats(found))}


def _inputs(found: Found) -> Iterator[tuple[str, str]]:
    for one in found.experiment.inputs:
        yield short(one.label), one.meaning


def _outputs(found: Found) -> Iterator[tuple[str, str, str, str]]:
    """Yield each output with its mean over points, where 95 percent lie, and the part of luck."""
    for o, output in enumerate(found.experiment.outputs):
        if o in found.undefined:
            yield output.name, DASH, DASH, DASH
            continue
        digits = 2 if output.unit == "percent" else 1
        mean, low, high = (number(value, digits) for value in found.middle(o))
        chance = found.noise[o].chance
        luck = DASH if math.isnan(chance) else f"{number(100 * chance, 2)} percent"
        yield f"{output.name} ({output.unit})", mean, f"{low} to {high}", luck


def _tables(found: Found) -> Iterator[tuple[str, list[tuple[str, list[tuple[str, str]]]]]]:
    """Yield for each output a row an input, the one that matters most first."""
    for o, output in enumerate(found.experiment.outputs):
        if o in found.undefined:
            continue
        held = [found.of(o, name) for name in INDICES[found.design.method] if name != "second"]
        rows = []
        for one in found.ranked(o):
            cells = [_cell(kind[one.input], found) for kind in held]
            rows.append((short(found.experiment.inputs[one.input].label), cells))
        yield output.name, rows


def _cell(one: Index, found: Found) -> tuple[str, str]:
    """Return an index with its interval."""
    shares = found.design.method in ("sobol", "delta")
    percent = found.experiment.outputs[one.output].unit == "percent"
    digits = 3 if shares or percent else 1
    interval = f"{number(one.low, digits)} to {number(one.high, digits)}" if (
        math.isfinite(one.low)) else ""  # fmt: skip
    return number(one.value, digits), interval


def _pairs(found: Found) -> Iterator[tuple[str, str, str, str]]:
    """Yield the joint effects of pairs whose interval leaves 0 out."""
    for one in found.indices:
        if one.other >= 0 and (one.low > 0 or one.high < 0):
            value, interval = _cell(one, found)
            both = f"{words(found, one.input)} with {words(found, one.other)}"
            yield found.experiment.outputs[one.output].name, both, value, interval


def _facts(record: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what is needed to make the analysis again and to recognise it."""
    for title, key in (("Command", "command"), ("Seed", "seed"), ("Commit", "commit")):
        if record.get(key) is not None:
            yield title, str(record[key])
    yield "Population", str(record["population"].get("sha256", ""))
    yield "Versions", "; ".join(f"{name} {value}" for name, value in record["versions"].items())
    yield from ((f"SHA-256 of {name}", digest) for name, digest in record["files"].items())
