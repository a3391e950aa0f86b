"""The linear probability models of Rapporter 2016/27, chapter 5.

One equation each for staying, moving and emigrating, by least squares on the same dummies;
`TABLES` holds the report's own 31. Who dies stays in the sample with all three outcomes 0,
so the three estimates of a variable add up to 0 only where nobody dies.

Persons who share a value of every variable form a cell. Least squares and its standard
errors need no more than the persons of each outcome in each cell, so cells are what is
fitted: the same result as person by person. Only errors clustered by family go back to them.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from calibration.linear_sample import DEATH, KINDS, TABLES, Columns, Sample, Specification
from calibration.raking import Floats, Ints
from sim.problems import InputError, Problem, refuse, shown, suggest

__all__ = ["ERRORS", "KINDS", "TABLES", "LinearEstimate", "Specification", "fit_linear",
           "fit_tables", "tables_of"]  # fmt: skip

ERRORS = ("classical", "HC0", "HC1", "HC2", "HC3", "family")
STARS = ((2.576, "***"), (1.960, "**"), (1.645, "*"))  # 99, 95 and 90 percent
DEPENDENT = 1e-9  # share of a variable's length that the variables before it leave unexplained
SURE = 1e-10  # so near 0 or 1 is 0 or 1


@dataclass(frozen=True, eq=False)
class LinearEstimate:
    """Three equations on the same variables, the constant first.

    outcome: the column that outcomes were taken from.
    estimates: (variables, 3) by outcome; covariance: (3, variables, variables).
    n: persons, the sum of weights; persons: by outcome, those who died last.
    omitted: variables left out because nobody has them; outside: rows not of the ages.
    """

    specification: Specification
    outcome: str
    errors: str
    variables: tuple[str, ...]
    estimates: Floats
    covariance: Floats
    n: float
    persons: Floats
    r2: Floats
    cells: int
    omitted: tuple[str, ...] = ()
    outside: int = 0

    @property
    def std_errors(self) -> Floats:
        """Standard errors, as `estimates`."""
        return np.sqrt(np.diagonal(self.covariance, axis1=1, axis2=2)).T

    @property
    def t_values(self) -> Floats:
        """Estimates in standard errors; nan where nothing is uncertain."""
        errors = self.std_errors
        found = np.full(errors.shape, np.nan)
        np.divide(self.estimates, errors, out=found, where=errors > 0)
        return found

    @property
    def stars(self) -> NDArray[np.str_]:
        """*** 99, ** 95, * 90 percent, two-sided, by the normal distribution."""
        size = np.abs(self.t_values)
        return np.select([size >= least for least, _ in STARS], [s for _, s in STARS], "")


def fit_linear(
    columns: Columns,
    specification: Specification | str,
    *,
    errors: str = "classical",
    outcome: str | None = None,
    omit_empty: bool = False,
) -> LinearEstimate:
    """Estimate one specification, or a table of the report by its number ('5.2').

    columns: arrays of stored numbers (codes.py, geography.py), one entry a person: sex, age
        and duration (years; only ages 15-74 are used), education, status, reason; as the
        specification needs them family_total, family_immigrants, centrality, county; weight
        (so many equal persons) and family may be absent.
        outcome: 0 stayed, 1 moved, 2 emigrated, 3 died; or (n, 3) probabilities of the
        first three, which give what is expected of estimates and of standard errors.
        county_outcome: the same, where a move leaves the county.
    errors: one of `ERRORS`; 'family' clusters by the column family, with the small-sample
        factor G/(G-1) * (N-1)/(N-k).
    outcome: the column to take outcomes from, if another than the specification's.
    omit_empty: leave out variables that nobody has instead of refusing them.

    >>> from calibration import reconstruct
    >>> from calibration.linear_published import expected_columns
    >>> fit_linear(expected_columns(reconstruct(scale=0.1)), "5.3").estimates.shape
    (22, 3)
    """
    chosen = _specification(specification)
    if errors not in ERRORS:
        cure = suggest(str(errors), ERRORS)
        refuse("linear", [Problem("errors", f"is {errors!r}", ", ".join(ERRORS), cure)])
    sample = Sample.read(columns, chosen, outcome or chosen.outcome, clustered=errors == "family")
    variables, omitted = _variables(sample, omit_empty=omit_empty)
    cells = _Cells.of(sample, variables)
    estimates, bread = cells.solve(variables)
    fitted = _snapped(cells.design @ estimates)
    spread = cells.squares(fitted)
    if errors == "family":
        covariance = bread @ _family_meat(sample, cells, fitted) @ bread
    else:
        covariance = _covariance(cells, bread, spread, errors)
    n, persons = float(sample.weight.sum()), cells.count.sum(axis=0)
    mean = persons[:DEATH] / n
    return LinearEstimate(
        specification=chosen,
        outcome=outcome or chosen.outcome,
        errors=errors,
        variables=variables,
        estimates=estimates,
        covariance=covariance,
        n=n,
        persons=persons,
        r2=1 - spread.sum(axis=0) / (n * mean * (1 - mean)),
        cells=len(cells.code),
        omitted=omitted,
        outside=sample.outside,
    )


def fit_tables(
    columns: Columns,
    tables: Iterable[str] | None = None,
    *,
    errors: str = "classical",
    omit_empty: bool = False,
) -> dict[str, LinearEstimate]:
    """Estimate tables of the report, by default all that the columns allow (`tables_of`).

    What is wrong with any of them is said at once.
    """
    found: dict[str, LinearEstimate] = {}
    problems: list[Problem] = []
    for name in tables_of(columns) if tables is None else tables:
        try:
            found[name] = fit_linear(columns, name, errors=errors, omit_empty=omit_empty)
        except InputError as error:
            problems += [Problem(f"table {name}, {p.where}", p.found, p.allowed, p.cure)
                         for p in error.problems]  # fmt: skip
    refuse("linear", problems)
    return found


def tables_of(columns: Columns) -> tuple[str, ...]:
    """Return the tables whose columns are there: those of counties need county_outcome."""
    there = {name for name, values in columns.items() if values is not None}
    return tuple(name for name, one in TABLES.items() if {*one.columns, one.outcome} <= there)


def _specification(given: Specification | str) -> Specification:
    if isinstance(given, Specification):
        return given
    if given not in TABLES:
        found = Problem("specification", f"is {shown(given)}", "5.1 to 5.31")
        raise InputError("linear", [found])
    return TABLES[given]


def _variables(sample: Sample, *, omit_empty: bool) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the variables, the constant first, and those left out as nobody has them."""
    names, omitted = ["constant"], list[str]()
    problems: list[Problem] = []
    for factor, number in zip(sample.specification.factors, sample.numbers, strict=True):
        count = np.bincount(number, minlength=len(factor.codes))
        if not count[factor.codes.index(factor.reference)]:
            problems.append(Problem(
                f"{factor.name} {factor.reference}", "is the reference group and has nobody",
                "one person or more", "Give more persons, or another region."))  # fmt: skip
        for value, name in factor.terms():
            (names if count[value] else omitted).append(name)
    if not omit_empty:
        cure = "Give more persons, or leave such variables out (omit_empty)."
        problems += [Problem(name, "has nobody", "one person or more", cure) for name in omitted]
    refuse("linear", problems)
    return tuple(names), tuple(omitted)


