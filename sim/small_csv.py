"""Small CSV files of a user's own: read whole, or refused with what is wrong with the file."""

import csv
import io
import stat
from pathlib import Path

from sim.problems import InputError, Problem, shown

LONGEST = 200  # name of a file that is told as it is
MOST_BYTES = 2**20


def lines_of(path: Path, most_rows: int) -> list[tuple[int, list[str]]]:
    """Return the lines of a file that are not empty, with their numbers; the header is one."""
    text = _text(path)
    try:
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        lines = [(reader.line_num, fields) for fields in reader if any(map(str.strip, fields))]
    except csv.Error as error:
        raise _no_file(path, f"is no CSV ({error})", "CSV") from None
    if not lines:
        raise _no_file(path, "is empty", "a header and rows")
    if len(lines) > most_rows + 1:
        raise _no_file(path, f"has {len(lines) - 1:,} rows", f"at most {most_rows:,}")
    return lines


def _text(path: Path) -> str:
    try:
        about = path.stat()
        if not stat.S_ISREG(about.st_mode):
            kind = "a folder" if stat.S_ISDIR(about.st_mode) else "no regular file"
            raise _no_file(path, f"is {kind}", "a CSV file")
        if about.st_size > MOST_BYTES:
            raise _no_file(path, "is too large", f"{MOST_BYTES:,} bytes")
        text = path.read_text(encoding="utf-8-sig")  # Excel puts a mark before the first column
    except InputError:
        raise
    except FileNotFoundError:
        raise _no_file(path, "does not exist", "a CSV file") from None
    except (OSError, ValueError) as error:  # ValueError: not UTF-8, or a name with a NUL
        reason = getattr(error, "strerror", None)
        if reason is None:
            reason = "not UTF-8" if isinstance(error, UnicodeDecodeError) else error
        raise _no_file(path, f"cannot be read ({reason})", "a CSV file in UTF-8") from None
    if "\0" in text:
        raise _no_file(path, "holds NUL characters", "text in UTF-8")
    return text


def _no_file(path: Path, found: str, allowed: str) -> InputError:
    name = str(path)
    source = name if name.isprintable() and len(name) <= LONGEST else shown(name)
    return InputError(source, [Problem("file", found, allowed)])
