"""The rules of the year written for one person, in plain Python: what the kernels must equal."""

import math
from functools import cache

import numpy as np

from sim.codes import BACKGROUND, EDUCATION, REASON, STATUS
from sim.geography import CENTRALITY_OF, COUNTY, COUNTY_OF
from sim.transitions.sources import rows
from sim.transitions.terms import TERMS

DURATION_TERMS = (
    (2, "duration_0_2"),
    (5, "duration_3_5"),
    (10, "duration_6_10"),
    (15, "duration_11_15"),
)


def person(population, i):
    """Return one row of a population as a dict of plain numbers."""
    return {name: int(column[i]) for name, column in population.columns.items()}


def weights(someone, year, coefficients, assumptions):
    """exp(V) of moving and emigrating for one person in one year; (0, 0) if not asked."""
    age = year - 1 - someone["birth_year"]
    norwegian_born = someone["background"] == BACKGROUND.index("norwegian_born")
    if someone["place"] != 0 or age < 15:
        return 0.0, 0.0
    if age > 74 and assumptions["old_age"] == "stay":
        return 0.0, 0.0
    if norwegian_born and assumptions["norwegian_born"] == "stay":
        return 0.0, 0.0
    age = min(age, 74)
    duration = year - 1 - someone["first_arrival_year"]
    terms = {
        "constant": 1,
        "age": age,
        "age_over_10_squared": (age / 10) ** 2,
        "family_total": someone["family_total"],
        "family_immigrants": someone["family_immigrants"],
        f"reason_{REASON.names[someone['reason']]}": 1,
        f"status_{STATUS.names[someone['status']]}": 1,
        f"education_{EDUCATION.names[someone['education']]}": 1,
    }
    for last, term in DURATION_TERMS:
        if duration <= last:
            terms[term] = 1
            break
    cell = coefficients[CENTRALITY_OF[someone["municipality"]], someone["sex"]]
    values = [
        sum(cell[TERMS.index(t), k] * x for t, x in terms.items() if t in TERMS) for k in (0, 1)
    ]
    if assumptions.get("family_offset", "calibrated") == "calibrated":
        values[1] += offsets()[someone["reason"], kind_of_family(someone), 20 <= age <= 35]
    if assumptions.get("reason_offset", "calibrated") == "calibrated":
        for k, what in enumerate(("domestic", "emigrate")):
            values[k] += offset_within_reason(someone, year, what)
    return math.exp(values[0]), math.exp(values[1])


def offset_within_reason(someone, year, what):
    """What county, centrality, education and status add to the log odds within one's reason."""
    place = someone["municipality"]
    traits = {
        "county": COUNTY.names[COUNTY_OF[place]],
        "centrality": str(CENTRALITY_OF[place] + 1),
        "education": EDUCATION.names[someone["education"]],
        "status": STATUS.names[someone["status"]],
    }
    period = "2004" if year < 2009 else "2009"
    reason = REASON.names[someone["reason"]]
    return sum(
        reason_offsets().get((what, period, reason, by, code), 0.0) for by, code in traits.items()
    )


@cache
def reason_offsets():
    """The calibrated offsets inside each reason."""
    return {
        (row["what"], row["from_year"], row["reason"], row["by"], row["code"]): float(row["offset"])
        for row in rows("reason_offsets.csv")
    }


def kind_of_family(someone):
    """What kind of family one person lives in, in words."""
    total, immigrants = someone["family_total"], someone["family_immigrants"]
    if total < 2:
        return "1"
    size = "2" if total == 2 else "3+"
    if immigrants >= total:
        return f"{size} immigrants"
    if total == 2:
        return "2 mixed"
    others = total - immigrants
    most = "more" if immigrants > others else "fewer" if immigrants < others else ""
    return f"3+ mixed, {most} immigrants" if most else "3+ mixed, equal"


@cache
def offsets():
    """The calibrated offset of emigrating by reason, kind of family and being 20-35."""
    return {
        (REASON.index(row["reason"]), row["family"], row["age"] == "20-35"): float(row["offset"])
        for row in rows("family_offsets.csv")
    }


def explicit(weight, luck):
    """Outcome of one person from three uniforms: the smallest of -log(u) / weight."""
    waits = [
        -math.log(u) / w if w > 0 else math.inf for u, w in zip(luck, (1.0, *weight), strict=True)
    ]
    return int(np.argmin(waits))


def threshold(weight, luck):
    """Outcome of one person from one uniform, in the order move, emigrate, stay."""
    mark = luck * (1 + sum(weight))
    return 1 if mark < weight[0] else 2 if mark < sum(weight) else 0


def adult_of(population, i, born_by):
    """Position of the adult whom child i lives with, or None."""
    child = person(population, i)

    def lives_here(j):
        other = person(population, j)
        return (
            other["family"] == child["family"]
            and other["place"] == 0
            and other["birth_year"] <= born_by
        )

    if child["mother"] >= 0 and lives_here(child["mother"]):
        return child["mother"]
    adults = [j for j in range(len(population)) if lives_here(j)]
    key = lambda j: (population["birth_year"][j], population["person"][j])  # noqa: E731
    return min(adults, key=key, default=None)


def at_fifteen(someone, year):
    """Status and education of one person after a year, by the rule of coming of age."""
    if someone["place"] != 0 or year - someone["birth_year"] != 15:
        return someone["status"], someone["education"]
    compulsory = EDUCATION.names.index("compulsory")
    education = someone["education"] or compulsory  # 0 is none
    return STATUS.names.index("student"), education
