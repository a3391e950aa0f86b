"""One batch of an extract: from its words to columns of ours, judged row by row."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from calibration import extract_rules as rules
from calibration.extract_columns import FAMILY_INPUTS, FIELDS, STATUS_INPUTS, YOUNGEST
from calibration.extract_findings import ERROR, LEFT_OUT, Finding, Judge, Mask
from calibration.extract_keys import Families, Keys
from calibration.extract_plan import Plan
from calibration.extract_words import WRONG, Reading, Translator
from sim.agents.columns import OLDEST
from sim.codes import PLACE
from sim.geography import CENTRALITY_OF, COUNTY_OF

Ints = NDArray[np.int32]
PLACE_AT_END = ("municipality_end", "centrality_end", "county_end")
LARGEST_FAMILY = FIELDS["family_total"].high
YES = 1
YEAR_CURE = "Is the year in the mapping right?"
CHILDREN = "Children follow the adult they live with; they count in their family."
MOVED = "Municipalities are those of 1.1.2013; is the other column of another year?"


@dataclass
class People:
    """The rows of a batch.

    readings: what stands in the columns used; made: what a model needs, negative where it
    is not known; judge: what is wrong with them.
    """

    plan: Plan
    readings: Mapping[str, Reading]
    judge: Judge
    made: dict[str, Ints] = field(default_factory=dict)

    def numbers(self, name: str) -> Ints:
        """Return the stored numbers of a column of the file; -1 everywhere if it has none."""
        reading = self.readings.get(name)
        return np.full(self.judge.size, -1, dtype=np.int32) if reading is None else reading.numbers

    def place(self, name: str, end: str = "") -> Ints:
        """Return the centrality or county from the municipality, or else from the column itself.

        end: '_end' for that at the end of the year.
        """
        if "municipality" + end not in self.readings:
            return self.numbers(name + end)
        place = self.numbers("municipality" + end)
        belongs = {"centrality": CENTRALITY_OF, "county": COUNTY_OF}[name]
        return np.where(place >= 0, belongs[place], place).astype(np.int32)

    def immigrant(self) -> Mask:
        """Say who counts as an immigrant: everybody if the file does not tell."""
        reading = self.readings.get("immigrant")
        every = np.ones(self.judge.size, dtype=np.bool_)
        return every if reading is None else np.asarray(reading.numbers == YES)


def read_people(
    plan: Plan, translators: Mapping[str, Translator], columns: Mapping[str, pa.Array], judge: Judge
) -> People:
    """Read the words of a batch."""
    readings = {name: t.read(columns[plan.columns[name]]) for name, t in translators.items()}
    return People(plan, readings, judge)


def derive(people: People, families: Families | None, at: NDArray[np.intp] | None) -> None:
    """Make what a model needs, by the ways of the plan; family counts come from `families`."""
    plan, made, numbers = people.plan, people.made, people.numbers
    for target, way in plan.ways.items():
        if way == (target,):
            made[target] = numbers(target)
    for target, begin in (("age", "birth_year"), ("duration", "first_arrival_year")):
        if plan.derived(target) and plan.year is not None:
            since = numbers(begin)
            years = rules.years_until(plan.year, since)
            made[target] = np.where(since >= 0, years, WRONG).astype(np.int32)
    if plan.derived("education"):
        made["education"] = rules.education_of(numbers("nus"))
    if plan.derived("status"):
        made["status"] = rules.status_of(*(numbers(name) for name in STATUS_INPUTS))
    _derive_places(people)
    for target, counted in (("family_total", "rows"), ("family_immigrants", "immigrants")):
        if plan.derived(target) and families is not None and at is not None:
            found = getattr(families, counted)[at] if families.keys.size else 0
            made[target] = np.broadcast_to(found, people.judge.size).astype(np.int32)


def _derive_places(people: People) -> None:
    for place, outcome in (("centrality", "outcome"), ("county", "county_outcome")):
        if people.plan.derived(place):
            people.made[place] = people.place(place)
        if people.plan.derived(outcome):
            people.made[outcome] = _outcome(people, place)


def _outcome(people: People, place: str) -> Ints:
    before = people.made.get(place, people.numbers(place))
    return rules.outcome_of(residence(people), before, people.place(place, "_end"))


def residence(people: People) -> Ints:
    """Return where everybody is at the end of the year."""
    if "residence_end" in people.plan.columns:
        return people.numbers("residence_end")
    died = people.numbers("died")
    told = "died" in people.readings
    return rules.residence_of(people.numbers("emigrated"), died if told else np.zeros_like(died))


def judge_rows(people: People) -> None:
    """Say everything that is wrong with the rows of a batch, those first that are left out."""
    _leave_out(people)
    _judge_words(people)
    _judge_years(people)
    _judge_families(people)
    _judge_places(people)
    _judge_outcomes(people)


def _leave_out(people: People) -> None:
    judge, made = people.judge, people.made
    say = judge.say
    cure = "They count in their family."
    stranger = people.numbers("immigrant") == 0
    say(stranger, Finding(LEFT_OUT, "immigrant", "are no immigrants", cure=cure))
    away = people.numbers("residence_start") > PLACE.index("resident")
    say(away & judge.inside, Finding(LEFT_OUT, "residence_start", "were not resident"))
    if "age" in made:
        young = (made["age"] >= 0) & (made["age"] < YOUNGEST) & judge.inside
        column = people.plan.ways["age"][0]
        allowed = f"{YOUNGEST} years or older"
        say(young, Finding(LEFT_OUT, column, f"are under {YOUNGEST}", allowed, CHILDREN))


def _judge_words(people: People) -> None:
    judge, readings = people.judge, people.readings
    inside = judge.inside
    for name, reading in readings.items():
        whom = inside
        if name in PLACE_AT_END:
            whom = inside & (residence(people) == PLACE.index("resident"))
        elif name == "died":
            whom = inside & (people.numbers("emigrated") != YES)
        judge.words(FIELDS[name], reading, whom)


def _judge_years(people: People) -> None:
    made, plan, say, inside = people.made, people.plan, people.judge.say, people.judge.inside
    known = {name: (people.numbers(plan.ways[name][0]) >= 0) & inside
             for name in ("age", "duration") if name in made}  # fmt: skip
    end = (plan.year or 0) - 1
    if plan.derived("age") and plan.year is not None:
        impossible = (made["age"] < 0) | (made["age"] > OLDEST)
        found, cure = f"imply an impossible age at the end of {end}", YEAR_CURE
        allowed = f"ages 0 to {OLDEST}"
        say(impossible & known["age"], Finding(ERROR, "birth_year", found, allowed, cure))
    if plan.derived("duration") and plan.year is not None:
        early = (made["duration"] < 0) & known["duration"]
        found, cure = f"lie after {end}", YEAR_CURE
        say(early, Finding(ERROR, "first_arrival_year", found, "an earlier year", cure))
    if len(known) == 2:
        late = known["age"] & known["duration"] & (made["duration"] > made["age"])
        late &= made["age"] >= 0
        column = plan.ways["duration"][0]
        found, cure = "imply a stay longer than the person's age", "Are the years right?"
        say(late, Finding(ERROR, column, found, "the age or less", cure))


def _judge_families(people: People) -> None:
    made, judge = people.made, people.judge
    if not {"family_total", "family_immigrants"} <= set(made):
        return
    total, immigrants = made["family_total"], made["family_immigrants"]
    more = (immigrants > total) & (total > 0) & judge.inside
    found, cure = "exceed family_total", "Are the two columns exchanged?"
    judge.say(more, Finding(ERROR, "family_immigrants", found, "1 to family_total", cure))
    if people.plan.ways["family_total"] == FAMILY_INPUTS:
        huge = (total > LARGEST_FAMILY) & judge.inside
        found, cure = f"stand in families of more than {LARGEST_FAMILY}", "Is it a family number?"
        judge.say(huge, Finding(ERROR, "family", found, f"1 to {LARGEST_FAMILY} rows", cure))


def _judge_places(people: People) -> None:
    place = people.numbers("municipality")
    for name, belongs in (("centrality", CENTRALITY_OF), ("county", COUNTY_OF)):
        if people.plan.ways.get(name) == (name,):
            said = people.numbers(name)
            wrong = (place >= 0) & (said >= 0) & (said != belongs[place]) & people.judge.inside
            found, allowed = "contradict the municipality", f"the {name} of the municipality"
            people.judge.say(wrong, Finding(ERROR, name, found, allowed, MOVED))


def _judge_outcomes(people: People) -> None:
    """Say whose two outcomes differ otherwise than in moves."""
    made = people.made
    if not {"outcome", "county_outcome"} <= set(made):
        return
    one, other = (made[name] for name in ("outcome", "county_outcome"))
    gone = FIELDS["outcome"].codes.index("emigrate")
    wrong = (one != other) & (np.maximum(one, other) >= gone)
    wrong &= (one >= 0) & (other >= 0) & people.judge.inside
    found, allowed = "contradict the outcome", "emigrate and death where the outcome says so"
    cure = "Are both of the same year?"
    people.judge.say(wrong, Finding(ERROR, "county_outcome", found, allowed, cure))


def sizes_said(people: People) -> dict[str, Keys]:
    """Return what rows say of the size of their family, if the file has such columns."""
    names = [n for n in ("family_total", "family_immigrants") if n in people.readings]
    return {name: people.numbers(name).astype(np.int64) for name in names}


def traits(people: People) -> dict[str, Keys]:
    """Return what two rows of one person should share."""
    nothing = np.full(people.judge.size, -1)
    return {name: people.made.get(name, nothing).astype(np.int64) for name in ("sex", "age")}
