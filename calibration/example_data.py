"""A synthetic extract for estimation: made-up persons whose outcomes the published model draws.

The persons come from the reconstructed register; nobody in it exists. The same persons can
be had as raw inputs, as a register might hold them, with the mapping file for `check`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv
import pyarrow.parquet as pq
from numpy.typing import NDArray

from calibration.extract_clean import clean_batch, clean_schema
from calibration.extract_columns import OUTCOMES, YOUNGEST
from calibration.extract_rules import outcome_of, years_until
from calibration.reconstruction import reconstruct
from sim.agents.population import Population
from sim.codes import DURATION_STARTS, ORIGIN, PLACE, REASON, STATUS
from sim.geography import CENTRALITY_OF, COUNTY_OF, MUNICIPALITY
from sim.transitions.covariates import Covariates
from sim.transitions.logit import published_set

YEAR = 2013
PERSONS = 540_000  # immigrants of 15 or more at scale 1, a little less than there are
SPARE = 1.04  # persons drawn for each that is wanted
SMALLEST, LARGEST = 0.001, 4.0  # scales
RAW_REASONS = ("ARB", "FLUKT", "FAM", "UTD", "NORD", "UOPPG")
NOTE = "synthetic persons of vandring example-data; nobody in this file exists"
Ints = NDArray[np.int64]
Table = dict[str, Any]

MAPPING = """\
# How the columns and codes of this extract become Vandring's. What already bears Vandring's
# name and codes needs no line; all sections are optional.

year: 2013                    # outcomes of 2013; everything else as it was at the end of 2012

columns:                      # Vandring's name: your column
  person: LNR
  family: FAMNR               # members are counted: all of them must be in the file, children
  immigrant: INNV             # and non-immigrants too; these two are left out afterwards
  sex: KJONN
  birth_year: FODTAAR         # gives age
  first_arrival_year: INNVAAR # gives duration
  nus: BU                     # gives education, by its first digit
  months_unemployed: LEDIGMND # these three give status, by the rule of seven months
  employed: SYSS
  student: IGU
  reason: GRUNN
  origin: LAND
  municipality: KOMM          # gives centrality and county (municipalities of 1.1.2013)
  municipality_end: KOMM_SLUTT # these two give outcome, and moves out of the county
  emigrated: UTV
  synthetic: SYNTETISK

codes:                        # Vandring's name: {your code: Vandring's}
  sex: {1: male, 2: female}
  reason:
    ARB: work
    FLUKT: refuge
    FAM: family
    UTD: education
    NORD: nordic
    UOPPG: unknown

empty:                        # Vandring's name: what an empty field means
  months_unemployed: 0

