"""The store of an unfinished analysis: one line for every life that was lived.

It lies in a hidden folder beside where the analysis will be. A line is written whole at its
end; one that was cut off is lived again. So a process may be killed at any moment, and what
goes on later comes to the same numbers.
"""

import fcntl
import json
import math
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from sim.problems import InputError, Problem, refuse, shown

PLAN, LIVED, LOCK = "plan.json", "lived.jsonl", "lock"


def hidden(folder: Path) -> Path:
    """Return where an analysis lies before it is finished."""
    return folder.with_name(f".{folder.name}.unfinished")


class Store:
    """What was lived so far, and the file that the next lives are added to."""

    def __init__(self, folder: Path, lived: dict[int, tuple[float, ...]], file: TextIOWrapper):
        self.folder, self.lived, self._file = folder, lived, file

    def add(self, run: int, values: Sequence[float]) -> None:
        """Keep one life."""
        self.lived[run] = tuple(values)
        self._file.write(json.dumps([run, *map(_written, values)]) + "\n")
        self._file.flush()


@contextmanager
def opened(folder: Path, plan: Mapping[str, Any], runs: int, *, resume: bool) -> Iterator[Store]:
    """Open the store of an analysis: a new one, or with `resume` the one that is there.

    plan: all that decides the numbers, in parts that a message can name.
    """
    place = hidden(folder)
    refuse("command", _cannot_begin(place, plan, runs, resume=resume))
    try:
        place.mkdir(parents=True, exist_ok=True)
        with (place / LOCK).open("w") as lock:
            _only_one(lock, place)
            if not (place / PLAN).exists():
                _write_plan(place / PLAN, plan)
            lived = _whole_lines(place / LIVED, runs, len(plan["outputs"]))
            with (place / LIVED).open("a", encoding="utf-8", newline="") as file:
                yield Store(place, lived, file)
    except OSError as error:
        found = f"cannot be written to ({error.strerror or type(error).__name__})"
        cure = "Is the disk full, or the folder read-only? What was lived is kept: --resume."
        raise InputError("command", [Problem(str(place), found, "room", cure)]) from error


def done(folder: Path) -> None:
    """Take the store of a finished analysis away."""
    shutil.rmtree(hidden(folder), ignore_errors=True)


def _cannot_begin(
    place: Path, plan: Mapping[str, Any], runs: int, *, resume: bool
) -> Iterator[Problem]:
    """Yield why a new analysis cannot begin, or an old one not go on."""
    if not (place / PLAN).is_file():
        if resume:
            cure = "Leave --resume out to begin."
            yield Problem("--resume", f"there is nothing unfinished in {place}", "a folder", cure)
        return
    known = json.loads((place / PLAN).read_text("utf-8"))
    others = [name for name in plan if known.get(name) != plan[name]]
    if resume and others:
        cure = f"Ask the same again, or remove {place} and begin anew."
        found = f"the unfinished analysis in {place} has other {', '.join(others)}"
        yield Problem("--resume", found, "the same question, people and program", cure)
    elif not resume:
        many = (place / LIVED).read_bytes().count(b"\n") if (place / LIVED).exists() else 0
        found = f"an unfinished analysis lies in {place} ({many:,} of {runs:,} lives)"
        cure = "Add --resume to go on, or remove it to begin anew."
        yield Problem("--out", found, "a place where none is", cure)


def _only_one(lock: Any, place: Path) -> None:
    """Let no second process write here; a killed one keeps no lock."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        problem = Problem("--out", f"another analysis is writing in {shown(str(place))}", "one")
        raise InputError("command", [problem]) from None


def _write_plan(path: Path, plan: Mapping[str, Any]) -> None:
    part = path.with_suffix(".part")
    part.write_text(json.dumps(plan, indent=1, ensure_ascii=False), encoding="utf-8")
    part.replace(path)


def _whole_lines(path: Path, runs: int, outputs: int) -> dict[int, tuple[float, ...]]:
    """Return what was lived, and cut off a last line that is not whole."""
    if not path.exists():
        return {}
    content = path.read_bytes()
    end = content.rfind(b"\n") + 1
    if end < len(content):
        with path.open("r+b") as file:
            file.truncate(end)
    lived = {}
    for number, line in enumerate(content[:end].splitlines(), 1):
        run, *values = json.loads(line)
        if not 0 <= run < runs or len(values) != outputs:
            problem = Problem(f"line {number}", "is of another analysis", f"0 to {runs - 1:,}")
            raise InputError(str(path), [problem])
        lived[run] = tuple(math.nan if value is None else float(value) for value in values)
    return lived


def _written(value: float) -> float | None:
    """Return a number as JSON has it: what is no number is null."""
    return None if math.isnan(value) else value
