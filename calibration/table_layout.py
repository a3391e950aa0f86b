"""What tables of estimates have in common: words in two languages, columns, LaTeX."""

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from sim.problems import Problem, refuse, suggest

LANGUAGES = ("both", "nb", "en")
Words = tuple[str, str]  # English, Norwegian


HEADINGS: Mapping[str, Words] = MappingProxyType(
    {
        "constant": ("Constant", "Konstantledd"),
        "sex": ("Sex", "Kjønn"),
        "age": ("Age", "Alder"),
        "education": ("Education", "Utdanning"),
        "duration": ("Duration of stay", "Botid"),
        "status": ("Labour-market status", "Arbeidsmarkedsstatus"),
        "reason": ("Reason for immigration", "Innvandringsgrunn"),
        "family_size": ("Family size", "Familiestørrelse"),
        "immigrants_only": ("Immigrants only, by size", "Bare innvandrere, etter størrelse"),
    }
)


def languages(language: str) -> tuple[int, ...]:
    """Return the places of the languages asked for, or say which there are."""
    if language not in LANGUAGES:
        cure = suggest(str(language), LANGUAGES)
        refuse("table", [Problem("language", f"is {language!r}", ", ".join(LANGUAGES), cure)])
    return {"both": (1, 0), "nb": (1,), "en": (0,)}[language]


def padded(words: Sequence[str], widths: Sequence[int], *, right: bool = False) -> str:
    """Return words side by side, each in its width."""
    pad = str.rjust if right else str.ljust
    return "".join(pad(word, width) + "  " for word, width in zip(words, widths, strict=True))


def signed(value: float, digits: int) -> str:
    """Return a rounded number, never '-0.000'."""
    return f"{round(float(value), digits) + 0.0:.{digits}f}"


def plain(value: Any) -> str:
    """Return a figure for a CSV: words as they are, nothing for none."""
    if isinstance(value, str):
        return str(value)
    return "" if math.isnan(value) else f"{float(value):.10g}"


def command(name: str, words: str) -> str:
    """Return a LaTeX command."""
    return f"\\{name}{{{words}}}"


def math_mode(words: str) -> str:
    """Return LaTeX of a number, its decimal comma without a space."""
    return f"${words.replace(',', '{,}')}$"


def tex(words: str) -> str:
    """Return words that LaTeX prints as they are."""
    for sign in "&%_#$":
        words = words.replace(sign, "\\" + sign)
    return words


def joined(words: Words, chosen: Sequence[int], between: str) -> str:
    """Return words in the languages chosen, for LaTeX."""
    return between.join(tex(words[i]) for i in chosen)