@dataclass(frozen=True, eq=False)
class _Cells:
    """Persons alike in all variables, in the order of their codes.

    code: of each cell; count: weighted persons by outcome (cells, 4); row: the cell of every
    person; design: the variables of each cell.
    """

    code: Ints
    count: Floats
    row: Ints
    design: Floats

    @classmethod
    def of(cls, sample: Sample, variables: tuple[str, ...]) -> "_Cells":
        factors = sample.specification.factors
        shape = tuple(len(factor.codes) for factor in factors)
        code = np.ravel_multi_index(sample.numbers, shape)
        count = sample.by_outcome(code, int(np.prod(shape)))
        there = np.flatnonzero(count.sum(axis=1))
        place = np.cumsum(count.sum(axis=1) > 0) - 1
        numbers = np.unravel_index(there, shape)
        design = {"constant": np.ones(there.size)}
        for factor, number in zip(factors, numbers, strict=True):
            design.update((name, number == value) for value, name in factor.terms())
        chosen = np.column_stack([design[name] for name in variables]).astype(np.float64)
        return cls(there, count[there], place[code], chosen)

    @property
    def persons(self) -> Floats:
        """Persons of each cell, of any outcome."""
        return np.asarray(self.count.sum(axis=1))

    def solve(self, variables: tuple[str, ...]) -> tuple[Floats, Floats]:
        """Return the estimates (variables, 3) and the inverse of X'X."""
        root = np.sqrt(self.persons)[:, None]
        scaled = self.design * root
        length = np.sqrt((scaled**2).sum(axis=0))
        q, r = np.linalg.qr(scaled / length)
        problems = list(_dependent(r, variables)) or list(self._too_few(len(variables)))
        refuse("linear", problems)
        inverse = np.linalg.solve(r, np.eye(len(r))) / length[:, None]
        return inverse @ (q.T @ (self.count[:, :DEATH] / root)), inverse @ inverse.T

    def _too_few(self, variables: int) -> Iterator[Problem]:
        n = self.count.sum()
        if n <= variables:
            found = f"are {n:g}, for {variables} variables"
            yield Problem("persons", found, "more persons than variables", "Give more persons.")

    def squares(self, fitted: Floats) -> Floats:
        """Return the sums of squared residuals of each cell (cells, 3)."""
        hit = self.count[:, :DEATH]
        return hit * (1 - fitted) ** 2 + (self.persons[:, None] - hit) * fitted**2


