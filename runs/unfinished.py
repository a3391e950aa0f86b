"""The folder of a run that is not finished: hidden, locked while somebody works in it, kept.

Beside the folder NAME that a run will have lies .NAME.part, with

    run.json    what run it is: its manifest so far
    lock        locked by the process that lives the run; the system unlocks it when that ends
    whole/      the folder NAME as it grows
    finished/, making/    see runs.parts

Whatever breaks a run off, what it has lived stays there, and `vandring run --resume NAME` goes
on. A run that was refused before anything was lived leaves nothing.
"""

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from errno import ENOENT
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any

from runs.checkpoints import replace_text
from runs.manifest import as_text
from runs.parts import Parts
from runs.store import cannot_write
from sim.problems import BrokenOffError, InputError, Problem

LOCKS = find_spec("fcntl") is not None  # elsewhere two runs into one folder are not noticed

RECORD, LOCK, WHOLE = "run.json", "lock", "whole"
WORTH_KEEPING = (OSError, MemoryError, KeyboardInterrupt, SystemExit, BrokenOffError)


def hidden(folder: Path) -> Path:
    """Return where a run lies that will get this folder."""
    return folder.with_name(f".{folder.name}.part")


def resume_with(folder: Path) -> str:
    """Say how to go on with a run."""
    return f"Go on with: vandring run --resume {folder}"


@contextmanager
def begun(folder: Path, record: Mapping[str, Any]) -> Iterator[Path]:
    """Begin a run in a new hidden folder, which becomes `folder` at the end.

    What breaks it off leaves the hidden folder behind if any year was lived.
    """
    part = hidden(folder)
    try:
        part.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(folder, error) from None
    with _locked(folder):
        if (part / RECORD).exists():
            raise _occupied(folder)
        with _becoming(folder):
            replace_text(part / RECORD, as_text(record))
            yield part


@contextmanager
def taken_up(folder: Path) -> Iterator[Path]:
    """Go on in the hidden folder of a run that was broken off."""
    with _locked(folder), _becoming(folder, again=True):
        yield hidden(folder)


def record_of(folder: Path) -> dict[str, Any]:
    """Return what run it is that was broken off."""
    path = hidden(folder) / RECORD
    try:
        record = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        found = f"{hidden(folder)} does not say which run it is"
        cure = "It was broken off before anything was lived: remove it, and run anew."
        raise InputError("command", [Problem("--resume", found, "a run", cure)]) from None
    return dict(record)


@contextmanager
def _becoming(folder: Path, *, again: bool = False) -> Iterator[None]:
    """Let whole/ become the folder at the end; keep what was lived if it does not come to that.

    again: the run was broken off before; nothing that it left is removed.
    """
    part = hidden(folder)
    try:
        (part / WHOLE).mkdir(exist_ok=True)
        yield
        if folder.exists():
            folder.rmdir()  # empty, or it would have been refused
        (part / WHOLE).rename(folder)
    except BaseException as error:
        kept = again or (isinstance(error, WORTH_KEEPING) and Parts(part).anything())
        if not kept:
            shutil.rmtree(part, ignore_errors=True)
        if isinstance(error, OSError):
            raise cannot_write(folder, error, resume_with(folder) if kept else "") from error
        if kept:
            error.add_note(resume_with(folder))
        raise
    (part / RECORD).unlink(missing_ok=True)  # first, or what is left might look like a run
    shutil.rmtree(part, ignore_errors=True)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the lock of a hidden folder; a process that is killed holds it no more."""
    try:
        file = (hidden(folder) / LOCK).open("a")
    except OSError as error:
        raise cannot_write(folder, error) from None
    with file:
        if not _lock(file):
            raise _busy(folder)
        if not _same(file, hidden(folder) / LOCK):  # it was finished while we opened it
            raise cannot_write(folder, FileNotFoundError(ENOENT, "the run is no longer there"))
        yield


def _same(file: IO[str], path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except OSError:
        return False


def _lock(file: IO[str]) -> bool:
    if not LOCKS:
        return True
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system that knows no locks
        return True
    return True


def _occupied(folder: Path) -> InputError:
    found = f"an unfinished run lies there ({hidden(folder)})"
    cure = f"{resume_with(folder)} - or remove it."
    return InputError("command", [Problem("--out", found, "one run a folder", cure)])


def _busy(folder: Path) -> InputError:
    found = f"another run is writing there ({hidden(folder)})"
    cure = "Let it finish, or choose another folder."
    return InputError("command", [Problem("--out", found, "one run a folder", cure)])
