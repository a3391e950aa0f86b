"""Persons with equal terms as one pattern: what the logit kernels run over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from calibration.raking import Floats, Ints
from sim.codes import CENTRALITY, DURATION_GROUP, EDUCATION, REASON, SEX, STATUS
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
    stratum: 2 x stored centrality + stored sex; ascending when both are among the terms.
    of_person: pattern of each person; those below `first` or beyond the last are of others.
    """

    terms: tuple[str, ...]
    places: Ints
    numbers: Floats
    active: NDArray[np.int16]
    counts: Floats
    squares: Floats
    stratum: Ints
    of_person: Ints
    first: int = 0

    def __len__(self) -> int:
        return len(self.numbers)

    @cached_property
    def events(self) -> Floats:
        """Weighted persons by outcome."""
        return np.array([column.sum() for column in self.counts.T])

    @cached_property
    def weights(self) -> Floats:
        """Weighted persons of each pattern."""
        return np.asarray(sum(self.counts.T))

    def every(self, stride: int) -> "Patterns":
        """Return each stride-th pattern, for a first guess."""
        return Patterns(
            self.terms, self.places, np.ascontiguousarray(self.numbers[::stride]),
            np.ascontiguousarray(self.active[::stride]),
            np.ascontiguousarray(self.counts[::stride]), self.squares[::stride],
            self.stratum[::stride], self.of_person[:0],
        )  # fmt: skip

    def persons(self) -> tuple[Ints, Ints]:
        """Return the persons of these patterns, and the pattern of each."""
        inside = (self.of_person >= self.first) & (self.of_person < self.first + len(self))
        mine = np.flatnonzero(inside)
        return mine, self.of_person[mine] - self.first

    def of_strata(self, first: int, last: int, terms: Sequence[str]) -> "Patterns":
        """Return the patterns of strata from first up to last, with the terms of a smaller model.

        Its terms hold all that differs inside the strata.
        """
        low, high = np.searchsorted(self.stratum, (first, last))
        kept = [i for i, term in enumerate(self.terms) if term in terms]
        place = np.full(len(self.terms) + 1, -1, dtype=np.int16)
        place[kept] = np.arange(len(kept))
        table = self.active[low:high]
        columns = [place[column] for column in table.T if column.max(initial=-1) in kept]
        active = np.stack(columns, axis=1) if columns else np.empty((high - low, 0), np.int16)
        return Patterns(
            tuple(self.terms[i] for i in kept), self.places, self.numbers[low:high], active,
            self.counts[low:high], self.squares[low:high], self.stratum[low:high],
            self.of_person, self.first + int(low),
        )  # fmt: skip

    def log_odds(self, beta: Floats) -> Floats:
        """Return the log odds of each pattern against staying."""
        padded = np.vstack([beta, np.zeros((1, beta.shape[1]))])
        found = beta[self.places[0]] + self.numbers @ beta[self.places[1:]]
        for column in self.active.T:
            found += padded[column]
        return np.asarray(found)

    def furthest(self, beta: Floats) -> float:
        """Return what no log odds of these patterns exceed."""
        dummies = np.abs(beta[self.places.size :]).max(axis=1, initial=0)
        largest = [max(abs(column.max()), abs(column.min())) for column in self.numbers.T]
        numbers = np.array(largest) @ np.abs(beta[self.places[1:]])
        bound = np.abs(beta[self.places[0]]) + numbers
        return float(bound.max() + np.sort(dummies)[-self.active.shape[1] :].sum())

    def bearers(self) -> Floats:
        """Return weighted persons with each dummy, by outcome; dummies in order of terms."""
        first = self.places.size
        found = np.zeros((len(self.terms) - first + 1, self.counts.shape[1]))
        if not len(self):
            return found[:-1]
        new = np.zeros(len(self), dtype=np.bool_)
        new[0] = True
        for column in self.active.T:
            new[1:] |= column[1:] != column[:-1]
        starts = np.flatnonzero(new)
        counts = np.add.reduceat(self.counts, starts)  # of runs with the same dummies
        for column in self.active[starts].T:
            which = np.where(column >= 0, column - first, len(found) - 1)
            for o, count in enumerate(counts.T):
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
    key = _keys(people, terms)
    order = _sorted(key)
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
    return _make(people, terms, first, counts, squares, pattern)


def _sorted(key: Ints) -> Ints:
    """Return the order of keys, by counting 16 bits at a time: NumPy does that ten times faster."""
    order = np.argsort(key.astype(np.uint16), kind="stable")
    shift = 16
    while int(key.max(initial=0)) >> shift:
        digit = (key[order] >> shift).astype(np.uint16)
        order = order[np.argsort(digit, kind="stable")]
        shift += 16
    return order


def _factors(people: Covariates) -> Mapping[str, tuple[Ints, Mapping[int, str]]]:
    """Return each factor's codes, with the terms of the codes that have one."""
    found = {f.name: (getattr(people, f.name), dict(f.terms())) for f in (*FACTORS, LEVELS)}
    return {"female": (people.sex, {FEMALE: "female"}), **found}


SIZES = {
    "centrality": len(CENTRALITY), "female": len(SEX), "duration": len(DURATION_GROUP),
    "education": len(EDUCATION), "status": len(STATUS), "reason": len(REASON),
}  # fmt: skip


def _keys(people: Covariates, terms: Sequence[str]) -> Ints:
    """Return one number for each combination of what the terms look at.

    Factors come first, centrality and sex foremost: patterns with equal dummies, and those
    of a stratum, then lie beside each other, as the kernels like it.
    """
    factors = {name: _factors(people)[name] for name in SIZES}
    parts = [
        (codes, SIZES[name])
        for name, (codes, of) in factors.items()
        if any(term in terms for term in of.values())
    ]
    for name in ("age", "family_total", "family_immigrants"):
        if name == "age" or name in terms:
            column = getattr(people, name)
            parts.append((column, int(column.max(initial=0)) + 1))
    bits = sum(float(np.log2(max(span, 2))) for _, span in parts)
    assert bits < MOST_PATTERN_BITS, "ages and family sizes fit into a key"
    key = np.zeros(people.age.size, dtype=np.int64)
    for column, span in parts:
        key *= span
        key += column
    return key


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
        where = np.full(max(of) + 2, -1, dtype=np.int16)
        for code, term in of.items():
            where[code] = ordered.index(term) if term in ordered else -1
        if (where >= 0).any():
            columns.append(where[np.minimum(codes[first], where.size - 1)])
    active = np.stack(columns, axis=1) if columns else np.empty((first.size, 0), dtype=np.int16)
    return Patterns(ordered, places, numbers, active, counts, np.asarray(squares),
                    2 * people.centrality[first] + people.sex[first], pattern)  # fmt: skip
