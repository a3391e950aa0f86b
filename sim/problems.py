"""How Vandring says that something is wrong: where, what was found, what is allowed, the cure.

Everything that a user can get wrong is collected as a list of `Problem`s and raised
once, as one `InputError`. Our own mistakes raise other exceptions, with a traceback.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: where, what was found, what is allowed and the likely cure."""

    where: str
    found: str
    allowed: str = ""
    cure: str = ""

    def __str__(self) -> str:
        allowed = f"; allowed: {self.allowed}" if self.allowed else ""
        cure = f". {self.cure}" if self.cure else ""
        return f"{self.where}: {self.found}{allowed}{cure}"


class InputError(ValueError):
    """Every problem of one input, so that all can be mended in one go."""

    def __init__(self, source: str, problems: Iterable[Problem]) -> None:
        self.source = source
        self.problems = tuple(problems)
        many = "problem" if len(self.problems) == 1 else "problems"
        lines = "".join(f"\n  - {problem}" for problem in self.problems)
        super().__init__(f"{source} has {len(self.problems)} {many}:{lines}")

    def __reduce__(self) -> tuple[type["InputError"], tuple[str, tuple[Problem, ...]]]:
        """Let other processes send it whole."""
        return type(self), (self.source, self.problems)


class BrokenOffError(InputError):
    """Something outside stopped the work in the middle; what was done is worth keeping."""


def refuse(source: str, problems: Iterable[Problem]) -> None:
    """Raise one `InputError` if there are any problems; otherwise do nothing."""
    found = tuple(problems)
    if found:
        raise InputError(source, found)


def suggest(
    name: str,
    known: Collection[str],
    labels: Mapping[str, str] | None = None,
    *,
    cutoff: float = 0.6,
) -> str:
    """Return 'Did you mean ...?' if `name` resembles a known word or its label, else ''.

    labels: what else people may say, with the known word that is meant by it.
    """
    said = {word.casefold(): word for word in known}
    for label, word in (labels or {}).items():
        said.setdefault(label.casefold(), word)
    near = get_close_matches(name.casefold(), said, n=1, cutoff=cutoff)
    return f"Did you mean {said[near[0]]!r}?" if near else ""


def shown(value: object, most: int = 60) -> str:
    """Return a value as a message shows it: quoted if text, and never very long."""
    text = repr(value)
    return text if len(text) <= most else f"{text[: most - 3]}..."
