"""The linear models of chapter 5 of the 2016 report, estimated on what a simulated year did.

Tables 5.1-5.4 explain staying, moving and emigrating at a level of centrality, 5.5-5.12 add the
family, 5.13-5.31 explain staying in a county, leaving it and emigrating. `Regressions` also
answers for the logit of chapter 6 (`logit_differences`).
"""

from collections.abc import Mapping

import numpy as np

from calibration.linear import LinearEstimate, fit_linear
from calibration.linear_sample import KINDS, LARGEST, TABLES, Specification
from calibration.raking import Ints
from runs.validation.collected import Collected
from runs.validation.dimensions import COUNTIES
from runs.validation.logit_differences import Logits
from runs.validation.persons import SEXES, CannotTellError
from runs.validation.quantity import Quantity, Whom
from runs.validation.samples import REGRESSED, sample_of
from sim.codes import CENTRALITY
from sim.problems import InputError

Place = tuple[str, str]  # column and code, such as ('county', 'oslo')
PLACES: Mapping[str, tuple[str, ...]] = {"centrality": CENTRALITY.names, "county": COUNTIES}
ALLOWED = {"linear": {"age", "centrality", "county", "family_size"},
           "logit": {"age", "centrality", "sex"}}  # fmt: skip
TERMS = {"labour_status": "status", "family_type": "immigrants_only"}
KIND_OF = {"family_size": "family_size", "immigrants_only": "family_composition"}
CODES: Mapping[str, Mapping[str, str]] = {
    "sex": SEXES,
    "education": {"unknown": "none", "primary": "compulsory", "secondary": "upper_secondary"},
    "family_size": {"5+": "5_plus"},
}
SIZES = {2: "2", 3: "3", 4: "4", LARGEST: "5_plus"}


class Regressions:
    """Models of the outcomes of one history's years, each estimated when it is asked for."""

    def __init__(self, collected: Collected) -> None:
        self.collected = collected
        self._samples: dict[int, dict[str, Ints]] = {}
        self.logits = Logits(self._samples)
        self._linear: dict[tuple[int, str, str, Place | None], LinearEstimate] = {}

    def of(self, q: Quantity, year: int) -> float:
        """Return a difference between a code and the report's reference, in probability."""
        if q.term is None or q.model not in ALLOWED:
            raise CannotTellError("a difference without its model and term")
        given = q.whom.given
        strange = set(given) - ALLOWED[q.model]
        if strange or q.whom.group != "immigrants":
            raise CannotTellError("a model of some immigrants only: " + ", ".join(sorted(strange)))
        if given.get("age", ("15-74",)) != ("15-74",):
            raise CannotTellError("a model of other ages than 15-74")
        try:
            if q.table:
                return self._of_table(q, q.term, year)
            if q.model == "logit":
                self.sample(year)
                return self.logits.of(q, year)
            return self._of_linear(q, q.term, year)
        except InputError as error:
            where = "".join(
                f"{codes[0]}: " for codes in (q.whom.centrality, q.whom.county) if codes
            )
            words = "; ".join(f"{p.where} {p.found}" for p in error.problems)
            raise CannotTellError(f"{where}{words}") from None

    def _of_table(self, q: Quantity, term: tuple[str, str], year: int) -> float:
        """Return one figure of a table of the report, estimated anew; nan if it is not there."""
        if q.model == "logit":
            self.sample(year)
            return self.logits.in_table(q, year)
        fitted, equation = self.table(q.table, year), REGRESSED[q.measure][0]
        names = list(fitted.variables)
        return (
            float(fitted.estimates[names.index(term[1]), equation]) if term[1] in names else np.nan
        )

    def sample(self, year: int) -> dict[str, Ints]:
        """Return the persons whose outcomes of a year are explained."""
        if year not in self._samples:
            self._samples[year] = sample_of(self.collected, year)
        return self._samples[year]

    def table(self, name: str, year: int) -> LinearEstimate:
        """Return Table 5.1 ... 5.31 of the report, of the outcomes of a year."""
        one = TABLES[name]
        column = "county" if one.kind == "county_by_reason" else "centrality"
        place = None if one.region is None else (column, PLACES[column][one.region])
        return self.linear(year, one.kind, one.outcome, place)

    def linear(self, year: int, kind: str, outcome: str, place: Place | None) -> LinearEstimate:
        """Return a linear model of the report, of the country or of one level or county."""
        key = (year, kind, outcome, place)
        if key not in self._linear:
            columns = self._there(year, place)
            specification = Specification(kind)
            self._linear[key] = fit_linear(columns, specification, outcome=outcome, omit_empty=True)
        return self._linear[key]

    def _there(self, year: int, place: Place | None) -> dict[str, Ints]:
        """Return the sample, or those of it who live at a place."""
        columns = self.sample(year)
        if place is None:
            return columns
        name, code = place
        here = np.flatnonzero(columns[name] == PLACES[name].index(code))
        return {name: column[here] for name, column in columns.items()}

    def _of_linear(self, q: Quantity, term: tuple[str, str], year: int) -> float:
        equation, outcome = REGRESSED[q.measure]
        variable, code = TERMS.get(term[0], term[0]), term[1]
        place, of_county = place_of(q.whom), q.whom.county is not None
        kind = KIND_OF.get(variable, "county_by_reason" if of_county else "base")
        fitted = self.linear(
            year, kind, outcome or ("county_outcome" if of_county else "outcome"), place
        )
        estimates = dict(zip(fitted.variables, fitted.estimates[:, equation].tolist(), strict=True))
        if variable == "immigrants_only":
            return self._of_family_type(code, q.whom, estimates, year)
        factor = next((f for f in KINDS[kind] if f.name == variable), None)
        code = CODES.get(variable, {}).get(code, code)
        if factor is None or code not in factor.codes.names:
            raise CannotTellError(f"the linear models have no {variable} {code}")
        if code == factor.reference:
            return 0.0
        name = next(name for number, name in factor.terms() if factor.codes.names[number] == code)
        return float(estimates.get(name, np.nan))

    def _of_family_type(
        self, code: str, whom: Whom, estimates: Mapping[str, float], year: int
    ) -> float:
        """Return what having immigrants alone in the family does, the mean over such persons."""
        if code == "mixed":
            return 0.0
        if code != "immigrant_only":
            raise CannotTellError(f"the linear models have no family type {code}")
        here = self._there(year, place_of(whom))
        alone = here["family_immigrants"] == here["family_total"]
        size = np.minimum(here["family_total"][alone], LARGEST)
        wanted = {said.replace("+", "_plus") for said in whom.family_size or SIZES.values()}
        persons = {f"immigrants_only_{name}": np.count_nonzero(size == number)
                   for number, name in SIZES.items() if name in wanted}  # fmt: skip
        total = sum(persons.values())
        if not total:
            raise CannotTellError("nobody is in such a family")
        return sum(estimates[name] * number for name, number in persons.items() if number) / total


def place_of(whom: Whom) -> Place | None:
    """Return the one level or county of a filter, if there is one."""
    given = [(name, codes) for name, codes in whom.given.items() if name in PLACES]
    if not given:
        return None
    name, codes = given[0]
    if len(given) > 1 or len(codes) > 1 or codes[0] not in PLACES[name]:
        raise CannotTellError("a model of other places than one level or one county")
    return name, codes[0]
