"""Whom a run starts with: the embedded population, or a file of the user's own."""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from calibration.embedded import embedded_population
from sim.agents import files
from sim.agents.population import Population
from sim.problems import InputError, Problem

EMBEDDED = "embedded"


@dataclass(frozen=True)
class People:
    """A population with what a manifest says of it."""

    population: Population
    asked_for: str
    digest: str


def find_people(which: str) -> People:
    """Return the population of 'embedded', 'embedded:0.1' (a tenth) or of a Parquet file."""
    word, _, share = which.partition(":")
    if word == EMBEDDED:
        population = embedded_population(scale=_scale(share, which))
    else:
        population = files.load(which)
    if not len(population):
        raise InputError(which, [Problem("population", "is empty", "one person or more")])
    return People(population, which, digest(population))


def digest(population: Population) -> str:
    """Return a fingerprint of a population: the same persons give the same, in any order."""
    hashed = sha256(str(population.year).encode())
    order = population["person"].argsort(kind="stable")
    in_order = bool((order[1:] > order[:-1]).all())
    ordered = population if in_order else population.select(order)
    for name, column in ordered.columns.items():
        hashed.update(name.encode())
        hashed.update(column.data)
    return hashed.hexdigest()


def file_problem(which: str) -> list[Problem]:
    """Say at once, before anything is read, that a population file is not there."""
    if which.partition(":")[0] == EMBEDDED or Path(which).is_file():
        return []
    cure = f"Is the path right? '{EMBEDDED}' needs no file."
    return [Problem("population", f"there is no file {which!r}", "a Parquet file", cure)]


def _scale(share: str, which: str) -> float:
    try:
        return float(share) if share else 1.0
    except ValueError:
        problem = Problem("population", f"is {which!r}", "embedded, or embedded:0.1 for a tenth")
        raise InputError("command", [problem]) from None
