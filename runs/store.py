"""The run directory: created under a hidden name, whole when it gets its own."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from errno import ENAMETOOLONG
from pathlib import Path

from sim.problems import InputError, Problem, refuse

OUT = Path("runs") / "out"
LONGEST_SHOWN = 120  # letters of a path in a message


def new_folder(scenario: str, digest: str, when: datetime, out: str | None) -> Path:
    """Return the folder a run will be written to, or say why it cannot be."""
    if out is None:
        return OUT / f"{scenario}-{when:%Y%m%dT%H%M%S}-{digest[:8]}"
    refuse("command", folder_problem(out))
    folder = Path(out)
    return folder.resolve() if folder.name == ".." else folder


def folder_problem(out: str | None) -> list[Problem]:
    """Say at once, before anything is simulated, that a run cannot be written to `out`."""
    if out is None:
        return []
    allowed = "a new or empty folder"
    if not out.strip():
        return [Problem("--out", f"is {out!r}", allowed, "Give the folder a name.")]
    folder = Path(out)
    try:
        if folder.resolve() == Path.cwd():
            found = f"{out} is the folder that you stand in"
            return [Problem("--out", found, allowed, "Give the name of a folder below it.")]
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            found = f"{out} is {'not empty' if folder.is_dir() else 'no folder'}"
            cure = "Choose another name; finished runs are never written over."
            return [Problem("--out", found, allowed, cure)]
    except OSError as error:
        return list(cannot_write(folder, error).problems)
    return []


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """Give a hidden folder to write in; it becomes `folder` at the end, or disappears."""
    part = folder.with_name(f".{folder.name}.part")
    try:
        part.mkdir(parents=True)
    except FileExistsError:
        cure = f"If none is, remove {part}."
        problem = Problem("--out", "another run is writing there", "one run a folder", cure)
        raise InputError("command", [problem]) from None
    except OSError as error:
        raise cannot_write(folder, error) from None
    try:
        yield part
        if folder.exists():
            folder.rmdir()  # empty, or it would have been refused
        part.rename(folder)
    except OSError as error:
        raise cannot_write(folder, error) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def cannot_write(folder: Path, error: OSError, more: str = "") -> InputError:
    """Return what to tell of a folder that cannot be written to; more: what to do then."""
    found = f"cannot be written to ({error.strerror or type(error).__name__})"
    if error.errno == ENAMETOOLONG:
        cure = "Choose a shorter name with --out."
    elif more:
        cure = f"Is the disk full, the folder read-only or gone? {more}"
    else:
        cure = "Is the disk full, or the folder read-only? A new run may go elsewhere with --out."
    return InputError("command", [Problem(_shown(folder), found, "a writable folder", cure)])


def _shown(path: Path) -> str:
    """Return a path as a message shows it: never very long."""
    text = str(path)
    return text if len(text) <= LONGEST_SHOWN else f"{text[: LONGEST_SHOWN - 3]}..."