def _dependent(r: Floats, variables: tuple[str, ...]) -> Iterator[Problem]:
    """Yield the first variable that those before it make up, with their names."""
    diagonal = np.abs(np.diag(r))
    first = int(np.argmax(np.r_[diagonal, 0.0] < DEPENDENT))
    if first == r.shape[1]:
        return
    part = np.linalg.solve(r[:first, :first], r[:first, first])
    others = ", ".join(variables[i] for i in np.flatnonzero(np.abs(part) > 1e-6))
    cure = "Give persons in whom they differ, or another region."
    yield Problem(variables[first], f"is made up of {others}", "a variable of its own", cure)


def _snapped(fitted: Floats) -> Floats:
    """Return fitted values, those that miss 0 or 1 by rounding alone as 0 or 1."""
    whole = np.round(fitted)
    sure = (np.abs(fitted - whole) < SURE) & ((whole == 0) | (whole == 1))
    return np.where(sure, whole, fitted)


def _covariance(cells: _Cells, bread: Floats, squares: Floats, errors: str) -> Floats:
    n, k = cells.persons.sum(), len(bread)
    if errors == "classical":
        return np.asarray((squares.sum(axis=0) / (n - k))[:, None, None] * bread)
    if errors in {"HC2", "HC3"}:
        free = 1 - ((cells.design @ bread) * cells.design).sum(axis=1)
        if (free < SURE).any():
            found = f"is 1 for {(free < SURE).sum()} cells of persons who alone decide an estimate"
            refuse("linear", [Problem("leverage", found, "less than 1", "Use HC0 or HC1.")])
        squares = squares / free[:, None] ** (1 if errors == "HC2" else 2)
    x = cells.design
    meat = np.stack([x.T @ (x * of_outcome[:, None]) for of_outcome in squares.T])
    return np.asarray(bread @ meat @ bread * (n / (n - k) if errors == "HC1" else 1.0))


def _family_meat(sample: Sample, cells: _Cells, fitted: Floats) -> Floats:
    """Return (3, k, k): outer products of the families' scores, with their small-sample factor."""
    family = np.unique(sample.family, return_inverse=True)[1]
    groups, n, k = int(family.max()) + 1, cells.persons.sum(), cells.design.shape[1]
    if groups < 2:
        refuse("linear", [Problem("family", "is the same for all", "two families or more")])
    meat = []
    for j in range(DEATH):
        residual = (sample.outcome == j) - fitted[cells.row, j]
        score = sparse.csr_matrix(
            (sample.weight * residual, (family, cells.row)), (groups, len(cells.code))
        )
        meat.append(cells.design.T @ ((score.T @ score) @ cells.design))
    return np.asarray(np.stack(meat) * (groups / (groups - 1) * (n - 1) / (n - k)))
