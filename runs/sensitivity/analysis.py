"""One analysis from a question to its folder: design, lives, indices, page; it can go on later."""

import json
import math
import shutil
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runs import manifest as manifests
from runs.people import People, find_people, of_a_part
from runs.progress import Progress
from runs.sensitivity import store, tables
from runs.sensitivity.evaluation import Experiment
from runs.sensitivity.findings import Found, input_names
from runs.sensitivity.page import page, told
from runs.sensitivity.picture import tornado
from runs.sensitivity.question import Question, experiment_of
from runs.sensitivity.sweep import Lives, points_lived
from runs.settings import digests, settings_of
from runs.store import OUT, whole_folder
from runs.tables import write_whole
from scenarios.lint import FOR_SENSITIVITY
from scenarios.outputs import outputs_of
from sim.problems import Problem, refuse
from sim.transitions.logit import parameters_set

Floats = NDArray[np.float64]
FORMAT = "vandring sensitivity 1"
LIVES, INDICES, PAGE = "sensitivity.parquet", "indices.csv", "sensitivity.html"


def analyse(
    question: Question,
    *,
    threads: int | None = None,
    dask: str | None = None,
    out: str | None = None,
    resume: bool = False,
    command: list[str] | None = None,
) -> tuple[Path, dict[str, Any]]:
    """Live every point and write the folder, which is whole or absent; return both.

    dask: the address of a cluster that lives the points, or 'local'; None: threads of this process.
    resume: go on with what an earlier process lived of the same question.
    """
    when, clock = datetime.now(UTC).astimezone(), time.monotonic()
    scenario = question.scenario
    people = find_people(scenario.population, scenario.years[0])
    asked = experiment_of(question, people)
    plan = plan_of(question, people)
    folder = Path(out) if out else default_folder(question, plan)
    refuse("command", _finished(folder))
    with store.opened(folder, plan, asked.runs, resume=resume) as kept:
        with points_lived(question, people, asked, threads, dask) as (where, lives):
            _keep(asked, kept, lives)
        record = _record(question, people, when, command or ["vandring"])
        record["lived_on"] = where
        found = Found(asked, question.design, _values(asked, kept.lived))
        shutil.rmtree(folder.with_name(f".{folder.name}.part"), ignore_errors=True)
        with whole_folder(folder) as part:
            _write(part, found, record, time.monotonic() - clock)
    store.done(folder)
    return folder, record


def default_folder(question: Question, plan: Mapping[str, Any]) -> Path:
    """Return where an analysis lies unless told otherwise: the same question, the same place."""
    mark = sha256(json.dumps(plan, sort_keys=True).encode()).hexdigest()[:8]
    return OUT / f"sensitivity-{question.scenario.name}-{question.design.method}-{mark}"


def plan_of(question: Question, people: People) -> dict[str, Any]:
    """Return all that decides the numbers, in parts that a message can name."""
    scenario = question.scenario
    plan = {
        "format": FORMAT,
        "scenario": asdict(scenario),
        "design": asdict(question.design),
        "replicates": question.replicates,
        "uncertain": list(question.uncertain),
        "outputs": [output.name for output in outputs_of(scenario.outputs)],
        "population": people.digest,
        "parameters": manifests.parameter_digest(scenario.parameters),
        **{name: found["sha256"] for name, found in digests(scenario).items()},
        "versions": _versions(),
        "commit": manifests.commit(),
    }
    normal: dict[str, Any] = json.loads(json.dumps(plan))
    return normal


def _versions() -> dict[str, str]:
    return {**manifests.versions(), "SALib": version("SALib")}


def _finished(folder: Path) -> Iterator[Problem]:
    if folder.is_dir() and any(folder.iterdir()):
        cure = "Read it there, or give another place with --out."
        yield Problem("--out", f"{folder} is there already", "a new or empty folder", cure)


def _keep(asked: Experiment, kept: store.Store, lives: Lives) -> None:
    """Live what was not lived before, and keep each life as it ends."""
    left = [run for run in range(asked.runs) if run not in kept.lived]
    with Progress(max(len(left), 1), "points lived") as bar:
        for run, values in zip(left, lives(left), strict=True):
            kept.add(run, values)
            bar.advance()


def _values(asked: Experiment, lived: Mapping[int, tuple[float, ...]]) -> Floats:
    """Return the outputs: (replicates, points, outputs)."""
    values = np.array([lived[run] for run in range(asked.runs)], dtype=np.float64)
    return values.reshape(asked.replicates, len(asked.points), len(asked.outputs))


def _record(
    question: Question, people: People, when: datetime, command: list[str]
) -> dict[str, Any]:
    """Return the manifest, before anything is found."""
    scenario = replace(
        question.scenario, replicates=question.replicates, uncertainty=question.uncertain
    )
    source = parameters_set(settings_of(scenario)).source
    parameters = {"name": scenario.parameters, "source": source}
    record = manifests.manifest(scenario, people, parameters, when, command)
    record["format"] = FORMAT
    record["warnings"] = [said for said in record["warnings"] if said != FOR_SENSITIVITY]
    record["versions"] = _versions()
    record["design"] = asdict(question.design)
    record["points"] = question.design.many(len(question.inputs))
    record["inputs"] = [
        {"name": one.label, "meaning": one.meaning, "low": one.end(0.0), "high": one.end(1.0)}
        for one in question.inputs
    ]
    return record


def _write(part: Path, found: Found, record: dict[str, Any], seconds: float) -> None:
    """Write tables, picture and page, and the manifest last."""
    asked = found.experiment
    tables.write_lives(part / LIVES, tables.lives_table(asked, found.values))
    outputs = [output.name for output in asked.outputs]
    tables.write_indices(part / INDICES, found.indices, input_names(found), outputs)
    svg, png = tornado(found, record)
    write_whole(part / "tornado.svg", svg)
    (part / "tornado.png").write_bytes(png)
    record |= told(found)
    record["answer"] = of_a_part(record, record["answer"])
    record["noise"] = {name: {"spread": one.spread, "chance": _or_none(one.chance)}
                       for name, one in zip(outputs, found.noise, strict=True)}  # fmt: skip
    names = (LIVES, INDICES, "tornado.svg", "tornado.png")
    record["files"] = {name: manifests.sha256_of(part / name) for name in names}
    record["timings"] = {"all": round(seconds, 3)}
    write_whole(part / PAGE, page(found, record, svg))
    write_whole(part / "manifest.json", manifests.as_text(record))


def _or_none(value: float) -> float | None:
    return None if math.isnan(value) else value
