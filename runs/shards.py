"""A population larger than memory: its families divided among shards on disk.

Every shard is lived by itself, and what is counted is added up. All that happens inside families
stays as it is, and so does who arrives: only whom a single resident or an arriving family finds
is looked for within the shard.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import mkdtemp

import numpy as np

from calibration.reconstruction import FIRST_YEAR, LAST_YEAR, reconstruct
from runs.dividing import Division, rows_in
from runs.homes import Homes
from runs.people import EMBEDDED, digest, file_problem
from sim.agents import files
from sim.agents.columns import BYTES_PER_PERSON, COLUMNS
from sim.agents.population import Population
from sim.problems import InputError, Problem, refuse, shown

AUTO = "auto"
PERSONS_OF_AUTO = 1_000_000  # of a shard: about all immigrants of the country
LEAST_PERSONS, MOST_SHARDS = 100, 500  # of a shard; of a population
TOLD = (
    "The people are lived in {many} parts that hold whole families, those of one origin in as few "
    "as possible, and counts are added up. Single residents look for a partner, and arriving "
    "families for whom they join, within their part; all else is as if they were lived together."
)


@dataclass(frozen=True)
class Shards:
    """The people of a run, on disk; it answers what a manifest asks of a population.

    folder: holds one file a shard. persons: in each. counted: their census. homes: where the
    families of each origin live.
    """

    folder: Path
    year: int
    source: str
    persons: tuple[int, ...]
    counted: dict[str, int]
    homes: Homes

    def __len__(self) -> int:
        return sum(self.persons)

    @property
    def many(self) -> int:
        """How many shards there are."""
        return len(self.persons)

    def census(self) -> dict[str, int]:
        """Count the residents, immigrants apart from Norwegian-born, and persons abroad."""
        return self.counted

    def population(self, which: int) -> Population:
        """Read one shard."""
        path, n = self.folder / f"{which}.people", self.persons[which]
        if not path.is_file() or path.stat().st_size != n * BYTES_PER_PERSON:
            cure = "Write the run, with --out, to a disk that every machine sees."
            problem = Problem(str(path), "is not there, or not whole", "a shard of the run", cure)
            raise InputError("shards", [problem])
        columns = {}
        with path.open("rb") as file:
            for column in COLUMNS:
                columns[column.name] = np.fromfile(file, column.dtype, n)
        return Population(columns, self.year, self.source)


@dataclass(frozen=True)
class ShardedPeople:
    """People in shards with what a manifest says of them."""

    population: Shards
    asked_for: str
    digest: str


@contextmanager
def sharded(which: str, year: int, asked: str, near: Path) -> Iterator[ShardedPeople]:
    """Divide a population, 'embedded' or a Parquet file, and give it while it is needed.

    asked: a number of shards, or 'auto'. near: a hidden folder is made beside it for as long; only
        its owner may read it.
    """
    near.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(mkdtemp(prefix=f".{near.name}.shards-", dir=near.parent))
    try:
        path, source = _as_file(which, year, folder)
        persons = rows_in(path)
        many = number_of_shards(asked, persons)
        rows = folder / "rows"
        rows.mkdir()
        yield _kept(Division(path, many, rows), folder, which, source)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _as_file(which: str, year: int, folder: Path) -> tuple[str, str]:
    """Return the file of a population, and the source to cite if the file does not tell it."""
    word, _, share = which.partition(":")
    if word != EMBEDDED:
        return which, which
    refuse("command", file_problem(which))
    start = min(max(year, FIRST_YEAR), LAST_YEAR)
    people = reconstruct(year=start, scale=float(share or "1"))
    files.save(people, folder / "embedded.parquet")
    return str(folder / "embedded.parquet"), people.source


def _kept(division: Division, folder: Path, which: str, source: str) -> ShardedPeople:
    """Write each shard as bare columns, one after the other in one file."""
    persons, counted, prints, stands = [], dict[str, int](), [], 0
    for k, part in enumerate(division.shards()):
        with (folder / f"{k}.people").open("wb") as file:
            for column in COLUMNS:
                part[column.name].tofile(file)
        persons.append(len(part))
        for name, number in part.census().items():
            counted[name] = counted.get(name, 0) + number
        prints.append(digest(part))
        stands, source = part.year, part.source
    together = sha256(" ".join(prints).encode()).hexdigest()
    whole = Shards(folder.resolve(), stands, source, tuple(persons), counted, division.homes)
    return ShardedPeople(whole, which, together)


def number_of_shards(asked: str, persons: int) -> int:
    """Return how many shards so many persons are divided into; refuse too many."""
    if asked == AUTO:
        return max(-(-persons // PERSONS_OF_AUTO), 1)
    many, most = int(asked), max(persons // LEAST_PERSONS, 1)
    if many > most:
        allowed = f"at most {most:,}, of {LEAST_PERSONS} persons or more"
        refuse("command", [Problem("--shards", f"is {many:,} for {persons:,} persons", allowed)])
    return many


def parts_assumed(many: int) -> list[dict[str, str]]:
    """Return what is assumed of people lived in parts, as a manifest tells it."""
    if many == 1:
        return []
    meaning = TOLD.format(many=f"{many:,}")
    return [{"name": "parts", "value": f"{many}", "meaning": meaning}]


def shards_problem(asked: str) -> list[Problem]:
    """Say before anything is done that this is no number of shards."""
    if asked == AUTO or (asked.isdecimal() and len(asked) < 5 and 1 <= int(asked) <= MOST_SHARDS):
        return []
    return [Problem("--shards", f"is {shown(asked)}", f"auto, or a number, 1 to {MOST_SHARDS}")]
