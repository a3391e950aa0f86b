"""What all commands share at the terminal: exit codes, whole numbers, signals, telling the end."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, NoReturn

from sim.problems import Problem, shown

DONE, FAILED, WRONG_USAGE, INTERRUPTED, TERMINATED = 0, 1, 2, 130, 143
MOST_THREADS = 256
MOST_DIGITS = 12


def whole_number(
    word: str, option: str, most: int, problems: list[Problem], *, least: int = 1
) -> int:
    """Return the number an option gives; what is wrong joins `problems`."""
    digits = word.isascii() and word.isdecimal() and len(word) <= MOST_DIGITS
    if digits and least <= int(word) <= most:
        return int(word)
    problems.append(Problem(option, f"is {shown(word)}", f"a whole number, {least:,} to {most:,}"))
    return least


def takes_next(word: str) -> bool:
    """Say whether the word after an unknown one may be its value."""
    return word.startswith("--") and "=" not in word


@contextmanager
def ending_on_sigterm() -> Iterator[None]:
    """Let a SIGTERM end the run as an exception does, so that nothing half-written stays."""

    def end(number: int, frame: object) -> NoReturn:
        raise SystemExit(TERMINATED)

    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may listen
        return

    def again(lost: Any) -> None:
        if lost.exc_type is SystemExit:
            threading.Timer(0.1, signal.raise_signal, [signal.SIGTERM]).start()
        else:
            hook(lost)

    hook, sys.unraisablehook = sys.unraisablehook, again  # the compiler's callbacks lose exceptions
    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
        sys.unraisablehook = hook


def told(tell: Callable[[], None], kept: str) -> int:
    """Print the outcome; what was written is kept even if nobody can be told.

    kept: where it lies.
    """
    try:
        tell()
        sys.stdout.flush()
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        said = f"vandring: standard output cannot be written ({reason}); {kept}"
        with suppress(OSError, ValueError):
            print(said, file=sys.stderr)
        _silence_output()
        return FAILED
    return DONE


def _silence_output() -> None:
    """Send to nowhere what is still buffered, or Python complains of it when it ends."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
