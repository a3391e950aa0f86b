"""The run directory: created under a hidden name, whole when it gets its own."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from sim.problems import InputError, Problem

OUT = Path("runs") / "out"


def new_folder(scenario: str, digest: str, when: datetime, out: str | None) -> Path:
    """Return the folder a run will be written to, or say why it cannot be."""
    if out is None:
        return OUT / f"{scenario}-{when:%Y%m%dT%H%M%S}-{digest[:8]}"
    folder = Path(out)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        allowed = "a new or empty folder"
        cure = "Choose another name; finished runs are never written over."
        raise InputError("command", [Problem("--out", f"{out} is not empty", allowed, cure)])
    return folder


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
        raise _cannot_write(folder, error) from None
    try:
        yield part
        if folder.exists():
            folder.rmdir()  # empty, or it would have been refused
        part.rename(folder)
    except OSError as error:
        raise _cannot_write(folder, error) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _cannot_write(folder: Path, error: OSError) -> InputError:
    found = f"cannot be written to ({error.strerror or type(error).__name__})"
    cure = "Is the disk full, or the folder read-only? Choose another with --out."
    return InputError("command", [Problem(str(folder), found, "a writable folder", cure)])
