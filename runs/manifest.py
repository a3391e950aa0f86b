"""The manifest: everything needed to know, and to repeat, what a run did."""

import json
import platform
import shlex
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from hashlib import file_digest, sha256
from importlib import resources
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from runs.ensemble import drawn_by
from runs.people import People
from runs.settings import digests
from runs.shards import ShardedPeople, parts_assumed
from scenarios.explain import changes_of
from scenarios.lint import warnings_of
from scenarios.schema import Scenario
from sim.engine import ASSUMPTIONS
from sim.transitions import process

FORMAT = "vandring run 1"
PACKAGES = ("numpy", "numba", "llvmlite", "scipy", "pandas", "pyarrow")
CODE = ("sim", "calibration", "scenarios", "runs")
OUT = "runs/out/"  # the runs of whoever stands in a checkout
PUBLISHED = "transitions/published_2016"
PARAMETER_FILES = ("artefact.json", "coefficients.csv", "diagnostics.csv")
GUARANTEE = (
    "The same seed gives the same counts for any number of threads, chunk size and order of "
    "persons. Draws are exact on every machine; the last bit of a logarithm is the machine's."
)
CLOSED = (
    "closed_population",
    "yes",
    "Nobody arrives, returns or is born: only those resident on the first 1 January are "
    "followed, so stocks fall and flows are those of this group alone.",
)
NOBODY_COMES = {"arrivals": "none", "returning": "nobody", "fertility": "nobody_is_born"}
WEIGHTIEST = ("arrivals", "year_effects")
BEHAVIOUR = (
    "constant_behaviour",
    "yes",
    "What people of given characteristics do is what models of the outcomes of 2013 say; what "
    "changed before then is told by year_effects.",
)
DESTINATIONS = (
    "domestic_destinations",
    "by stock",
    "Movers go to levels and municipalities in proportion to the immigrants with the same reason "
    "living there on 1.1.2013. The weights are official stocks by reason: refugees together with "
    "their families, Nordic and unknown together, education together with other reasons. Within "
    "a county's level all municipalities weigh the same.",
)


def assumptions(scenario: Scenario) -> list[dict[str, str]]:
    """Return what was assumed, with its meaning."""
    chosen = dict(scenario.assumptions)
    switches = [(a.name, chosen[a.name], a.meanings[chosen[a.name]]) for a in ASSUMPTIONS]
    first = [row for name in WEIGHTIEST for row in switches if row[0] == name]
    switches = [*first, *(row for row in switches if row not in first)]
    closed = all(chosen[name] == off for name, off in NOBODY_COMES.items())
    everything = [*([CLOSED] if closed else []), BEHAVIOUR, *switches, DESTINATIONS]
    return [dict(zip(("name", "value", "meaning"), row, strict=True)) for row in everything]


def manifest(
    scenario: Scenario,
    people: People | ShardedPeople,
    parameters: Mapping[str, str],
    when: datetime,
    command: list[str],
) -> dict[str, Any]:
    """Return what is known before the first year is lived."""
    shards = people.population.many if isinstance(people, ShardedPeople) else None
    return {
        "format": FORMAT,
        "scenario": asdict(scenario),
        "years": list(scenario.years),
        "replicates": scenario.replicates,
        "seed": scenario.seed,
        "model_type": scenario.model_type,
        "draw_mode": scenario.draws,
        "uncertainty": list(drawn_by(scenario)),
        "population": {
            "asked_for": people.asked_for,
            "source": people.population.source,
            "year": people.population.year,
            "persons": len(people.population),
            **people.population.census(),
            **({"shards": shards} if shards else {}),
            "sha256": people.digest,
        },
        "parameters": {**parameters, "sha256": parameter_digest(parameters["name"])},
        **digests(scenario),
        "changes": changes_of(scenario),
        "warnings": warnings_of(scenario),
        "assumptions": [*assumptions(scenario), *parts_assumed(shards or 1)],
        "guarantee": GUARANTEE,
        "versions": versions(),
        "commit": commit(),
        "code": {"sha256": code_digest()},
        "machine": f"{platform.system()} {platform.machine()}",
        "started": when.isoformat(timespec="seconds"),
        "command": shlex.join(command),
    }


def versions() -> dict[str, str]:
    """Return the versions of Vandring, Python and the packages that make the numbers."""
    found = {"python": platform.python_version()}
    for package in ("vandring", *PACKAGES):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "unknown"
    return found


def parameter_digest(parameters: str) -> str:
    """Return the fingerprint of the files that hold the parameters."""
    hashed = sha256()
    published = parameters == process.PUBLISHED
    folder = resources.files("sim") / PUBLISHED if published else Path(parameters)
    for name in PARAMETER_FILES:
        content = (folder / name).read_bytes()
        hashed.update(f"{name} {len(content)}\n".encode() + content)
    return hashed.hexdigest()


def code_digest() -> str:
    """Return the fingerprint of everything that the packages hold: code, tables and scenarios."""
    hashed, root = sha256(), Path(__file__).resolve().parent.parent
    for package in CODE:
        for path in sorted((root / package).rglob("*")):
            name = path.relative_to(root).as_posix()
            if path.is_file() and "__pycache__" not in path.parts and not name.startswith(OUT):
                content = path.read_bytes()
                hashed.update(f"{name} {len(content)}\n".encode() + content)
    return hashed.hexdigest()


def commit() -> str | None:
    """Return the commit of the code, with '+' if it was altered, or None outside a checkout."""
    here = Path(__file__).resolve().parent.parent
    if not (here / ".git").exists():
        return None
    try:
        head = _git(here, "rev-parse", "HEAD")
        altered = _git(here, "status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.SubprocessError):
        return None
    return f"{head}+" if altered else head


def _git(folder: Path, *words: str) -> str:
    answer = subprocess.run(  # noqa: S603
        ["git", *words],  # noqa: S607
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
        timeout=10,
    )
    return answer.stdout.strip()


def sha256_of(path: Path) -> str:
    """Return the fingerprint of a file."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def as_text(content: Mapping[str, Any]) -> str:
    """Return JSON that people can read too."""
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def command_line() -> list[str]:
    """Return the command as the user gave it."""
    return ["vandring", *sys.argv[1:]]
