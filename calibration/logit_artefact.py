"""An estimated logit as a parameter artefact: the folder that a run can use at once.

The same files as the published artefact: artefact.json, coefficients.csv, diagnostics.csv
and covariances.parquet.
"""

import csv
import io
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from calibration.logit_estimate import LogitEstimate
from sim.problems import InputError, Problem
from sim.transitions.artefact import (
    COEFFICIENTS,
    COLUMNS,
    DIAGNOSTICS,
    HEAD,
    SCHEMA_VERSION,
    read_artefact,
)
from sim.transitions.covariance import Covariance, write_covariances
from sim.transitions.logit import COVARIANCES
from sim.transitions.terms import MOVES, OUTCOMES, TERMS

DIGITS = 12


def write_artefact(
    estimates: Mapping[str, LogitEstimate],
    folder: str | os.PathLike[str],
    *,
    source: str,
    estimation: Mapping[str, Any] | None = None,
    others: Mapping[str, str] | None = None,
) -> Path:
    """Write estimated models to a new folder, whole or not at all.

    source: where the data come from, as every run that uses them will say.
    estimation: what else is known, such as the years.
    others: texts to lie beside the artefact, by file name.
    """
    target = Path(folder)
    if target.exists():
        cure = "Choose another name, or remove it first."
        found = "exists already"
        raise InputError(str(target), [Problem("folder", found, "a new folder", cure)])
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    part.mkdir(parents=True)
    try:
        _fill(part, target.name, estimates, source, dict(estimation or {}))
        for name, text in (others or {}).items():
            (part / name).write_text(text, encoding="utf-8")
        read_artefact(part)  # what cannot be read is never kept
        part.rename(target)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return target


def _fill(
    folder: Path,
    name: str,
    estimates: Mapping[str, LogitEstimate],
    source: str,
    estimation: dict[str, Any],
) -> None:
    head = {
        "schema_version": SCHEMA_VERSION,
        "name": name,
        "title": "Trinomial logit of staying, moving within Norway and emigrating, estimated",
        "source": source,
        "outcomes": list(OUTCOMES),
        "terms": list(TERMS),
        "estimation": estimation | {"covariance": next(iter(estimates.values())).kind},
        "notes": ["Estimated by Vandring; log odds against staying."],
    }
    text = json.dumps(head, indent=2, ensure_ascii=False)
    (folder / HEAD).write_text(text + "\n", encoding="utf-8")
    (folder / COEFFICIENTS).write_text(_coefficients(estimates, source), encoding="utf-8")
    (folder / DIAGNOSTICS).write_text(_diagnostics(estimates, source), encoding="utf-8")
    write_covariances(
        folder / COVARIANCES,
        [Covariance(e.name, e.terms, e.covariance, source) for e in estimates.values()],
    )


def _coefficients(estimates: Mapping[str, LogitEstimate], source: str) -> str:
    file = io.StringIO()
    writer = csv.DictWriter(file, [*COLUMNS[COEFFICIENTS], "t_value"], lineterminator="\n")
    writer.writeheader()
    for model in estimates.values():
        errors = model.std_errors
        for (i, j), estimate in np.ndenumerate(model.estimates):
            writer.writerow({
                "model": model.name, "model_type": model.model_type,
                "centrality": model.centrality or "all", "sex": model.sex or "all",
                "term": model.terms[i], "outcome": MOVES[j],
                "estimate": f"{estimate:.{DIGITS}g}", "std_error": f"{errors[i, j]:.{DIGITS}g}",
                "unit": "log odds against staying", "source": source,
                "t_value": f"{estimate / errors[i, j]:.6g}",
            })  # fmt: skip
    return file.getvalue()


def _diagnostics(estimates: Mapping[str, LogitEstimate], source: str) -> str:
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS[DIAGNOSTICS])
    for e in estimates.values():
        fit = (f"{x:.{DIGITS}g}" for x in (e.log_likelihood, e.scaled_r2, e.bic))
        writer.writerow([e.name, e.n, *fit, source])
    return file.getvalue()
