"""`vandring check` and `vandring example-data`: an extract for estimation judged, or made up."""

import argparse
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runs.terminal import DONE, FAILED, whole_number
from sim.problems import InputError, Problem, refuse, shown

if TYPE_CHECKING:
    from calibration.extract import Examination
    from calibration.extract_findings import Finding
    from calibration.extract_mapping import ExtractMapping

MOST_MAPPING = 2**20  # bytes
MOST_SHOWN = 40  # recodings printed; --json has all
CHECK_EXAMPLES = """\
examples:
  vandring check persons.csv
  vandring check register.parquet --mapping mapping.yaml --json
  vandring check register.parquet --mapping mapping.yaml --fix persons.parquet

DATA has one row a person: characteristics of one year, outcome in the next. Columns, codes
and the mapping file: docs/check.md. The answer is 0 if all is right, 1 if there are errors
(with --fix too: the clean file lacks these rows), 2 if nothing could be checked.
"""
EXAMPLE_EXAMPLES = """\
examples:
  vandring example-data --out persons.csv
  vandring example-data --rows 100000 --seed 7 --out persons.parquet
  vandring example-data --raw --out raw.csv        # with raw.mapping.yaml

Nobody in the file exists. --raw writes the same persons as a register might hold them, for
`vandring check raw.csv --mapping raw.mapping.yaml`.
"""


