"""The trinomial logit: stay, move to another centrality level, or emigrate.

With z the terms of a person and b_j the coefficients of a move j,
P(j) = exp(z b_j) / (1 + exp(z b_domestic) + exp(z b_emigrate)); staying has z b = 0.
"""

import os
import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sim.agents.checks import rows
from sim.codes import CENTRALITY, SEX
from sim.problems import InputError, Problem, suggest
from sim.transitions.artefact import (
    Artefact,
    Coefficients,
    model_named,
    published_artefact,
    read_artefact,
)
from sim.transitions.covariance import published_covariance, read_covariances
from sim.transitions.covariates import Covariates, Frame, read_covariates
from sim.transitions.draws import draw_estimates
from sim.transitions.parameters import LOGIT
from sim.transitions.process import PUBLISHED, Settings
from sim.transitions.sources import CellChange, altered
from sim.transitions.terms import FACTORS, FEMALE, LEVELS, MOVES, OUTCOMES, POSITION, TERMS

__all__ = [
    "MOVES",
    "OUTCOMES",
    "TERMS",
    "LogitModel",
    "LogitSet",
    "logit_set",
    "parameters_set",
    "published_model",
    "published_set",
]

OldAge = Literal["as_74", "extrapolate"]
OLD_AGES = ("as_74", "extrapolate")
OLDEST_ESTIMATED = 74
COVARIANCES = "covariances.parquet"  # of an estimated artefact
CELLS = (len(CENTRALITY), len(SEX))


@dataclass(frozen=True, eq=False)
class LogitModel(Coefficients):
    """One model, such as Table E.5 (men at the least central level).

    It may be asked about anybody. Rows outside the sex or centrality that it was
    estimated on are a counterfactual, so they are computed with a warning.
    """

    def linear_predictor(self, frame: Frame, *, old_age: OldAge = "as_74") -> NDArray[np.float64]:
        """Return (n, 2): log odds of moving and of emigrating, against staying.

        old_age: what is assumed of people over 74, who were not in the estimation: that
        they keep the age terms of 74, or that the age terms go on as they do.
        """
        return self._log_odds(frame, old_age)

    def probabilities(self, frame: Frame, *, old_age: OldAge = "as_74") -> NDArray[np.float64]:
        """Return (n, 3): the probabilities of staying, moving and emigrating."""
        return _shares(self._log_odds(frame, old_age))

    def cells(self) -> NDArray[np.float64]:
        """Return the coefficients in the form of `LogitSet`, the same model in every cell."""
        cells = np.tile(self.estimates, (*CELLS, 1, 1))
        female = POSITION["female"]
        cells[:, FEMALE, 0] += self.estimates[female]
        folded = [female]
        for level, term in LEVELS.terms():
            cells[level, :, 0] += self.estimates[POSITION[term]]
            folded.append(POSITION[term])
        cells[:, :, folded] = 0
        return cells

    def _log_odds(self, frame: Frame, old_age: OldAge) -> NDArray[np.float64]:
        people = read_covariates(frame)
        self._warn_of_strangers(people)
        return _log_odds(self.cells(), people, old_age)

    def _warn_of_strangers(self, people: Covariates) -> None:
        strange = np.zeros(people.age.size, dtype=np.bool_)
        if self.sex is not None:
            strange |= people.sex != SEX.index(self.sex)
        if self.centrality is not None:
            strange |= people.centrality != self.centrality - 1
        if strange.any():
            who = {None: "women and men", "female": "women", "male": "men"}[self.sex]
            warnings.warn(
                f"model {self.name} was estimated on {who} at centrality {self.centrality}; "
                f"{rows(strange)} of {strange.size:,} are others and get its coefficients",
                UserWarning,
                stacklevel=4,
            )


@dataclass(frozen=True, eq=False)
class LogitSet:
    """The models of one type, each put where it applies.

    coefficients: (4, 2, terms, 2) by centrality level less one, sex, term and move. What
    centrality and sex add is already in the constant of each cell, so only constant, age,
    duration, education, status, reason and family terms remain.
    models: the name of the model of each cell, as models[centrality - 1][sex].
    """

    coefficients: NDArray[np.float64]
    model_type: int
    models: tuple[tuple[str, ...], ...]
    source: str

    def __post_init__(self) -> None:
        self.coefficients.flags.writeable = False

    def linear_predictor(self, frame: Frame, *, old_age: OldAge = "as_74") -> NDArray[np.float64]:
        """Return (n, 2): log odds of moving and of emigrating, against staying."""
        return _log_odds(self.coefficients, read_covariates(frame), old_age)

    def probabilities(self, frame: Frame, *, old_age: OldAge = "as_74") -> NDArray[np.float64]:
        """Return (n, 3): the probabilities of staying, moving and emigrating."""
        return _shares(self.linear_predictor(frame, old_age=old_age))


def published_model(name: str) -> LogitModel:
    """Return one of the thirteen models of Rapporter 2016/27: '6.1', 'D1'-'D4', 'E1'-'E8'."""
    return _with_methods(model_named(published_artefact(), name))


def published_set(model_type: int) -> LogitSet:
    """Return the published models of a type: 1 pooled, 2 by centrality, 3 also by sex."""
    return logit_set(published_artefact(), model_type)


