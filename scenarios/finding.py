"""Finding the file of a scenario, and the files that it names, without leaving the project.

A path in a scenario file begins at the folder of that file and must lie below the folder of
the scenario that was asked for, or below the current folder; links are followed first. Other
places are named on the command line. So a scenario from somebody else reads nothing of yours.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from scenarios.reading import parse_yaml
from sim.problems import InputError, Problem, shown, suggest
from sim.transitions.calibrated import SHIPPED
from sim.transitions.process import PUBLISHED

LIBRARY = Path(__file__).parent
EMBEDDED, DEFAULT_ECONOMY = "embedded", "default"
FILES = {"population": EMBEDDED, "parameters": PUBLISHED, "economy": DEFAULT_ECONOMY,
         "calibration": SHIPPED}  # fmt: skip
FOLDERS = {"parameters": "a folder that `vandring estimate` wrote",
           "calibration": "a folder that `vandring calibrate` wrote"}  # fmt: skip
MOST_BYTES = 2**18  # of a scenario file: some thousand lines
MOST_SHOWN = 300  # letters of a path
Roots = tuple[Path, ...]


def names() -> list[str]:
    """Return the names of the shipped scenarios."""
    return sorted(path.stem for path in LIBRARY.glob("*.yaml"))


def find(which: str, near: Path | None, roots: Roots) -> Path | Problem:
    """Return the file of a scenario given by name or path, or what is wrong with that.

    near: the file that names it; None: the command line, which may name any place.
    """
    where = "based_on" if near else "scenario"
    if "/" not in which and not which.endswith((".yaml", ".yml")):
        if which in names():
            return LIBRARY / f"{which}.yaml"
        allowed = f"the path of a YAML file, or {', '.join(names())}"
        found = f"there is none called {shown(which)}"
        return Problem(where, found, allowed, suggest(which, names()))
    path = _inside(near, which, where, roots) if near else Path(which)
    return path if isinstance(path, Problem) else _file(path, where, shown(which) if near else "")


def _file(path: Path, where: str, seen: str) -> Path | Problem:
    """Return a file as it is without links, or say that it is none."""
    seen = seen or str(path)
    try:
        if path.is_file():
            return path.resolve()
        if path.is_dir():
            return Problem(where, f"{seen} is a folder", "a YAML file")
        beside_it = [file.name for file in path.parent.glob("*.y*ml")]
    except OSError as error:
        found = f"{shown(seen)} cannot be read ({error.strerror})"
        return Problem(where, found, "a YAML file")
    cure = suggest(path.name, beside_it) or suggest(path.stem, names())
    return Problem(where, f"there is no file {seen}", "a YAML file", cure)


def roots_of(path: Path) -> Roots:
    """Return the folders below which the files lie that a scenario may name."""
    roots = [path.parent]
    with suppress(OSError):  # the current folder may be gone
        roots.append(Path.cwd())
    return tuple(root.resolve() for root in roots)


def beside(path: Path, field: str, named: str, roots: Roots) -> str | Problem:
    """Return a file as a field of the scenario in `path` names it, or its shipped word."""
    word = named.partition(":")[0] if field == "population" else named
    if word == FILES[field]:
        return named
    found = _inside(path, named, field, roots)
    return found if isinstance(found, Problem) else str(found)


def missing(field: str, named: str) -> Iterator[Problem]:
    """Yield that there is no file or folder of the name that a field gives."""
    word = named.partition(":")[0] if field == "population" else named
    if word == FILES[field]:
        return
    folder = field in FOLDERS
    wanted, other = ("folder", "file") if folder else ("file", "folder")
    allowed = FOLDERS.get(field, "a Parquet file")
    cure = f"Is the path right? '{FILES[field]}' needs no {wanted}."
    path = Path(named)
    with suppress(OSError, ValueError):  # such as a name that is too long
        if path.is_dir() if folder else path.is_file():
            return
        if path.exists():
            yield Problem(field, f"{shown(named, MOST_SHOWN)} is a {other}", allowed, cure)
            return
    yield Problem(field, f"there is no {wanted} {shown(named, MOST_SHOWN)}", allowed, cure)


def _inside(near: Path, named: str, field: str, roots: Roots) -> Path | Problem:
    allowed = "a path from this file's folder, inside the project"
    given = "" if field == "based_on" else f", or on the command line: --{field}"
    if Path(named).is_absolute():
        cure = f"Give it from the folder of this file{given}."
        return Problem(field, f"is the absolute path {shown(named)}", allowed, cure)
    try:
        path = (near.parent / named).resolve()
    except (OSError, ValueError, RuntimeError):  # NUL characters, links in a circle
        return Problem(field, f"is {shown(named)}, which is no path", allowed)
    if any(path.is_relative_to(root) for root in roots):
        return path
    cure = f"Move it below {roots[0].name}{given}."
    return Problem(field, f"{shown(named)} leaves the project", allowed, cure)


def read(path: Path, fields: Sequence[str]) -> dict[Any, Any]:
    """Return what a scenario file holds, before anything in it is checked."""
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            found = f"is larger than {MOST_BYTES:,} bytes"
            raise InputError(str(path), [Problem("file", found, "a scenario of a few pages")])
        text = content.decode("utf-8")
    except PermissionError:
        problem = Problem("file", "no permission to read it", "a file that you may read")
        raise InputError(str(path), [problem]) from None
    except (OSError, UnicodeDecodeError) as error:
        found = f"cannot be read ({type(error).__name__})"
        raise InputError(str(path), [Problem("file", found, "text in UTF-8")]) from None
    raw = parse_yaml(text, str(path))
    if isinstance(raw, dict):
        return raw
    held = "nothing" if raw is None else f"{shown(raw)} ({type(raw).__name__})"
    problem = Problem("file", f"holds {held}", f"the fields {', '.join(fields)}")
    raise InputError(str(path), [problem])


def circle(descent: Sequence[Path], path: Path, most: int) -> Iterator[Problem]:
    """Yield that a scenario is its own ancestor, or has too many."""
    trail = " > ".join(p.stem for p in (*descent, path))
    if path in descent:
        yield Problem("based_on", f"goes in a circle: {trail}", "a base")
    elif len(descent) >= most:
        yield Problem("based_on", f"has more than {most} ancestors: {trail}", f"at most {most}")
