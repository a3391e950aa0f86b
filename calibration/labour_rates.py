"""How labour-market status changes: the tables of sim.transitions.labour, made anew.

From the published figures beside that process and from the reconstructed register.
`python -m calibration.livelihood_rates` writes them, with those of education.
"""

import csv
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from calibration import start_years
from calibration.raking import Floats, Ints
from calibration.reconstruction import reconstruct
from sim.agents.population import RESIDENT, Population
from sim.chance import Chance
from sim.codes import BACKGROUND, REASON, SEX, STATUS
from sim.transitions import labour, sources
from sim.transitions.mobility import Mobility
from sim.transitions.process import EMIGRATE, Settings, Year

Mask = NDArray[np.bool_]
FOLDER = Path(sources.__file__).parent / "data"
REGISTER = "reconstructed register of 1.1.2013"
BASE = 2012
RIDGE = 3.0  # of every term but the constant, in persons
FEWEST = 50  # persons; smaller cells lean on larger ones
STEPS, CLOSE, ROUNDS = 40, 1e-8, 8
FEW = 0.1  # of the old immigrants who lend their shares to Norwegian-born of 62 or more
NORWEGIAN_BORN = BACKGROUND.index("norwegian_born")
YEARS_HEADER = ("year", "reason", "sex", "stay", "shift", "assumed", "source")
REASONS_FROM = 2009  # the publication's coding of reasons breaks in 2007 and 2009
OFFICIAL = {"work": ("work",), "refuge": ("refuge",), "family": ("family",),
            "education": ("education",), "nordic_or_unknown": ("nordic", "unknown")}  # fmt: skip
AT_WORK = [labour.EMPLOYED, labour.EMPLOYED_STUDENT]

# Share who keep a status if nothing forces them out of it. Of the employed of the whole
# population 6.3 percent were not employed a year later (2019 to 2020, a bad year); immigrants
# leave work more often. Nothing is published of the other four.
KEEP = {"outside": 0.80, "employed": 0.88, "employed_student": 0.50, "student": 0.60,
        "unemployed": 0.30}  # fmt: skip
KEEP_SOURCE = {
    "employed": "assumed; near Statistics Norway: 6.3 percent of employed non-immigrants of the "
    "4th quarter of 2019 were not employed a year later",
}


