"""The page of the published tables beside the model's."""

from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any

from runs.validation.beside import Beside, by_kind, by_table, summaries, summary

LIMITS = (
    "The replicates differ by luck and, half of them, by coefficients and the answer to the "
    "economy. The reconstructed people, assumptions and the form of the model do not differ: "
    "what lies outside is theirs. The more persons stand behind a figure, the narrower is its "
    "interval."
)


def heading(table: str) -> str:
    """Return what a table is called over its figures."""
    return (
        f"Table {table}" if table[0].isdigit() and "." in table else table[:1].upper() + table[1:]
    )


def tables_page(rows: Sequence[Beside], record: Mapping[str, Any]) -> str:
    """Return the page."""
    from jinja2 import Environment, StrictUndefined

    from runs.compare_report import style

    kinds = {
        kind: [
            (heading(name), cells, summary(name, cells)) for name, cells in by_table(some).items()
        ]
        for kind, some in by_kind(rows).items()
    }
    text = (resources.files("runs") / "templates" / "tables.html").read_text("utf-8")
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True,
                              undefined=StrictUndefined)  # fmt: skip
    return environment.from_string(text).render(
        sums=summaries(rows), kinds=kinds, record=record, style=style(), limits=LIMITS
    )
