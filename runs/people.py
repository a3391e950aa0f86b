"""Whom a run starts with: the reconstructed register, or a file of the user's own."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from calibration.reconstruction import FIRST_YEAR, LARGEST_SCALE, LAST_YEAR, reconstruct
from sim.agents import files
from sim.agents.population import Population
from sim.problems import InputError, Problem, refuse, shown

EMBEDDED = "embedded"


@dataclass(frozen=True)
class People:
    """A population with what a manifest says of it."""

    population: Population
    asked_for: str
    digest: str


def part_of_the_people(asked_for: str) -> str:
    """Say that numbers are of a part of the people, '' if they are of the whole country."""
    share = asked_for.partition(":")[2] if asked_for.startswith("embedded:") else ""
    if not share:
        return ""
    return f"In a population of {100 * float(share):g} percent of the people, not scaled up: "


def of_a_part(manifest: Mapping[str, Any], sentences: list[str]) -> list[str]:
    """Return sentences of which the first says if all is about a part of the people."""
    part = part_of_the_people(str(manifest.get("population", {}).get("asked_for", "")))
    if not part or not sentences:
        return sentences
    return [part + sentences[0][0].lower() + sentences[0][1:], *sentences[1:]]


def find_people(which: str, year: int) -> People:
    """Return the population as `find_population` does, with its fingerprint."""
    population = find_population(which, year)
    return People(population, which, digest(population))


def find_population(which: str, year: int) -> Population:
    """Return the population of 'embedded', 'embedded:0.1' (a tenth) or of a Parquet file.

    The embedded one is the register reconstructed for 1 January of `year`, or for the
    nearest year that there is.
    """
    word, _, share = which.partition(":")
    if word == EMBEDDED:
        refuse("command", file_problem(which))
        start = min(max(year, FIRST_YEAR), LAST_YEAR)
        population = reconstruct(year=start, scale=_number(share or "1"))
    else:
        population = files.load(which)
    if not len(population):
        raise InputError(which, [Problem("population", "is empty", "one person or more")])
    return population


def wrong_start(first: int, here: int) -> Iterator[Problem]:
    """Say that the years cannot begin with the first, the population being of another year."""
    if first != here:
        yield Problem(
            "years",
            f"begin with {first}, but the population is that of 1 January {here}",
            f"{here}..",
            f"Start the years in {here}, or give a population of 1 January {first}.",
        )


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
    """Say at once, before anything is read, that there is no such population."""
    word, colon, share = which.partition(":")
    if word == EMBEDDED:
        if not colon or 0 < _number(share) <= LARGEST_SCALE:
            return []
        allowed = f"{EMBEDDED}, or {EMBEDDED}:SHARE with a share above 0, at most {LARGEST_SCALE:g}"
        cure = f"{EMBEDDED}:0.1 is a tenth."
        return [Problem("population", f"is {shown(which)}", allowed, cure)]
    cure = f"Is the path right? '{EMBEDDED}' needs no file."
    try:
        if Path(which).is_file():
            return []
        if Path(which).is_dir():
            return [Problem("population", f"{shown(which)} is a folder", "a Parquet file", cure)]
    except OSError:  # such as a name that is too long
        pass
    return [Problem("population", f"there is no file {shown(which)}", "a Parquet file", cure)]


def _number(share: str) -> float:
    try:
        return float(share)
    except ValueError:
        return float("nan")