def prepare_check(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `check`."""
    parser.epilog = CHECK_EXAMPLES
    add = parser.add_argument
    add("data", metavar="DATA", help="CSV or Parquet file with one row a person")
    add("--mapping", metavar="YAML", help="whose column is which, which code means what")
    add("--fix", metavar="OUT", help="write the right rows to this Parquet file, in our codes")
    add("--examples", metavar="N", default="3", help="rows named of each problem (default: 3)")
    add("--json", action="store_true", help="print the findings as JSON on standard output")


def prepare_example(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `example-data`."""
    parser.epilog = EXAMPLE_EXAMPLES
    add = parser.add_argument
    add("--out", metavar="FILE", help="CSV or Parquet file to write, by its ending")
    add("--rows", metavar="N", default="20000", help="persons (default: 20000)")
    add("--seed", metavar="N", default="1", help="another seed draws other persons (default: 1)")
    add("--raw", action="store_true", help="raw inputs, with the mapping file that they need")


def mapping_file(path: str | Path) -> "ExtractMapping":
    """Read a mapping file; raise InputError with all that is wrong with it."""
    from calibration.extract_mapping import as_mapping
    from scenarios.reading import parse_yaml

    source, allowed = str(path), "a mapping file in YAML"
    try:
        if Path(path).stat().st_size > MOST_MAPPING:
            found = f"is larger than {MOST_MAPPING:,} bytes"
            raise InputError(source, [Problem("file", found, allowed)])
        text = Path(path).read_text("utf-8-sig")
    except FileNotFoundError:
        raise InputError(source, [Problem("file", "does not exist", allowed)]) from None
    except (OSError, UnicodeError) as error:
        found = f"cannot be read ({getattr(error, 'strerror', None) or 'not UTF-8'})"
        raise InputError(source, [Problem("file", found, allowed)]) from None
    return as_mapping(parse_yaml(text, source), source)


def act_check(arguments: argparse.Namespace, _: list[str]) -> int:
    """Examine, write if asked, tell."""
    problems: list[Problem] = [*arguments.unknown]
    examples = whole_number(arguments.examples, "--examples", 1000, problems)
    if arguments.fix is not None:
        problems += _out_problems(arguments.fix, "--fix", (".parquet",))
        problems += _same_file(arguments.fix, arguments.data)
    refuse("command", problems)
    mapping = mapping_file(arguments.mapping) if arguments.mapping is not None else None
    beside: Path | None = None
    if arguments.fix is None:
        from calibration.extract import examine

        found = examine(arguments.data, mapping, examples=examples)
    else:
        from calibration.extract_clean import clean

        with _writing("--fix"):
            found, beside = clean(arguments.data, arguments.fix, mapping, examples=examples)
    written = {"clean": arguments.fix, "dropped": str(beside)} if beside else None
    if arguments.json:
        print(json.dumps(_record(found, written), indent=1, ensure_ascii=False))
    else:
        print("\n".join(_lines(found, written, asked=arguments.fix is not None)))
    return FAILED if found.errors else DONE


def act_example(arguments: argparse.Namespace, _: list[str]) -> int:
    """Make persons up and write them."""
    problems: list[Problem] = [*arguments.unknown]
    rows = whole_number(arguments.rows, "--rows", 2_000_000, problems, least=100)
    seed = whole_number(arguments.seed, "--seed", 2**31 - 1, problems, least=0)
    problems += _out_problems(arguments.out, "--out", (".csv", ".parquet"))
    refuse("command", problems)
    from calibration.example_data import write_example

    with _writing("--out"):
        written = write_example(arguments.out, rows=rows, seed=seed, raw=arguments.raw)
    print(f"{rows:,} persons who do not exist: {', '.join(str(path) for path in written)}")
    if arguments.raw:
        print(f"Now: vandring check {written[0]} --mapping {written[1]}")
    return DONE


@contextmanager
def _writing(option: str) -> Iterator[None]:
    """Say as a problem of an option that a file cannot be written."""
    try:
        yield
    except OSError as error:
        found = f"cannot be written ({error.strerror or error})"
        raise InputError("command", [Problem(option, found, "a file that can")]) from None


def _out_problems(out: str | None, option: str, endings: tuple[str, ...]) -> Iterator[Problem]:
    allowed = f"a file ending in {' or '.join(endings)}"
    if not out:
        yield Problem(option, "is missing", allowed, f"Add {option} persons{endings[0]}.")
    elif Path(out).is_dir():
        yield Problem(option, f"{shown(out)} is a folder", allowed)
    elif not Path(out).parent.is_dir():
        yield Problem(option, f"there is no folder {shown(str(Path(out).parent))}", "a file in one")
    elif Path(out).suffix.lower() not in endings:
        yield Problem(option, f"is {shown(out)}", allowed)


def _same_file(out: str, data: str) -> Iterator[Problem]:
    if out and Path(out).resolve() == Path(data).resolve():
        yield Problem("--fix", "is DATA itself", "another file", "The extract stays as it is.")


def _record(found: "Examination", written: dict[str, str] | None) -> dict[str, Any]:
    from calibration.extract_findings import ERROR, LEFT_OUT, WARNING, as_record

    levels = {"errors": ERROR, "warnings": WARNING, "left_out": LEFT_OUT}
    return {
        "data": str(found.source.path),
        "year": found.plan.year,
        "synthetic": found.synthetic,
        "rows": found.rows,
        "right": found.kept,
        **{key: [as_record(f) for f in found.findings.of(level)] for key, level in levels.items()},
        "recoded": [
            {"column": column, "found": word, "code": code, "rows": n}
            for (column, word, code), n in found.recoded.items()
        ],
        "derived": [
            {"column": column, "from": inputs, "rows": n}
            for (column, inputs), n in found.derived.items()
        ],
        "written": written,
    }


def _lines(found: "Examination", written: dict[str, str] | None, *, asked: bool) -> Iterator[str]:
    from calibration.extract_findings import ERROR, LEFT_OUT, WARNING

    year = f", outcomes of {found.plan.year}" if found.plan.year else ""
    yield f"{found.source.path}: {found.rows:,} rows{year}; {found.kept:,} of them are right."
    if found.synthetic:
        yield "These persons are synthetic."
    for title, level in (("errors", ERROR), ("warnings", WARNING), ("left out", LEFT_OUT)):
        yield from _listed(title, found.findings.of(level))
    if found.derived:
        yield "derived, of the rows that are right:"
        for (column, inputs), n in found.derived.items():
            yield f"  {column} from {inputs}: {n:,} rows"
    if found.recoded:
        yield "recoded, of the rows that are right:"
        for (column, word, code), n in list(found.recoded.items())[:MOST_SHOWN]:
            yield f"  {column}: {word} is {code}, {n:,} rows"
        if len(found.recoded) > MOST_SHOWN:
            yield f"  and {len(found.recoded) - MOST_SHOWN} more codes (--json tells all)"
    if written:
        clean, dropped = written["clean"], written["dropped"]
        yield f"The right rows are in {clean}, the others with reasons in {dropped}."
    elif asked:
        yield "Nothing is written: no row is right, or a column lacks."


def _listed(title: str, findings: "list[Finding]") -> Iterator[str]:
    if findings:
        yield f"{title}:"
        yield from (f"  - {finding.problem()}" for finding in findings)
