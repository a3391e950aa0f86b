"""What shifts the log odds of moving and of emigrating from those of 2013, by year.

Four things do, and add up: what earlier years were like (`year_effects`), what the economy
does (`economy`), what the kind of family does (`families`), and what a scenario says outright.
All are zero in 2013 for the baseline, except the offset by kind of family, which holds in
every year.

The economy counts relative to a reference, the default path: until 2013 what it really was,
since the shifts of those years hold its effect already, later what is expected. So the answer
to it is that of a scenario to another economy than expected. To extrapolate the answer from
2013 on along the default path is possible too, but the record speaks against it: unemployment
in country group 1 halved, and emigration would have grown by half more than it did.
"""

from functools import cached_property
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from sim.agents.columns import LAST_YEAR
from sim.codes import COUNTRY_GROUP, REASON
from sim.economy import Economy
from sim.transitions import calibrated, reason_offsets
from sim.transitions.calibrated import AGES_OF_OFFSETS, KINDS
from sim.transitions.levers import Lever
from sim.transitions.process import Assumption, Settings

Floats = NDArray[np.float64]
SHAPE = (len(REASON), len(COUNTRY_GROUP), 2)
FIRST, BASE = 2004, 2013
MOVE, LEAVE = 0, 1
WORDS = {MOVE: ("domestic", "moving to another centrality level"), LEAVE: ("emigration",
         "emigrating")}  # fmt: skip

YEAR_EFFECTS = Assumption(
    "year_effects",
    {
        "as_told": "In 2004-2012 emigration by reason is shifted from 2013 as calibrated to the "
        "published record; later years differ by the economy alone.",
        "as_2013": "No year is shifted from 2013 but by the economy.",
    },
)
ECONOMY = Assumption(
    "economy",
    {
        "without_feedback": "Immigrants of 15 or more answer to unemployment in Norway and in "
        "their country group and to the income ratio, as calibrated to the three published "
        "experiments, taken as told of a given stock.",
        "with_feedback": "The same, the experiments taken as told of a stock that adjusts.",
        "none": "Nobody's wish to emigrate answers to the economy; unemployment in Norway still "
        "moves labour status.",
    },
)
REFERENCE = Assumption(
    "economy_reference",
    {
        "default_path": "The answer is to what a scenario's economy differs from the default path; "
        "along that path itself behaviour after 2013 is that of 2013.",
        "of_2013": "After 2013 the answer is to what the economy differs from that of 2013, along "
        "the default path too.",
    },
)
FAMILIES = Assumption(
    "family_offset",
    {
        "calibrated": "Emigration by reason, size and kind of family is shifted so that Tables "
        "4.1-4.3 hold; totals by reason stay those of the published models.",
        "none": "The published models as they are: linear in family size.",
    },
)
WITHIN_REASONS = Assumption(
    "reason_offset",
    {
        "calibrated": "Moving and emigration inside each reason differ by county, centrality, "
        "education and labour status as the report tells of 2004-2008 and of 2009-2013; later "
        "years are as 2009-2013.",
        "none": "County makes no difference; centrality, education and labour status make the "
        "same for every reason, as in the published models.",
    },
)


def _levers() -> tuple[Lever, ...]:
    made = []
    for word, doing in WORDS.values():
        whom = {"": "all immigrants"}
        whom |= {f".{name}": f"immigrants whose reason is {name}" for name in REASON.names}
        whom |= {f".group{name}": f"immigrants of country group {name}"
                 for name in COUNTRY_GROUP.names}  # fmt: skip
        made += [
            Lever(f"{word}{end}", "factor", f"the odds of {doing}, of {who}", 0.0, 20.0, (0.5, 2.0))
            for end, who in whom.items()
        ]
    return tuple(made)


class Shifts:
    """The factors of a run's odds, by year."""

    LEVERS: ClassVar = _levers()

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.calibration = calibrated.read(settings.calibration)
        self.told = settings.choice(YEAR_EFFECTS) != "as_2013"
        self.expected = settings.choice(REFERENCE) == "default_path"
        answer = settings.choice(ECONOMY)
        self.elasticities = None if answer == "none" else self._elasticities(answer)
        self._factors: dict[int, Floats] = {}  # by year, of all years for the largest

    def _elasticities(self, answer: str) -> Floats:
        settings = self.settings
        return self.calibration.elasticities(answer, settings.draw, settings.draw_seed)

    def factors(self, year: int) -> Floats:
        """Return what multiplies the weights: (reason, country group, move or emigrate)."""
        if year not in self._factors:
            self._factors[year] = self._factors_of(year)
        return self._factors[year]

    def _factors_of(self, year: int) -> Floats:
        log = np.zeros(SHAPE)
        if self.told:
            log += self.calibration.year_shift(year)
        log[..., LEAVE] += self.economy(year)
        return np.asarray(np.exp(log) * self._levered(year))

    def economy(self, year: int) -> Floats:
        """Return the shift of the log odds of emigrating by country group."""
        if self.elasticities is None:
            return np.zeros(len(COUNTRY_GROUP))
        now = self.settings.paths.drivers(year)
        then = Economy.default().drivers(year if self.expected else min(year, BASE))
        return np.asarray((self.elasticities * (now - then)).sum(axis=1))

    def _levered(self, year: int) -> Floats:
        factor = np.ones(SHAPE)
        if not self.settings.changes:
            return factor
        for outcome, (word, _) in WORDS.items():
            factor[..., outcome] *= self.settings.lever(word, year)
            for i, name in enumerate(REASON.names):
                factor[i, :, outcome] *= self.settings.lever(f"{word}.{name}", year)
            for i, name in enumerate(COUNTRY_GROUP.names):
                factor[:, i, outcome] *= self.settings.lever(f"{word}.group{name}", year)
        return factor

    @cached_property
    def largest(self) -> Floats:
        """Return the largest factors of any year."""
        return np.asarray(np.max([self.factors(y) for y in range(FIRST, LAST_YEAR + 1)], axis=0))

    def offset(self) -> Floats:
        """Return what multiplies the weights by reason, kind of family and age."""
        if self.settings.choice(FAMILIES) == "none":
            return np.ones((len(REASON), len(KINDS), len(AGES_OF_OFFSETS), 2))
        return np.asarray(np.exp(self.calibration.offset))

    def within(self) -> reason_offsets.Offsets:
        """Return the log odds that set people of one reason apart."""
        return within_reasons(self.settings)


def within_reasons(settings: Settings) -> reason_offsets.Offsets:
    """Return what sets people of one reason apart, as a run's settings choose."""
    if settings.choice(WITHIN_REASONS) == "none":
        return reason_offsets.no_offsets()
    return calibrated.read(settings.calibration).within