def write(name: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a table beside the processes, and forget what was read of the old ones."""
    with (FOLDER / name).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
    sources.forget()


@cache
def register(year: int) -> Population:
    """Return the residents of the reconstructed register."""
    people = reconstruct(year=year)
    return people.select(people["place"] == RESIDENT)


def cells(people: Population) -> tuple[Ints, Ints, Ints, Ints, Ints]:
    """Return who is of working age, and their group, sex, age and stay."""
    age, stay = (
        people.year - 1 - people[column].astype(np.int64)
        for column in ("birth_year", "first_arrival_year")
    )
    some = np.flatnonzero((age >= labour.AGES[0]) & (age <= labour.AGES[-1]))
    born = people["background"][some] == NORWEGIAN_BORN
    group = np.where(born, labour.GROUPS.index("norwegian_born"), people["reason"][some])
    stays = np.minimum(stay[some], labour.STAYS[-1])
    return some, group, people["sex"][some].astype(np.int64), age[some], stays


# -- labour-market status ---------------------------------------------------------------------


def write_labour() -> None:
    """Write every table of labour-market status."""
    header = ("reason", "stay", "status", "share", "assumed", "source")
    write("labour_leaving.csv", header, list(_leaving()))
    write("labour_parameters.csv", ("name", "value", "assumed", "source"), _parameters())
    terms, weights = _targets()
    source = f"{REGISTER} (multinomial logit, employed is the reference)"
    born = "assumed as in the register; employed as published 2015 and 2017"
    write(
        "labour_targets.csv",
        ("term", *(s for s in STATUS.names if s != "employed"), "assumed", "source"),
        ((term, *(f"{w:.4f}" for w in row), "yes" if "norwegian_born" in term else "no",
          born if "norwegian_born" in term else source)
         for term, row in zip(terms, weights, strict=True)),
    )  # fmt: skip
    write("labour_years.csv", YEARS_HEADER, list(_shifts()))


def _leaving() -> Iterable[Sequence[object]]:
    """Yield the share who emigrate in a year, by reason, stay and status.

    Those who stay behind are oftener employed than those who were there a year ago.
    """
    people = register(BASE + 1)
    year = Year.begin(people.year, people, Chance(1))
    Mobility.ready(Settings()).happen(year)
    some, group, _, _, stay = cells(people)
    gone, status = year.outcome[some] == EMIGRATE, people["status"][some]
    source = f"published model of type 1 on the {REGISTER}"
    for k, reason in enumerate(REASON.names):
        for name, span in labour.STAY_GROUPS.items():
            inside = (group == k) & (stay >= span.start) & (stay < span.stop)
            for j, of_status in enumerate(STATUS.names):
                mine = inside & (status == j)
                # small cells lean on all of the same reason and stay
                share = (gone[mine].sum() + FEWEST * gone[inside].mean()) / (mine.sum() + FEWEST)
                yield reason, name, of_status, f"{share:.4f}", "no", source


def _parameters() -> Iterable[Sequence[object]]:
    for status, share in KEEP.items():
        yield f"keep_{status}", share, "yes", KEEP_SOURCE.get(status, "assumed")
    source = (
        "registered unemployed immigrants 2006-2014 (IMDi/Statistics Norway) by the ILO rate of "
        "Norway, both as logarithms: least squares"
    )
    yield "unemployment_elasticity", f"{elasticity():.2f}", "no", source
    yield "base_year", BASE, "no", "the year of the targets"


def published(what: str, **where: str) -> dict[int, float]:
    """Return a published figure of immigrants by year."""
    wanted = {"background": "immigrants", "reason": "all", "duration": "all", "sex": "both",
              "unit": "percent", "status": what} | where  # fmt: skip
    found = sources.rows("labour_published.csv")
    return {
        int(row["year"]): float(row["value"])
        for row in found if all(row[name] == value for name, value in wanted.items())
    }  # fmt: skip


def elasticity() -> float:
    """Return by how many percent unemployed immigrants grow with one percent of the rate."""
    rate = labour.published_unemployment()
    jobless, employed = (
        published(what, unit="persons") for what in ("registered_unemployed", "employed")
    )
    percent = published("employed")
    years = sorted(jobless)
    share = np.log([jobless[y] / (employed[y] * 100 / percent[y]) for y in years])
    return float(np.polyfit(np.log([rate[y] for y in years]), share, 1)[0])


def _targets() -> tuple[list[str], Floats]:
    """Fit the shares of the statuses to the register and, of the Norwegian-born, what is known."""
    people = register(BASE + 1)
    some, group, sex, age, stay = cells(people)
    shape = (len(labour.GROUPS), len(SEX), labour.AGES.size, labour.STAYS.size, len(STATUS))
    each = (group, sex, age - labour.AGES[0], stay, people["status"][some])
    counts = np.bincount(np.ravel_multi_index(each, shape), minlength=int(np.prod(shape)))
    table = _employ_norwegian_born(counts.reshape(shape).astype(np.float64))
    table[:, :, 0] = 0  # who is 15 is in education
    used = np.argwhere(table.sum(axis=-1) > 0)
    at = tuple(used[:, k] for k in range(4))
    found = labour.terms(at[0], at[1], at[2] + labour.AGES[0], at[3])
    design = np.column_stack(list(found.values()))
    weights = fit_logit(design, table[at], labour.EMPLOYED)
    return list(found), weights


def _employ_norwegian_born(table: Floats) -> Floats:
    """Give Norwegian-born the published share employed by age, as the mean of 2015 and 2017."""
    shares: dict[str, list[float]] = {}
    for row in sources.rows("labour_published.csv"):
        if row["background"] == "norwegian_born":
            shares.setdefault(row["age"], []).append(float(row["value"]) / 100)
    born = table[labour.GROUPS.index("norwegian_born")]
    bands = {"15-19": ("15-19",), "20-24": ("20-24",), "25-29": ("25-29",), "30-39": ("30-39",),
             "40-61": ("40+", "40-66")}  # fmt: skip
    for band, names in bands.items():
        low, high = (int(age) for age in band.split("-"))
        inside = slice(low - labour.AGES[0], high + 1 - labour.AGES[0])
        # 40 and over: the mean of 40+ (2015) and 40-66 (2017), both taken for 40-61
        wanted = float(np.mean([share for name in names for share in shares[name]]))
        found = born[:, inside].sum(axis=(0, 1, 2))
        working = found[AT_WORK].sum() / found.sum()
        factor = np.full(len(STATUS), (1 - wanted) / (1 - working))
        factor[AT_WORK] = wanted / working
        born[:, inside] *= factor
    # Hardly any Norwegian-born are 62 or more yet: they are taken to be as long-stay immigrants.
    old = slice(labour.RETIRE - labour.AGES[0], None)
    born[:, old, -1] = FEW * table[labour.GROUPS.index("unknown")][:, old].sum(axis=2)
    return table


def fit_logit(design: Floats, counts: Floats, reference: int) -> Floats:
    """Return the coefficients (terms, other outcomes) of a ridge multinomial logit."""
    others = [k for k in range(counts.shape[1]) if k != reference]
    persons, m, n = counts.sum(axis=1), len(others), design.shape[1]
    ridge = np.full(n, RIDGE)
    ridge[0] = 0.0
    beta = np.zeros((n, m))
    for _ in range(STEPS):
        odds = np.exp(design @ beta)
        chance = odds / (1 + odds.sum(axis=1, keepdims=True))
        slope = design.T @ (counts[:, others] - persons[:, None] * chance) - ridge[:, None] * beta
        hessian = np.zeros((m, n, m, n))
        for j in range(m):
            for k in range(m):
                weight = persons * chance[:, j] * ((j == k) - chance[:, k])
                hessian[j, :, k] = design.T @ (design * weight[:, None]) + (j == k) * np.diag(ridge)
        step = np.linalg.solve(hessian.reshape(m * n, m * n), slope.T.ravel())
        beta += step.reshape(m, n).T
        if np.abs(step).max() < CLOSE:
            return beta
    raise RuntimeError("the shares of the statuses did not converge")


def _shifts() -> Iterable[Sequence[object]]:
    """Yield what makes immigrants of each year as often employed as published.

    By sex, from 2006 also by length of stay, and from the year in which reasons are coded as
    today by reason and sex. Each shift is fitted in turn until all agree.
    """
    rate = labour.published_unemployment()
    for year in range(start_years.FIRST - 1, BASE):
        people = register(year + 1)
        immigrants = people.select(people["background"] != NORWEGIAN_BORN)
        _, group, sex, age, stay = cells(immigrants)
        shares = labour.targets(year, rate[year], shifted=False)
        shares = shares[group, sex, age - labour.AGES[0], stay]
        working = shares[:, AT_WORK].sum(axis=1)
        odds = working / np.maximum(1 - working, 1e-12)
        wanted = list(_wanted(year, group, sex, stay))
        shift = np.zeros(len(wanted))
        for _ in range(ROUNDS):
            for k, (_, mine, share, _) in enumerate(wanted):
                more = _shift(odds[mine], share)
                odds[mine] *= np.exp(more)
                shift[k] += more
        for (whom, _, _, source), value in zip(wanted, shift, strict=True):
            for reason, of_sex, of_stay in whom:
                yield year, reason, of_sex, of_stay, f"{value:.4f}", "no", source


def _wanted(
    year: int, group: Ints, sex: Ints, stay: Ints
) -> Iterable[tuple[list[tuple[str, str, str]], Mask, float, str]]:
    """Yield groups of a year, who belongs to them, the share employed, and its source."""
    imdi = "IMDi/Statistics Norway: employed immigrants by"
    for name, some in labour.STAY_GROUPS.items():
        known = published("employed", duration=name)
        if year in known:
            inside = (stay >= some.start) & (stay < some.stop)
            yield [("all", "all", name)], inside, known[year] / 100, f"{imdi} length of stay"
    for k, of_sex in enumerate(SEX.names):
        if year < REASONS_FROM:
            share = float(start_years.employed(year + 1)[k])
            source = "employed immigrants by sex (calibration, start_years_employed)"
            yield [("all", of_sex, "all")], sex == k, share, source
            continue
        for name, reasons in OFFICIAL.items():
            mine = (sex == k) & np.isin(group, [REASON.index(r) for r in reasons])
            share = published("employed", reason=name, sex=of_sex)[year] / 100
            yield [(r, of_sex, "all") for r in reasons], mine, share, f"{imdi} reason and sex"


def _shift(odds: Floats, wanted: float) -> float:
    """Return what must be added to log odds for the mean of the shares to be as wanted."""
    low, high = -3.0, 3.0
    for _ in range(30):
        middle = (low + high) / 2
        moved = odds * np.exp(middle)
        low, high = (middle, high) if (moved / (1 + moved)).mean() < wanted else (low, middle)
    return low
