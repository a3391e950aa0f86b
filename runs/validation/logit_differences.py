"""The trinomial logit of chapter 6 of the 2016 report, estimated on what a simulated year did.

What is told is a mean difference in probabilities: everybody in the sample is given a value
and then the reference, all else being their own. The models are those of the country, of a
level of centrality if one is asked for, and of level and sex if a sex is. Of Tables 6.2-6.26
it is the difference of the two persons whom the table describes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from calibration.effect_tables import changed, definitions, person_of
from calibration.linear_sample import DEATH
from calibration.logit_estimate import LogitEstimate, estimate
from calibration.raking import Floats, Ints
from runs.validation.persons import SCHOOLS, SEXES, CannotTellError
from runs.validation.quantity import Quantity, Whom
from runs.validation.samples import REGRESSED, covariates_of, logit_sample
from sim.codes import CENTRALITY, SEX
from sim.transitions.covariates import Covariates, read_covariates
from sim.transitions.effects import design
from sim.transitions.terms import FACTORS, LEVELS, POSITION, TERMS

PERSONS = 20_000  # over so many of the sample, evenly taken, differences are averaged
VARIABLES = {"labour_status": "status"}
VALUES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "sex": {code: (name,) for code, name in SEXES.items()},
    "education": SCHOOLS,  # the logit has two kinds of upper secondary: their mean
}
REFERENCES: Mapping[str, tuple[tuple[str, ...], str]] = {
    "sex": (SEX.names, "male"),
    **{factor.name: (factor.codes.names, factor.reference) for factor in (*FACTORS, LEVELS)},
}
FAMILY_TYPES = {"mixed": 1, "immigrant_only": 0}  # members who are no immigrants


class Logits:
    """The logits of one history's years, each estimated when it is asked for.

    samples: whose outcomes are explained, by year.
    """

    def __init__(self, samples: Mapping[int, Mapping[str, Ints]]) -> None:
        self.samples = samples
        self._models: dict[tuple[int, int], dict[str, LogitEstimate]] = {}
        self._differences: dict[tuple[object, ...], Floats] = {}

    def models(self, year: int, model_type: int) -> dict[str, LogitEstimate]:
        """Return the models of a type by name: 1 the country, 2 levels, 3 levels and sexes."""
        if (year, model_type) not in self._models:
            found = logit_sample(self.samples[year])
            self._models[year, model_type] = estimate(found, model_type, threads=1)
        return self._models[year, model_type]

    def of(self, q: Quantity, year: int) -> float:
        """Return a mean difference in the probability that a measure is about."""
        assert q.term is not None
        equation, outcome = REGRESSED[q.measure]
        several = [codes for codes in (q.whom.centrality, q.whom.sex) if codes and len(codes) > 1]
        if outcome == "county_outcome" or several:
            raise CannotTellError("the logit tells of levels, one level and sex at a time")
        variable, code = VARIABLES.get(q.term[0], q.term[0]), q.term[1]
        key = (year, q.whom, variable, code)
        if key not in self._differences:
            self._differences[key] = self._difference(year, q.whom, variable, code)
        return float(self._differences[key][equation])

    def in_table(self, q: Quantity, year: int) -> float:
        """Return an effect of a table of the report on the probability that a measure is about."""
        assert q.term is not None
        one = definitions()[q.table]
        level = q.whom.centrality[0] if q.whom.centrality else one.levels[0]
        key = (year, q.table, level, q.term[1])
        if key not in self._differences:
            models = self.models(year, one.model_type)
            there, here = (_probabilities(models, [_person(q.table, level, value)])
                           for value in (q.term[1], one.reference))  # fmt: skip
            self._differences[key] = (there - here)[0]
        return float(self._differences[key][REGRESSED[q.measure][0]])

    def _difference(self, year: int, whom: Whom, variable: str, code: str) -> Floats:
        people = covariates_of(self.samples[year])
        here = np.ones(people.age.size, dtype=np.bool_)
        if whom.sex is not None:
            here &= people.sex == SEX.index(SEXES[whom.sex[0]])
        if whom.centrality is not None:
            here &= people.centrality == CENTRALITY.index(whom.centrality[0])
        if variable == "family_type":
            here &= people.family_total > 1
        some = np.flatnonzero(here)
        some = some[:: max(1, some.size // PERSONS)]
        if not some.size:
            raise CannotTellError("nobody is of that kind")
        few = Covariates(**{name: column[some] for name, column in vars(people).items()})
        without, given = _versions(few, variable, code)
        models = self.models(year, 3 if whom.sex else 2 if whom.centrality else 1)
        change = _probabilities(models, given) - _probabilities(models, without)
        return np.asarray(change.mean(axis=0))


@cache
def _person(table: str, level: str, value: str) -> Covariates:
    """Return the person of a table of the report at a level, with a value of what varies."""
    one = definitions()[table]
    traits = changed({**one.profile, "centrality": level}, one.varied, value)
    return read_covariates(pd.DataFrame([person_of(traits)]))


def _versions(
    people: Covariates, variable: str, code: str
) -> tuple[list[Covariates], list[Covariates]]:
    """Return everybody with the reference, and with the value, which may be two of the logit's."""
    if variable == "family_type" and code in FAMILY_TYPES:
        fewer = [FAMILY_TYPES[which] for which in ("mixed", code)]
        both = [replace(people, family_immigrants=people.family_total - n) for n in fewer]
        return both[:1], both[1:]
    codes, reference = REFERENCES.get(variable, ((), ""))
    wanted = VALUES.get(variable, {}).get(code, (code,))
    if not set(wanted) <= set(codes):
        raise CannotTellError(f"the logit has no {variable} {code}")

    def all_are(name: str) -> Covariates:
        return replace(people, **{variable: np.full(people.age.size, codes.index(name))})

    return [all_are(reference)], [all_are(name) for name in wanted]


def _probabilities(models: Mapping[str, LogitEstimate], versions: Sequence[Covariates]) -> Floats:
    """Return everybody's probabilities (n, 3), the mean over versions of themselves."""
    found = np.zeros((versions[0].age.size, DEATH))
    for people in versions:
        terms = design(people)
        for fitted in models.values():
            mine = _described(fitted, people)
            effects = np.zeros((len(TERMS), DEATH - 1))
            effects[[POSITION[term] for term in fitted.terms]] = fitted.estimates
            both = np.ones((len(terms[mine]), DEATH))
            both[:, 1:] = np.exp(terms[mine] @ effects)
            found[mine] += both / both.sum(axis=1, keepdims=True) / len(versions)
    return found


def _described(fitted: LogitEstimate, people: Covariates) -> slice | NDArray[np.bool_]:
    """Say whom a model describes: everybody, or those of a level and sex."""
    if fitted.centrality is None:
        return slice(None)
    mine = np.asarray(people.centrality == fitted.centrality - 1)
    if fitted.sex is not None:
        mine &= people.sex == SEX.index(fitted.sex)
    return mine