def parameters_set(settings: Settings) -> LogitSet:
    """Return the models that settings ask for: published, or of an artefact's folder."""
    changes = tuple(change for change in settings.tables if change.table == LOGIT)
    artefact = (
        published_artefact()
        if settings.parameters == PUBLISHED
        else read_artefact(settings.parameters)
    )
    if settings.draw is not None:
        artefact = _drawn(artefact, settings)
    if changes:
        altered_models = {name: _altered(m, changes) for name, m in artefact.models.items()}
        artefact = replace(artefact, models=altered_models)
    return logit_set(artefact, settings.model_type)


def _drawn(artefact: Artefact, settings: Settings) -> Artefact:
    """Return the models of the settings' type as one draw has them; others as they are."""
    assert settings.draw is not None
    if settings.parameters == PUBLISHED:
        known = {name: published_covariance(name) for name in artefact.models}
    else:
        known = read_covariances(Path(settings.parameters) / COVARIANCES)
    models = dict(artefact.models)
    for name, model in artefact.models.items():
        if model.model_type == settings.model_type and name in known:
            every = draw_estimates(model, known[name], settings.draw + 1, settings.draw_seed)
            models[name] = replace(model, estimates=every[settings.draw])
    return replace(artefact, models=models)


def _altered(model: Coefficients, changes: tuple[CellChange, ...]) -> Coefficients:
    """Return a model with the coefficients that a scenario alters."""
    estimates = model.estimates.copy()
    for change in changes:
        (_, (outcome,)), (_, (term,)) = change.where
        at = POSITION[term], MOVES.index(outcome)
        estimates[at] = altered(float(estimates[at]), change.kind, change.number)
    return replace(model, estimates=estimates)


def logit_set(artefact: Artefact | str | os.PathLike[str], model_type: int) -> LogitSet:
    """Return the models of a type from a parameter artefact or its folder."""
    if not isinstance(artefact, Artefact):
        artefact = read_artefact(artefact)
    if model_type not in (1, 2, 3):
        allowed = "1 (pooled), 2 (by centrality), 3 (by centrality and sex)"
        raise InputError(artefact.name, [Problem("model_type", f"is {model_type!r}", allowed)])
    chosen = [
        [_applying(artefact, model_type, level, sex) for sex in SEX.names]
        for level in range(1, CELLS[0] + 1)
    ]
    cells = np.zeros((*CELLS, len(TERMS), len(MOVES)))
    for level, of_level in enumerate(chosen):
        for sex, model in enumerate(of_level):
            cells[level, sex] = model.cells()[level, sex]
    names = tuple(tuple(model.name for model in of_level) for of_level in chosen)
    return LogitSet(cells, model_type, names, artefact.source)


def _applying(artefact: Artefact, model_type: int, level: int, sex: str) -> LogitModel:
    """Return the one model of a type that applies to a sex at a centrality level."""
    found = [
        model
        for model in artefact.models.values()
        if model.model_type == model_type
        and model.centrality in (None, level)
        and model.sex in (None, sex)
    ]
    if len(found) == 1:
        return _with_methods(found[0])
    there = sorted({model.model_type for model in artefact.models.values()})
    if model_type not in there and there:
        said = f"holds models of type {', '.join(map(str, there))}, none of type {model_type}"
        cure = f"Ask for one of them: --model-type {there[0]}, or model_type: {there[0]}."
        raise InputError(artefact.name, [Problem("models", said, f"type {model_type}", cure)])
    names = ", ".join(model.name for model in found) or "none"
    where = f"type {model_type}, centrality {level}, {sex}"
    raise InputError(artefact.name, [Problem(where, f"models that apply: {names}", "one model")])


def _with_methods(model: Coefficients) -> LogitModel:
    return LogitModel(**vars(model))


def _log_odds(
    cells: NDArray[np.float64], people: Covariates, old_age: OldAge
) -> NDArray[np.float64]:
    """Return (n, 2) log odds from the coefficients of each person's cell."""
    if old_age not in OLD_AGES:
        cure = suggest(old_age, OLD_AGES)
        found = Problem("old_age", f"is {old_age!r}", ", ".join(OLD_AGES), cure)
        raise InputError("logit", [found])
    by_cell = cells.reshape(-1, len(TERMS), len(MOVES))
    cell = people.centrality * CELLS[1] + people.sex
    age = np.minimum(people.age, OLDEST_ESTIMATED) if old_age == "as_74" else people.age
    amounts = {
        "age": age,
        "age_over_10_squared": (age / 10) ** 2,
        "family_total": people.family_total,
        "family_immigrants": people.family_immigrants,
    }
    log_odds: NDArray[np.float64] = by_cell[:, 0].take(cell, axis=0)
    for term, amount in amounts.items():
        log_odds += by_cell[:, POSITION[term]].take(cell, axis=0) * amount[:, None]
    for factor in FACTORS:
        effects = np.zeros((len(by_cell), len(factor.codes), len(MOVES)))
        for number, term in factor.terms():
            effects[:, number] = by_cell[:, POSITION[term]]
        value = cell * len(factor.codes) + getattr(people, factor.name)
        log_odds += effects.reshape(-1, len(MOVES)).take(value, axis=0)
    return log_odds


def _shares(log_odds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (n, 3) probabilities; the largest log odds are taken out first, so none overflow."""
    against = np.column_stack([np.zeros(len(log_odds)), log_odds])
    against -= against.max(axis=1, keepdims=True)
    weights = np.exp(against)
    shares: NDArray[np.float64] = weights / weights.sum(axis=1, keepdims=True)
    return shares
