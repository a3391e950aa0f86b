"""Make the generated pages: `python -m docs.generate`, or `--check` that they are up to date."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

from docs import make_misprints, make_reconstruction, reconstruction_pictures
from scenarios import json_schema
from scenarios.catalogue import PATTERN, allowed, fitted, listed, meaning, tables
from scenarios.explain import written
from scenarios.fields import MEANINGS
from scenarios.schema import FIELDS, Scenario
from sim.agents.columns import BYTES_PER_PERSON, COLUMNS, LINKS, Column
from sim.agents.files import FORMAT, file_schema
from sim.codes import EVENT, CodeList
from sim.engine import ASSUMPTIONS
from sim.observe import DIMENSIONS

FOLDER = Path(__file__).parent
NOTHING_SAID = {
    "name": "must be given",
    "question": "must be given",
    "based_on": "no base",
    "assumptions": "below, the first of each",
    "changes": "nothing",
}
MANY = 30  # a longer code list is described, not printed


def codebook() -> str:
    """Return the codebook of a person's columns, of the dimensions and of a scenario's fields."""
    lines = [
        "# Codebook",
        "",
        "*Made from the declarations in the code; `make docs` makes it again.*",
        "",
        "## A person",
        "",
        f"A population is a Parquet file (format `{FORMAT}`) with one row a person and these "
        f"columns; in memory they take {BYTES_PER_PERSON} bytes a person. The metadata key `year` "
        "says on which 1 January the persons are described. Codes are text. What a person does "
        "not have is null. Columns marked *optional* may be left out; then nobody has a value, or all "
        "have the first code of the list.",
        "",
        "Everything describes 1 January of that year: age and duration of stay are those reached on "
        "31 December before it, labour-market status and education those of the year before. The "
        "published models relate just these to what people do during the year.",
        "",
        "Rules between columns: first arrival lies in the birth year or later and before the "
        "1 January described; resident immigrants count themselves in `family_immigrants`, which is "
        "at most `family_total`; both are at least the number of residents (immigrant residents) in "
        "the file with the same family number; a partner points back; whoever is abroad has a "
        "`left_year`.",
        "",
        "| column | type in file | values | meaning | Norwegian label | source |",
        "|---|---|---|---|---|---|",
        *map(_row, COLUMNS),
        "",
        "## Code lists",
        "",
    ]
    for column in COLUMNS:
        if column.codes is not None:
            lines += _codes(column.name, column.codes)
    lines += ["## Dimensions of flows and stocks", "", *_dimensions(), ""]
    lines += ["## flows.parquet and stocks.parquet", "", *_outputs(), ""]
    lines += ["## Fields of a scenario file", "", *_fields(), "", "## Assumptions", ""]
    for assumption in ASSUMPTIONS:
        lines += [f"**{assumption.name}**", ""]
        lines += [f"- `{value}`: {text}" for value, text in assumption.meanings.items()] + [""]
    return "\n".join(lines)


def _row(column: Column) -> str:
    kind = str(file_schema().field(column.name).type)
    if column.codes is not None:
        kind, values = "text", f"{len(column.codes)} codes, below"
    elif column.name in LINKS:
        values = "identifier of a person"
    else:
        high = "" if column.high >= 2**31 - 1 else f" to {column.high}"
        values = f"{column.low}{high or ' or more'}{' ' + column.unit if column.unit else ''}"
    optional = " *optional*" if column.default is not None else ""
    cells = (f"`{column.name}`{optional}", kind, values, column.meaning, column.nb, column.source)
    return "| " + " | ".join(cells) + " |"


def _codes(name: str, codes: CodeList) -> list[str]:
    if len(codes) > MANY:
        return [
            f"### {name}",
            "",
            f"{len(codes)} codes, `{codes.names[0]}` to `{codes.names[-1]}`: the official numbers "
            "of 1.1.2013, with county and centrality in `sim/data/municipalities_2013.csv`.",
            "",
        ]
    table = [f"| `{code.name}` | {code.en} | {code.nb} |" for code in codes]
    return [f"### {name}", "", "| code | English | norsk |", "|---|---|---|", *table, ""]


def _dimensions() -> list[str]:
    return [
        "All are measured on 1 January of the year, so that a flow divided by the stock is a "
        "transition probability. A domestic move is a change between the four centrality levels.",
        "",
        "| dimension | codes |",
        "|---|---|",
        *(
            f"| `{d.name}` | {', '.join(d.codes.names) if len(d.codes) < MANY else len(d.codes)} |"
            for d in DIMENSIONS.values()
        ),
    ]


def _outputs() -> list[str]:
    return [
        "Tidy tables, one row a non-empty cell: `replicate` (from 0), `draw` (which draw of the "
        "parameters) and `economy_draw` (which draw of the economy; both 0 if nothing is drawn), `year`, the dimensions, in flows `event`, and `count`. "
        "Stocks are those of 1 January, to the one after the last year. Both hold everybody resident, "
        "divided by background; summary tables, figures, report and headline are about immigrants, and "
        "Norwegian-born persons are counted in `summary_by_background.csv` and under their own name.",
        "",
        "| event | meaning |",
        "|---|---|",
        *(f"| `{code.name}` | {code.en} |" for code in EVENT),
    ]


def _fields() -> list[str]:
    plain = Scenario("", "")
    return [
        "How scenario files are written: [scenarios](scenarios.md). What they may alter: [levers](levers.md).",
        "",
        "| field | if left out | meaning |",
        "|---|---|---|",
        *(
            f"| `{name}` | {NOTHING_SAID.get(name) or written(getattr(plain, name))} | {MEANINGS[name]} |"
            for name in FIELDS
        ),
    ]


def levers() -> str:
    """Return everything that a scenario may alter."""
    return "\n".join(
        [
            "# What a scenario may alter",
            "",
            "*Made from the declarations in the code; `make docs` makes it again. How a change is written: "
            "[scenarios](scenarios.md).*",
            "",
            "## Levers",
            "",
            "Values beyond what is allowed are refused; beyond the range in which the model was fitted they are "
            "warned of. A factor is 1 unless a scenario says otherwise.",
            "",
            "| lever | what it is | unit | allowed | fitted |",
            "|---|---|---|---|---|",
            *(
                f"| `{lever.name}` | {meaning(lever)} | {lever.unit} | {allowed(lever)} | {fitted(lever)} |"
                for lever in listed()
            ),
            f"| `{PATTERN}` | First arrivals of one reason and one origin, such as `arrivals.work.eu_east` | "
            "persons a year | 0 to 1,000,000 | - |",
            "",
            "## Parameters",
            "",
            "Every number in the tables of `sim/transitions/data/` has a name: the table, the words of its row, and "
            "the column if there are several. Capitals stand for a word of the row, `*` in a scenario for every row. "
            "Tables by year may be altered in some years only. `vandring explain --levers --json` lists every name.",
            "",
            "| name | numbers | by year |",
            "|---|---|---|",
            *(
                f"| `{pattern.replace('|', ' or ')}` | {count:,} | {'yes' if by_year else 'no'} |"
                for _, pattern, by_year, count in tables()
            ),
            "",
        ]
    )


def schema() -> str:
    """Return the columns as a machine-readable table schema."""
    fields = [
        {
            "name": column.name,
            "type": "string" if column.codes is not None else "integer",
            "title": column.en,
            "title_nb": column.nb,
            "description": column.meaning,
            "constraints": _constraints(column),
        }
        for column in COLUMNS
    ]
    return json.dumps({"format": FORMAT, "fields": fields}, indent=1, ensure_ascii=False) + "\n"


def _constraints(column: Column) -> dict[str, object]:
    required = {"required": column.default is None}
    if column.codes is not None:
        return {**required, "enum": list(column.codes.names)}
    return {**required, "minimum": column.low, "maximum": column.largest}


PAGES: dict[str, Callable[[], str]] = {
    "codebook.md": codebook,
    "population_schema.json": schema,
    "misprints.md": make_misprints.page,
    "fit.md": make_reconstruction.page,
    "levers.md": levers,
    "../scenarios/scenario.schema.json": json_schema.as_text,
}
# Pages that another machine may make a little differently: who says whether they are right.
AGREES: dict[str, Callable[[str], bool]] = {"fit.md": make_reconstruction.agrees}


def main(words: list[str]) -> int:
    """Write every page and picture, or with --check say which are out of date."""
    if "--check" in words:
        stale = [name for name in PAGES if not _up_to_date(name)]
        stale += [
            name for name in reconstruction_pictures.PICTURES if not _is_picture(FOLDER / name)
        ]
        for name in stale:
            print(f"{_place(name)} is out of date; `make docs` makes it again", file=sys.stderr)
        return 1 if stale else 0
    made = {name: make() for name, make in PAGES.items()} | reconstruction_pictures.pictures()
    for name, text in made.items():
        (FOLDER / name).parent.mkdir(exist_ok=True)
        (FOLDER / name).write_text(text, encoding="utf-8")
        print(_place(name))
    return 0


def _place(name: str) -> str:
    """Return where a page lies, from the root of the project."""
    return name.removeprefix("../") if name.startswith("../") else f"docs/{name}"


def _up_to_date(name: str) -> bool:
    path = FOLDER / name
    if not path.is_file():
        return False
    text = path.read_text("utf-8")
    return AGREES[name](text) if name in AGREES else text == PAGES[name]()


def _is_picture(path: Path) -> bool:
    """Return whether a picture is there; its bits may differ from machine to machine."""
    text = path.read_text("utf-8").strip() if path.is_file() else ""
    return text.startswith("<svg") and text.endswith("</svg>")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
