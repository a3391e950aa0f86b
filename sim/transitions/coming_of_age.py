"""Coming of age: those who turn 15 get the status and education of people of their age.

Children have no labour-market status and no completed education. Left like that, they would
enter the published models at 15 as outside the labour force and without education, the
combination that emigrates most, and stay in it: about three times the rate of those who
were 15 before. They are taken to be in education, with compulsory school.
"""

from typing import ClassVar

from sim.agents.population import RESIDENT
from sim.codes import EDUCATION, STATUS
from sim.transitions.marked import marked
from sim.transitions.process import Assumption, Settings, Year

AGE = 15
STUDENT, COMPULSORY = STATUS.index("student"), EDUCATION.index("compulsory")
NO_EDUCATION = EDUCATION.index("none")

AT_FIFTEEN = Assumption(
    "coming_of_age",
    {
        "student": "Those who turn 15 are in education from then on, with compulsory school as "
        "their highest education unless they have another.",
        "unchanged": "Those who turn 15 keep the status and education of their childhood.",
    },
)


class ComingOfAge:
    """Residents who will be 15 on the coming 1 January begin adult life as students."""

    name: ClassVar = "coming_of_age"
    reads: ClassVar = frozenset({"birth_year", "place", "status", "education"})
    writes: ClassVar = frozenset({"status", "education"})
    assumptions: ClassVar[tuple[Assumption, ...]] = (AT_FIFTEEN,)

    def __init__(self, settings: Settings) -> None:
        self.applies = settings.choice(AT_FIFTEEN) == "student"

    @classmethod
    def ready(cls, settings: Settings) -> "ComingOfAge":
        """There are no parameters; the assumption can be switched off."""
        return cls(settings)

    def happen(self, year: Year) -> None:
        """Give those who turn 15 this year a status and, if they have none, an education."""
        if not self.applies:
            return
        population = year.population
        turning = population["birth_year"] == year.year - AGE
        grown = marked(turning & (population["place"] == RESIDENT))
        population["status"][grown] = STUDENT
        without = grown[population["education"][grown] == NO_EDUCATION]
        population["education"][without] = COMPULSORY
        year.changed.append(grown)
