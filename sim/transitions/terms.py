"""The terms of the trinomial logit, in one fixed order, made from the code lists.

Every coefficient array of this package has the terms of `TERMS` along its second-last
axis and the outcomes domestic and emigrate (`MOVES`) along its last. The reference
value of a factor has no term: its effect is zero.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sim.codes import CENTRALITY, DURATION_GROUP, EDUCATION, REASON, SEX, STATUS, CodeList

OUTCOMES = ("stay", "domestic", "emigrate")
MOVES = OUTCOMES[1:]
FEMALE = SEX.index("female")


@dataclass(frozen=True)
class Factor:
    """A variable of several values, each but the reference with a term of its own."""

    name: str
    codes: CodeList
    reference: str

    def terms(self) -> Iterator[tuple[int, str]]:
        """Yield the stored number and the term of every value but the reference."""
        for number, value in enumerate(self.codes.names):
            if value != self.reference:
                yield number, f"{self.name}_{value.replace('-', '_')}"


FACTORS = (
    Factor("duration", DURATION_GROUP, "16+"),
    Factor("education", EDUCATION, "none"),
    Factor("status", STATUS, "outside"),
    Factor("reason", REASON, "nordic"),
)
LEVELS = Factor("centrality", CENTRALITY, "4")


def _terms() -> Iterator[str]:
    yield from ("constant", "age", "age_over_10_squared", "female")
    for factor in FACTORS:
        yield from (term for _, term in factor.terms())
    yield from ("family_total", "family_immigrants")
    yield from (term for _, term in LEVELS.terms())


TERMS = tuple(_terms())
POSITION = {term: position for position, term in enumerate(TERMS)}
LEVEL_TERMS = tuple(term for _, term in LEVELS.terms())


def terms_of(model_type: int) -> tuple[str, ...]:
    """Return the terms of a type of model: 1 pooled, 2 by centrality, 3 also by sex."""
    without = {1: (), 2: LEVEL_TERMS, 3: ("female", *LEVEL_TERMS)}[model_type]
    return tuple(term for term in TERMS if term not in without)
