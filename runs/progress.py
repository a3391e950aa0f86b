"""Progress: a bar with the time left on a terminal, a few plain lines elsewhere."""

import sys
import threading
import time
from types import TracebackType
from typing import Self, TextIO

SECONDS_OF_SILENCE = 20.0


class Progress:
    """Counts finished pieces of work on standard error.

    What is told matters less than the work: if it cannot be told, the work goes on.
    before: pieces that were finished before, which say nothing about the time left.
    """

    def __init__(
        self, total: int, unit: str, stream: TextIO | None = None, *, before: int = 0
    ) -> None:
        self.total, self.unit = total, unit
        self.stream = stream or sys.stderr
        self.before, self.done, self.quarter = before, before, 4 * before // max(total, 1)
        self.start = self.told = time.monotonic()
        self.bar = None
        self.heard = True
        self.lock = threading.Lock()
        if self.stream.isatty():
            from tqdm import tqdm

            self.bar = tqdm(
                total=total, initial=before, unit=f" {unit}", file=self.stream, leave=False
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if self.bar is not None:
                self.bar.close()
        except (OSError, ValueError):
            self.heard = False

    def advance(self, pieces: int = 1) -> None:
        """Say that so many pieces are finished; plain lines come at quarters and every 20 s."""
        with self.lock:
            self.done += pieces
            if not self.heard:
                return
            try:
                self._tell(pieces)
            except (OSError, ValueError):  # a full disk, a closed terminal
                self.heard = False

    def _tell(self, pieces: int) -> None:
        if self.bar is not None:
            self.bar.update(pieces)
            return
        now, quarter = time.monotonic(), 4 * self.done // self.total
        if quarter > self.quarter or now - self.told >= SECONDS_OF_SILENCE:
            self.quarter, self.told = quarter, now
            spent = now - self.start
            left = spent / (self.done - self.before) * (self.total - self.done)
            self.stream.write(
                f"{self.done:,} of {self.total:,} {self.unit} after {spent:.1f} s, "
                f"about {left:.1f} s left\n"
            )
            self.stream.flush()
