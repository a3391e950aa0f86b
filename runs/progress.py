"""Progress: a bar with the time left on a terminal, a few plain lines elsewhere."""

import sys
import time
from types import TracebackType
from typing import Self, TextIO


class Progress:
    """Counts finished pieces of work on standard error."""

    def __init__(self, total: int, unit: str, stream: TextIO | None = None) -> None:
        self.total, self.unit = total, unit
        self.stream = stream or sys.stderr
        self.done, self.told = 0, 0
        self.start = time.monotonic()
        self.bar = None
        if self.stream.isatty():
            from tqdm import tqdm

            self.bar = tqdm(total=total, unit=f" {unit}", file=self.stream, leave=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.bar is not None:
            self.bar.close()

    def advance(self, pieces: int = 1) -> None:
        """Say that so many pieces are finished; plain lines come at every quarter."""
        self.done += pieces
        if self.bar is not None:
            self.bar.update(pieces)
            return
        quarter = 4 * self.done // self.total
        if quarter > self.told:
            self.told = quarter
            spent = time.monotonic() - self.start
            left = spent / self.done * (self.total - self.done)
            self.stream.write(
                f"{self.done:,} of {self.total:,} {self.unit} after {spent:.1f} s, "
                f"about {left:.1f} s left\n"
            )
            self.stream.flush()
