"""Persons with equal terms as one pattern: what the logit kernels run over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibration.raking import Floats, Ints
from sim.codes import DURATION_GROUP, EDUCATION, REASON, SEX, STATUS
from sim.transitions.covariates import Covariates
from sim.transitions.terms import FACTORS, FEMALE, LEVELS

MOST_PATTERN_BITS = 62


@dataclass(frozen=True)
class Patterns:
    """Different combinations of terms, and how many persons chose what in each.

    terms: names of the columns of the model: constant, numbers, dummies.
    places: the columns of the constant and of each of `numbers`; active: columns of the
        dummies that are 1, -1 where a factor has its reference.
    counts: weighted persons by outcome; squares: sums of squared weights.
    of_person: pattern of each person.
    """

    terms: tuple[str, ...]
    places: Ints
    numbers: Floats
    active: Ints
    counts: Floats
    squares: Floats
    of_person: Ints

    def __len__(self) -> int:
        return len(self.numbers)

    def every(self, stride: int) -> "Patterns":
        """Return each stride-th pattern, for a first guess."""
        return Patterns(
            self.terms, self.places, np.ascontiguousarray(self.numbers[::stride]),
            np.ascontiguousarray(self.active[::stride]),
            np.ascontiguousarray(self.counts[::stride]), self.squares[::stride], self.of_person[:0],
        )  # fmt: skip

    def has(self, term: str) -> NDArray[np.bool_]:
        """Return which patterns have a dummy."""
        return np.asarray((self.active == self.terms.index(term)).any(axis=1))

    def restricted(self, rows: NDArray[np.bool_], terms: Sequence[str]) -> "Patterns":
        """Return some patterns, with the terms of a smaller model; no dummy of theirs is lost."""
        kept = [i for i, term in enumerate(self.terms) if term in terms]
        place = np.full(len(self.terms) + 1, -1)
        place[kept] = np.arange(len(kept))
        columns = [column for column in self.active.T if np.isin(column, kept).any()]
        table = np.stack(columns, axis=1) if columns else np.empty((len(self), 0), np.int64)
        active = place[table[rows]]
        number = np.full(len(self), -1)
        number[rows] = np.arange(int(rows.sum()))
        return Patterns(
            tuple(self.terms[i] for i in kept), self.places, self.numbers[rows], active,
            self.counts[rows], self.squares[rows], number[self.of_person],
        )  # fmt: skip

    def log_odds(self, beta: Floats) -> Floats:
        """Return the log odds of each pattern against staying."""
        padded = np.vstack([beta, np.zeros((1, beta.shape[1]))])
        found = beta[self.places[0]] + self.numbers @ beta[self.places[1:]]
        for column in self.active.T:
            found += padded[column]
        return np.asarray(found)

    def bearers(self) -> Floats:
        """Return weighted persons with each dummy, by outcome; dummies in order of terms."""
        first = self.places.size
        found = np.zeros((len(self.terms) - first + 1, self.counts.shape[1]))
        for column in self.active.T:
            which = np.where(column >= 0, column - first, len(found) - 1)
            for o, count in enumerate(self.counts.T):
                found[:, o] += np.bincount(which, count, len(found))
        return found[:-1]

    def dense(self) -> Floats:
        """Return the terms of each pattern, zeros and all."""
        table = np.zeros((len(self), len(self.terms)))
        table[:, self.places[0]] = 1
        table[:, self.places[1:]] = self.numbers
        for column in self.active.T:
            some = np.flatnonzero(column >= 0)
            table[some, column[some]] = 1
        return table


def collapse(
    people: Covariates,
    terms: Sequence[str],
    outcome: Ints,
    weight: Floats | None,
    outcomes: int,
) -> Patterns:
    """Collapse persons to patterns of the given terms.

    outcome: 0 is the reference; weight: None gives everybody 1.
    """
    key, parts = _keys(people, terms)
    order = np.argsort(key, kind="stable")
    begins = np.flatnonzero(np.diff(key[order], prepend=-1))
    number = np.zeros(key.size, dtype=np.int64)
    number[begins[1:]] = 1
    pattern = np.empty(key.size, dtype=np.int64)
    pattern[order] = np.cumsum(number)
    first = order[begins]
    cell = pattern * outcomes + outcome
    size = first.size * outcomes
    counts = np.bincount(cell, weight, size).reshape(-1, outcomes).astype(np.float64)
    squares = counts
    if weight is not None:
        squares = np.bincount(cell, weight**2, size).reshape(-1, outcomes).astype(np.float64)
    return _make(parts, terms, first, counts, squares, pattern)


def _factors(people: Covariates) -> Mapping[str, tuple[Ints, Mapping[int, str]]]:
    """Return each factor's codes, with the terms of the codes that have one."""
    found = {f.name: (getattr(people, f.name), dict(f.terms())) for f in (*FACTORS, LEVELS)}
    return {"female": (people.sex, {FEMALE: "female"}), **found}


SIZES = {
    "female": len(SEX), "duration": len(DURATION_GROUP), "education": len(EDUCATION),
    "status": len(STATUS), "reason": len(REASON), "centrality": 4,
}  # fmt: skip


def _keys(people: Covariates, terms: Sequence[str]) -> tuple[Ints, Covariates]:
    """Return one number for each combination of what the terms look at."""
    parts = [(people.age, int(people.age.max(initial=0)) + 1)]
    for name in ("family_total", "family_immigrants"):
        if name in terms:
            column = getattr(people, name)
            parts.append((column, int(column.max(initial=0)) + 1))
    for name, (codes, of) in _factors(people).items():
        if any(term in terms for term in of.values()):
            parts.append((codes, SIZES[name]))
    bits = sum(float(np.log2(max(span, 2))) for _, span in parts)
    assert bits < MOST_PATTERN_BITS, "ages and family sizes fit into a key"
    key = np.zeros(people.age.size, dtype=np.int64)
    for column, span in parts:
        key *= span
        key += column
    return key, people


def _make(
    people: Covariates, terms: Sequence[str], first: Ints, counts: Floats, squares: Floats,
    pattern: Ints,
) -> Patterns:  # fmt: skip
    age = people.age[first]
    amounts = {
        "age": age, "age_over_10_squared": (age / 10) ** 2,
        "family_total": people.family_total[first],
        "family_immigrants": people.family_immigrants[first],
    }  # fmt: skip
    numeric = [term for term in amounts if term in terms]
    dummies = [t for _, of in _factors(people).values() for t in of.values() if t in terms]
    ordered = ("constant", *numeric, *dummies)  # as the kernels want it: ascending columns
    places = np.arange(1 + len(numeric))
    numbers = np.stack([np.asarray(amounts[t], dtype=np.float64) for t in numeric], axis=1)
    columns = []
    for codes, of in _factors(people).values():
        where = np.full(max(of) + 2, -1)
        for code, term in of.items():
            where[code] = ordered.index(term) if term in ordered else -1
        if (where >= 0).any():
            columns.append(where[np.minimum(codes[first], where.size - 1)])
    active = np.stack(columns, axis=1) if columns else np.empty((first.size, 0), dtype=np.int64)
    return Patterns(ordered, places, numbers, active, counts, np.asarray(squares), pattern)
