"""Checkpoints: the state of a replicate in the making, kept after each year it has lived.

A replicate that goes on from its checkpoint gives the same bits as one that was never
interrupted: all that processes keep between years can be looked up again. Columns that no
process alters are written once and then grow with the newcomers; the others are written whole,
in turn to two files, so that the file of the year before stays until the new one is complete.
What is valid stands in checkpoint.json, which is replaced in one step at the end.
"""

import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from sim.agents.columns import BY_NAME
from sim.agents.population import Population
from sim.engine import Simulation
from sim.observe import Counts
from sim.structure import Structure

HEADER = "checkpoint.json"
Columns = dict[str, NDArray[Any]]
Block = list[int]  # first row, row after the last, fingerprint


class Checkpoints:
    """The checkpoints of one replicate, in a folder that is its own.

    generation: how often everything was written anew, because positions had changed.
    blocks: which rows of the columns that nobody alters are written already.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.generation, self.forgotten = 0, 0
        self.blocks: list[Block] = []
        self.years: list[int] = []

    def take_up(self, simulation: Simulation) -> list[Counts]:
        """Let a simulation go on after the last year kept; return what those years counted.

        Without a usable checkpoint nothing happens, and all is lived from the beginning.
        """
        try:
            header = json.loads((self.folder / HEADER).read_text("utf-8"))
            columns = self._read(header)
            counts = [_counts_in(self.folder / _lived(year), year) for year in header["years"]]
        except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
            if (self.folder / HEADER).exists():
                note_damage(self.folder, error)
            shutil.rmtree(self.folder, ignore_errors=True)
            return []
        self.generation, self.forgotten = header["generation"], 0
        self.blocks, self.years = header["blocks"], header["years"]
        simulation.go_on(columns, self.years[-1] + 1)
        return counts

    def save(self, simulation: Simulation, counts: Counts) -> None:
        """Keep the state after a year, and what was counted in it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        population, altered = simulation.population, simulation.written
        if population.forgotten != self.forgotten:
            self.generation += 1
            self.forgotten, self.blocks = population.forgotten, []
        blocks = self._grown(population, altered)
        slot = counts.year % 2
        columns = [population[name] for name in _ordered(altered)]
        state = _write(self.folder / _state(slot), columns)
        _keep_counts(self.folder / _lived(counts.year), counts)
        years = [*self.years, counts.year]
        header = {
            "generation": self.generation, "blocks": blocks, "slot": slot, "state": state,
            "rows": len(population), "altered": _ordered(altered),
            "years": years,
        }  # fmt: skip
        replace_text(self.folder / HEADER, json.dumps(header))
        if self.generation:
            (self.folder / _fixed(self.generation - 1)).unlink(missing_ok=True)
        self.blocks, self.years = blocks, years

    def _grown(self, population: Population, altered: frozenset[str]) -> list[Block]:
        """Add the newcomers' rows of the columns that nobody alters."""
        known = self.blocks[-1][1] if self.blocks else 0
        if self.blocks and known == len(population):
            return self.blocks
        names = _ordered(BY_NAME.keys() - altered)
        size = sum(BY_NAME[name].dtype.itemsize for name in names)
        columns = [population[name][known:] for name in names]
        sums = _write(self.folder / _fixed(self.generation), columns, known * size)
        return [*self.blocks, [known, len(population), sums]]

    def _read(self, header: Mapping[str, Any]) -> Columns:
        """Return all columns as they were; ValueError if anything is missing or damaged."""
        altered, rows = header["altered"], header["rows"]
        whole = [[0, rows, header["state"]]]
        fixed = _ordered(BY_NAME.keys() - set(altered))
        generation = self.folder / _fixed(header["generation"])
        return {
            **_columns_in(self.folder / _state(header["slot"]), altered, whole, rows),
            **_columns_in(generation, fixed, header["blocks"], rows),
        }


def note_damage(folder: Path, error: Exception) -> None:
    """Say that what was kept of a replicate is of no use, and that it is lived once more."""
    told = f"what was kept of replicate {int(folder.name)} is damaged ({error}); it is lived anew"
    with suppress(OSError, ValueError):  # what cannot be told stops nothing
        print(f"vandring: note: {told}", file=sys.stderr)


def kept_years(folder: Path) -> int:
    """Return how many years of a replicate a folder keeps."""
    try:
        return len(json.loads((folder / HEADER).read_text("utf-8"))["years"])
    except (OSError, ValueError, KeyError):
        return 0


def replace_text(path: Path, text: str) -> None:
    """Write a text file in one step: whoever looks finds the old one or the new one."""
    part = path.with_name(f"{path.name}.new")
    part.write_text(text, "utf-8")
    part.replace(path)


def fingerprint(data: memoryview | bytes) -> int:
    """Return a quick sum by which missing or stale bytes are noticed, after a power cut say."""
    whole = len(data) // 8 * 8
    words = np.frombuffer(data, dtype=np.uint64, count=whole // 8) if whole else np.zeros(1, "u8")
    return (int(words.sum(dtype=np.uint64)) + sum(data[whole:])) % 2**64


def _ordered(names: Sequence[str] | frozenset[str] | set[str]) -> list[str]:
    return [name for name in BY_NAME if name in names]


def _fixed(generation: int) -> str:
    return f"fixed-{generation}.bin"


def _state(slot: int) -> str:
    return f"state-{slot}.bin"


def _lived(year: int) -> str:
    return f"lived-{year}.npz"


def _write(path: Path, columns: Sequence[NDArray[Any]], offset: int = 0) -> int:
    """Write columns one after the other from an offset on; return their fingerprint."""
    sums = 0
    with path.open("r+b" if path.exists() else "wb") as file:
        file.seek(offset)
        for column in columns:
            data = np.ascontiguousarray(column).data.cast("B") if column.size else b""
            sums = (31 * sums + fingerprint(data)) % 2**64
            file.write(data)
        file.truncate()
    return sums


def _columns_in(path: Path, names: Sequence[str], blocks: list[Block], rows: int) -> Columns:
    """Read columns that were written in blocks of rows."""
    columns = {name: np.empty(rows, dtype=BY_NAME[name].dtype) for name in names}
    end = 0
    with path.open("rb") as file:
        for first, last, expected in blocks:
            sums = 0
            for column in columns.values():
                data = file.read((last - first) * column.itemsize)
                sums = (31 * sums + fingerprint(data)) % 2**64
                column[first:last] = np.frombuffer(data, dtype=column.dtype)
            if first != end or sums != expected:
                raise ValueError(f"{path.name} is damaged")
            end = last
    if end != rows:
        raise ValueError(f"{path.name} is incomplete")
    return columns


def _keep_counts(path: Path, counts: Counts) -> None:
    arrays = {f"flow_{event}": np.stack(cells) for event, cells in counts.flows.items()}
    if counts.structure is not None:
        arrays |= {"ages": counts.structure.ages, "families": counts.structure.families}
    with path.open("wb") as file:
        np.savez(file, stock=np.stack(counts.stock), **arrays)  # type: ignore[arg-type]


def _counts_in(path: Path, year: int) -> Counts:
    with np.load(path) as held:
        found = {name: held[name] for name in held.files}
    structure = Structure(year, found["ages"], found["families"]) if "ages" in found else None
    flows = {
        name.removeprefix("flow_"): (cells[0], cells[1])
        for name, cells in found.items()
        if name.startswith("flow_")
    }
    return Counts(year, (found["stock"][0], found["stock"][1]), flows, structure)
