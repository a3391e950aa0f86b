"""`vandring estimate`: from an extract to tables and a parameter artefact that a run can use."""

import argparse
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from runs.terminal import DONE
from sim.problems import InputError, Problem, refuse, shown

if TYPE_CHECKING:
    from calibration.extract import Extract
    from calibration.linear import LinearEstimate
    from calibration.logit_estimate import LogitEstimate
    from calibration.logit_sample import Sample

EXAMPLES = """\
examples:
  vandring estimate persons.parquet --out my_models
  vandring estimate persons.csv --model-type 3 --errors clustered --out my_models
  vandring estimate register.parquet --mapping mapping.yaml --linear --out my_tables
  vandring run baseline --parameters my_models

DATA is what `vandring check` calls clean. OUT becomes a folder: the parameter artefact, and
the tables in the report's layout as text, CSV and LaTeX.
"""
ERRORS = {"trinomial": ("classical", "robust", "clustered"),
          "linear": ("classical", "HC0", "HC1", "HC2", "HC3", "family")}  # fmt: skip


def prepare(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = EXAMPLES
    add = parser.add_argument
    add("data", metavar="DATA", help="CSV or Parquet file with one row a person")
    add("--mapping", metavar="YAML", help="whose column is which, which code means what")
    add("--model-type", metavar="1|2|3", default="1", help="one logit for all (default), by "
        "centrality, or also by sex; several at once: 2,3")  # fmt: skip
    add("--linear", action="store_true", help="the linear probability models of chapter 5 instead")
    add("--errors", metavar="KIND", default="classical", help="classical, robust or clustered by "
        "family; with --linear classical, HC0 to HC3 or family")  # fmt: skip
    add("--omit-empty", action="store_true", help="with --linear: leave out variables that nobody "
        "has, instead of the table")  # fmt: skip
    add("--tests", action="store_true", help="test pooling (types 1, 2 and 3) and independence of "
        "irrelevant alternatives too")  # fmt: skip
    add("--threads", metavar="N", default="1", help="speed only; the numbers stay the same bits")
    add("--out", metavar="FOLDER", help="(needed) new folder for the artefact and the tables")
    add("--json", action="store_true", help="print the estimates of logits as JSON")


def act(arguments: argparse.Namespace, _: list[str]) -> int:
    """Read, estimate, write, tell."""
    from calibration.extract import read_extract
    from runs.checking import mapping_file

    problems: list[Problem] = [*arguments.unknown, *_wrong(arguments)]
    refuse("command", problems)
    mapping = mapping_file(arguments.mapping) if arguments.mapping is not None else None
    extract = read_extract(arguments.data, mapping)
    if arguments.linear:
        return _linear(extract, arguments)
    return _trinomial(extract, arguments)


def _wrong(arguments: argparse.Namespace) -> Iterable[Problem]:
    types = arguments.model_type.split(",")
    if not set(types) <= {"1", "2", "3"} or len(set(types)) < len(types):
        found = f"is {shown(arguments.model_type)}"
        yield Problem("--model-type", found, "1, 2, 3, or several: 2,3")
    allowed = ERRORS["linear" if arguments.linear else "trinomial"]
    if arguments.errors not in allowed:
        yield Problem("--errors", f"is {shown(arguments.errors)}", ", ".join(allowed))
    yield from _not_together(arguments)
    if not arguments.threads.isdecimal() or not 1 <= int(arguments.threads[:9]) <= 256:
        yield Problem("--threads", f"is {shown(arguments.threads)}", "a whole number, 1 to 256")
    if not arguments.out:
        yield Problem("--out", "is missing", "a new folder", "Add --out my_models.")
    elif Path(arguments.out).exists():
        cure = "Choose another name, or remove it first."
        yield Problem("--out", f"{shown(arguments.out)} exists already", "a new folder", cure)
    elif not Path(arguments.out).absolute().parent.is_dir():
        yield Problem("--out", f"{shown(arguments.out)} lies in no folder", "a folder in one")


def _not_together(arguments: argparse.Namespace) -> Iterable[Problem]:
    """Yield options that would be ignored."""
    idle = {"--model-type": arguments.model_type != "1", "--tests": arguments.tests,
            "--json": arguments.json, "--threads": arguments.threads != "1"}  # fmt: skip
    if arguments.linear:
        for name in (name for name, given in idle.items() if given):
            yield Problem(name, "cannot be combined with --linear", "one of them")
    elif arguments.omit_empty:
        yield Problem("--omit-empty", "is of use with --linear alone", "--linear too")


def sample_of(extract: "Extract") -> "Sample":
    """Return the persons of an extract as the estimator takes them; the dead are left out."""
    import numpy as np

    from calibration.logit_sample import Sample
    from sim.codes import DURATION_STARTS
    from sim.transitions.covariates import COLUMNS, Covariates

    columns = {name: extract.columns[name].astype(np.int64) for name in COLUMNS}
    stay = columns["duration"]
    columns["duration"] = np.searchsorted(DURATION_STARTS, stay, side="right") - 1
    outcome = extract.columns["outcome"].astype(np.int64)
    family = extract.family
    cluster = None if family is None else np.unique(family, return_inverse=True)[1]
    sample = Sample(Covariates(**columns), outcome, extract.weight, cluster)
    alive = outcome <= 2
    return sample if alive.all() else sample.of(alive)


def _trinomial(extract: "Extract", arguments: argparse.Namespace) -> int:
    from calibration.logit_artefact import write_artefact
    from calibration.logit_estimate import estimate

    sample, kind = sample_of(extract), arguments.errors
    types = sorted(map(int, arguments.model_type.split(",")))
    fitted = estimate(sample, types, kind, threads=int(arguments.threads))
    source = f"Estimated from {Path(extract.source).name}, {len(sample):,} persons"
    if extract.synthetic:
        source += " (synthetic)"
    years = {} if extract.year is None else {
        "covariates_year": int(extract.year) - 1, "outcome_year": int(extract.year)
    }  # fmt: skip
    tables = _tables(fitted) | _tests(sample, fitted, arguments)
    folder = write_artefact(fitted, arguments.out, source=source, estimation=years, others=tables)
    if arguments.json:
        _print_json(fitted, folder)
    else:
        print(tables["tables.txt"])
        if arguments.tests:
            print(tables["tests.txt"])
        print(f"The models are in {folder}; run them with: vandring run baseline --parameters "
              f"{folder} --model-type {types[-1]}")  # fmt: skip
    return DONE


def _tables(fitted: Mapping[str, "LogitEstimate"]) -> dict[str, str]:
    from calibration import logit_tables

    return {
        "tables.txt": "\n\n".join(logit_tables.text(e) for e in fitted.values()),
        "tables.csv": logit_tables.to_csv(fitted.values()),
        "tables.tex": "\n\n".join(logit_tables.latex(e) for e in fitted.values()),
    }


def _tests(
    sample: "Sample", fitted: Mapping[str, "LogitEstimate"], arguments: argparse.Namespace
) -> dict[str, str]:
    """Return the tests of factors, and on demand those of pooling and of independence."""
    from calibration import logit_tables, logit_tests

    verdicts = [v for estimate in fitted.values() for v in logit_tests.joint_tests(estimate)]
    if arguments.tests:
        threads = int(arguments.threads)
        for model_type in sorted(map(int, arguments.model_type.split(","))):
            verdicts += logit_tests.independence_tests(sample, model_type, threads=threads)
        try:
            verdicts += logit_tests.pooling_tests(sample, arguments.errors, threads=threads)
        except InputError as error:  # the models asked for stand; the wider ones cannot be had
            print(f"vandring: no tests of pooling: {error}", file=sys.stderr)
    return {
        "tests.txt": logit_tables.verdicts_text(verdicts),
        "tests.csv": logit_tables.verdicts_csv(verdicts),
    }


def _print_json(fitted: Mapping[str, "LogitEstimate"], folder: Path) -> None:
    import json

    models = {
        name: {
            "n": e.n, "log_likelihood": e.log_likelihood, "scaled_r2": e.scaled_r2, "bic": e.bic,
            "condition": e.condition, "covariance": e.kind,
            "estimates": {
                move: dict(zip(e.terms, e.estimates[:, j].tolist(), strict=True))
                for j, move in enumerate(e.outcomes[1:])
            },
            "std_errors": {
                move: dict(zip(e.terms, e.std_errors[:, j].tolist(), strict=True))
                for j, move in enumerate(e.outcomes[1:])
            },
        } for name, e in fitted.items()
    }  # fmt: skip
    print(json.dumps({"folder": str(folder), "models": models}, indent=1, allow_nan=False))


def _linear(extract: "Extract", arguments: argparse.Namespace) -> int:
    from calibration.linear import fit_tables, tables_of
    from calibration.linear_tables import latex, text, to_csv
    from runs.store import whole_folder

    if arguments.errors == "family" and extract.family is None:
        cure = "Use other errors, or name the column in the mapping."
        raise InputError(extract.source, [Problem("family", "is missing", "family numbers", cure)])
    fits: dict[str, LinearEstimate] = {}
    problems: list[Problem] = []
    for name in tables_of(extract.columns):
        try:
            fits |= fit_tables(extract.columns, [name], errors=arguments.errors,
                               omit_empty=arguments.omit_empty)  # fmt: skip
        except InputError as error:
            problems += error.problems
    if not fits:
        found = "allows none of the tables of chapter 5"
        problems.append(Problem("extract", found, "centrality, or county and county_outcome"))
        raise InputError(extract.source, problems)
    if problems:  # the others stand
        print(f"vandring: tables left out: {InputError(extract.source, problems)}", file=sys.stderr)
    files = {
        "tables.txt": "\n\n".join(text(fit) for fit in fits.values()),
        "tables.csv": to_csv(fits.values()),
        "tables.tex": "\n\n".join(latex(fit) for fit in fits.values()),
    }
    with whole_folder(Path(arguments.out)) as folder:
        for name, content in files.items():
            (folder / name).write_text(content, encoding="utf-8")
    print(files["tables.txt"])
    print(f"The tables are in {arguments.out}.")
    return DONE