missing: ["", "."]            # words that mean an empty field
ignore: [KOMMENTAR]           # columns that are not needed
"""


@dataclass(frozen=True)
class Example:
    """Persons of an example: their columns as stored numbers, and where they live."""

    columns: dict[str, Ints]
    birth_year: Ints
    first_arrival_year: Ints
    municipality: Ints
    municipality_end: Ints
    source: str


def write_example(
    path: str | Path, *, rows: int = 20_000, seed: int = 1, raw: bool = False
) -> list[Path]:
    """Write an example as CSV or Parquet, by the ending; return the files written."""
    out = Path(path)
    made = example(rows, seed)
    if not raw:
        table = pa.Table.from_batches([coded(made)])
        _write(table, out, ",")
        return [out]
    beside = out.with_name(f"{out.stem}.mapping.yaml")
    _write(raw_table(made, seed), out, ";")
    beside.write_text(MAPPING, "utf-8", newline="\n")
    return [out, beside]


def example(rows: int, seed: int) -> Example:
    """Make up persons of 15 or more; the same seed gives the same persons."""
    scale = min(max(rows * SPARE / PERSONS, SMALLEST), LARGEST)
    people = reconstruct(year=YEAR, scale=scale, seed=seed)
    rng = np.random.default_rng([seed, rows])
    chosen = _whole_families(people, rows, rng)
    columns = {name: _column(people, name)[chosen] for name in _COLUMNS}
    columns["outcome"] = _outcomes(columns, rng)
    columns["person"] = np.arange(1, rows + 1)
    columns["family"] = np.unique(columns["family"], return_inverse=True)[1].astype(np.int64) + 1
    columns["synthetic"] = np.ones(rows, dtype=np.int64)
    source = f"{NOTE} ({people.source}; {rows} rows, seed {seed})"
    own = (people[name][chosen].astype(np.int64) for name in (*_YEARS.values(), "municipality"))
    birth_year, first_arrival_year, municipality = own
    after = _places_after(columns["outcome"], municipality, rng)
    columns["county_outcome"] = outcome_of(
        np.where(columns["outcome"] == OUTCOMES.index("emigrate"), PLACE.index("abroad"),
                 PLACE.index("resident")), COUNTY_OF[municipality], COUNTY_OF[after],
    ).astype(np.int64)  # fmt: skip
    return Example(columns, birth_year, first_arrival_year, municipality, after, source)


_YEARS = {"age": "birth_year", "duration": "first_arrival_year"}
_PLACES = {"county": COUNTY_OF, "centrality": CENTRALITY_OF}
_COLUMNS = (
    "family", "sex", "age", "duration", "education", "status", "reason", "origin",
    "family_total", "family_immigrants", "county", "centrality",
)  # fmt: skip


def _column(people: Population, name: str) -> Ints:
    if name in _YEARS:
        return years_until(YEAR, people[_YEARS[name]]).astype(np.int64)
    if name in _PLACES:
        return np.asarray(_PLACES[name][people["municipality"]], dtype=np.int64)
    return np.asarray(people[name], dtype=np.int64)


def _whole_families(people: Population, rows: int, rng: np.random.Generator) -> Ints:
    """Choose so many immigrants of 15 or more, family by family (the last one may be cut)."""
    adults = np.flatnonzero(people.immigrants & (_column(people, "age") >= YOUNGEST))
    assert adults.size >= rows, "SPARE is too small"
    family = people["family"][adults]
    luck = rng.permutation(int(family.max()) + 1)
    return adults[np.argsort(luck[family], kind="stable")[:rows]]


def _outcomes(columns: dict[str, Ints], rng: np.random.Generator) -> Ints:
    """Draw what happens from the published model of everybody (type 1)."""
    names = [name for name in Covariates.__dataclass_fields__ if name != "duration"]
    groups = np.searchsorted(DURATION_STARTS, columns["duration"], side="right") - 1
    people = Covariates(**{name: columns[name] for name in names}, duration=groups)
    chance = published_set(1).probabilities(people)
    luck = rng.random(len(chance))[:, None]
    return np.asarray((luck >= chance.cumsum(axis=1)[:, :-1]).sum(axis=1), dtype=np.int64)


def coded(made: Example) -> pa.RecordBatch:
    """Return an example in our columns and codes."""
    meta = {"year": str(YEAR), "source": made.source, "synthetic": NOTE}
    return clean_batch(made.columns, {}, clean_schema(set(made.columns), meta))


def raw_table(made: Example, seed: int) -> pa.Table:
    """Return the same persons as raw inputs, followed by those who fill up their families."""
    rng = np.random.default_rng([seed, made.municipality.size, 1])
    adults, others = _raw_adults(made, rng), _raw_others(made, rng)
    columns = {
        name: pa.array([*values, *others[name]], pa.string()) for name, values in adults.items()
    }
    meta = {"source": made.source, "synthetic": NOTE}
    return pa.table(columns).replace_schema_metadata(meta)


def _raw_adults(made: Example, rng: np.random.Generator) -> Table:
    c, n = made.columns, made.municipality.size
    outcome = np.array(OUTCOMES)[c["outcome"]]
    months, works, studies = _livelihood(np.array(STATUS.names)[c["status"]], rng)
    digits = rng.integers(0, 100_000, n)
    return {
        "LNR": _words(c["person"]),
        "FAMNR": _words(c["family"]),
        "INNV": ["1"] * n,
        "KJONN": _words(2 - c["sex"]),
        "FODTAAR": _words(made.birth_year),
        "INNVAAR": _words(made.first_arrival_year),
        "BU": [f"{level}{rest:05d}" if level else "" for level, rest in
               zip(_nus_levels(c["education"], rng), digits, strict=True)],
        "LEDIGMND": [str(m) if m else "" for m in months],
        "SYSS": _words(works),
        "IGU": _words(studies),
        "GRUNN": [RAW_REASONS[reason] for reason in c["reason"]],
        "LAND": [ORIGIN.names[origin] for origin in c["origin"]],
        "KOMM": [MUNICIPALITY.names[place] for place in made.municipality],
        "KOMM_SLUTT": [MUNICIPALITY.names[p] if o != "emigrate" else "" for p, o in
                       zip(made.municipality_end, outcome, strict=True)],
        "UTV": ["1" if o == "emigrate" else "0" for o in outcome],
        "SYNTETISK": ["1"] * n,
        "KOMMENTAR": ["oppdiktet"] * n,
    }  # fmt: skip


def _words(numbers: NDArray[Any]) -> list[str]:
    return [str(number) for number in numbers.tolist()]


def _nus_levels(education: Ints, rng: np.random.Generator) -> list[str]:
    """Return first digits of NUS that give these groups; '' stands for a field left empty."""
    levels = (("0", "9", ""), ("1", "2"), ("3",), ("4", "5"), ("6",), ("7", "8"))
    luck = rng.random(education.size)
    return [levels[e][int(u * len(levels[e]))] for e, u in zip(education, luck, strict=True)]


def _livelihood(status: NDArray[np.str_], rng: np.random.Generator) -> tuple[Ints, Ints, Ints]:
    """Return months unemployed, employment and enrolment that give a status."""
    n = status.size
    works = np.isin(status, ("employed", "employed_student"))
    studies = np.isin(status, ("student", "employed_student"))
    unemployed = status == "unemployed"
    active = unemployed & (rng.random(n) < 0.4)  # works or studies, but seven months or more
    months = np.where(works | studies, rng.integers(0, 7, n) * (rng.random(n) < 0.2), 0)
    months = np.where(unemployed, rng.integers(1, 13, n), months)
    months = np.where(active, rng.integers(7, 13, n), months)
    kind = rng.integers(1, 4, n)
    works, studies = works | (active & (kind != 2)), studies | (active & (kind != 1))
    return months, works.astype(np.int64), studies.astype(np.int64)


def _places_after(outcome: Ints, municipality: Ints, rng: np.random.Generator) -> Ints:
    """Return municipalities at the end: of another level for movers, now and then a new one."""
    level = CENTRALITY_OF[municipality].astype(np.int64)
    moved = outcome == OUTCOMES.index("domestic")
    target = np.where(moved, (level + rng.integers(1, 4, level.size)) % 4, level)
    after = municipality.copy()
    for number in range(4):
        places = np.flatnonzero(number == CENTRALITY_OF)
        which = (target == number) & (moved | (rng.random(level.size) < 0.05))
        after[which] = rng.choice(places, int(which.sum()))
    return after


def _raw_others(made: Example, rng: np.random.Generator) -> Table:
    """Return children and non-immigrants who fill up the families to their size."""
    c = made.columns
    families, first, present = np.unique(c["family"], return_index=True, return_counts=True)
    immigrants = c["family_immigrants"][first] - present
    natives = c["family_total"][first] - c["family_immigrants"][first]
    number = np.concatenate([np.repeat(families, immigrants), np.repeat(families, natives)])
    immigrant = np.arange(number.size) < immigrants.sum()
    age = np.where(
        immigrant, rng.integers(0, YOUNGEST, number.size), rng.integers(0, 60, number.size)
    )
    born, n = YEAR - 1 - age, number.size
    place = made.municipality[first][np.searchsorted(families, number)]
    told: dict[str, Callable[[], list[str]]] = {
        "LNR": lambda: _words(c["person"].size + 1 + np.arange(n)),
        "FAMNR": lambda: _words(number),
        "INNV": lambda: _words(immigrant.astype(np.int64)),
        "KJONN": lambda: _words(rng.integers(1, 3, n)),
        "FODTAAR": lambda: _words(born),
        "INNVAAR": lambda: _words(np.where(immigrant, YEAR - 1 - age // 2, born)),
        "SYSS": lambda: ["0"] * n,
        "IGU": lambda: ["0"] * n,
        "GRUNN": lambda: [RAW_REASONS[REASON.index("family")] if i else "" for i in immigrant],
        "KOMM": lambda: [MUNICIPALITY.names[p] for p in place],
        "KOMM_SLUTT": lambda: [MUNICIPALITY.names[p] for p in place],
        "UTV": lambda: ["0"] * n,
        "SYNTETISK": lambda: ["1"] * n,
        "KOMMENTAR": lambda: ["oppdiktet"] * n,
    }
    return {name: told[name]() if name in told else [""] * n for name in (*_RAW, *told)}


_RAW = ("BU", "LEDIGMND", "LAND")  # of which nothing is said of them


def _write(table: pa.Table, out: Path, separator: str) -> None:
    part = out.with_name(f".{out.name}.part")
    try:
        if out.suffix.lower() == ".parquet":
            pq.write_table(table, part, compression="zstd")
        else:
            plain = table.cast(pa.schema([(f.name, _plain(f.type)) for f in table.schema]))
            options = arrow_csv.WriteOptions(delimiter=separator, quoting_style="none")
            arrow_csv.write_csv(plain, part, options)
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)


def _plain(kind: pa.DataType) -> pa.DataType:
    return pa.string() if pa.types.is_dictionary(kind) else kind
