"""Make the tables of arrivals that are shipped: `python -m calibration.arrivals` (a minute).

Who arrives is not published as families. Donors are families, or parts of families, of the
reconstructed registers who came in the three years before; their origins each year are raked
from the growth of the published stocks and from published immigrations by reason and region.
"""

import sys
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from calibration.arrival_mix import DATA, UNKNOWN, origin_mix, write_mix
from calibration.raking import Floats, Ints
from calibration.reconstruction import reconstruct
from sim.agents.families import recount
from sim.agents.population import Population
from sim.codes import CENTRALITY, EDUCATION, ORIGIN, REASON, SEX, STATUS
from sim.geography import CENTRALITY_OF, COUNTY, COUNTY_OF
from sim.transitions import arrival_tables as t
from sim.transitions.arrival_tables import DONORS, FIRST, Donors, donors_in, published_numbers
from sim.transitions.sources import forget, rows

REGISTERS = (2007, 2010, 2013)  # each with the arrivals of the three years before
RECENT = 3
UNITS = 12_000  # donor units shipped, about
FEWEST = 25  # units of a stream and origin, if there are so many
ADULT, ALONE = 18, 15  # ages: at ALONE a person may arrive without an adult
MOST_MEMBERS, MOST_OTHERS = 8, 3
AGE_ROUNDS = 30
FAMILY = np.isin(t.STREAM_REASON, REASON.index("family"))
JOINING = [("family", "refuge"), ("family", "work"), ("family", "other")]


def main() -> int:
    """Draw the donors, rake the origins, write both."""
    registers = {year: reconstruct(year=year) for year in REGISTERS}
    found = {year: recent_units(people, year) for year, people in registers.items()}
    write_mix(origin_mix({year - 2: _counts(members) for year, members in found.items()}))
    table = donor_table(found)
    write_donors(table)  # as in the registers, then with the ages that are published
    forget()
    weight = weights_by_age(donors_in(DATA / DONORS))
    write_donors(table.set_column(table.column_names.index("weight"), "weight", [weight]))
    return 0


# Donor families


@dataclass(frozen=True)
class Members:
    """Recent arrivals of one register, the members of a unit together and the eldest first.

    row: position in the register; unit: 0, 1, 2 ...; stream of each; mother, partner: member
    of the unit (0, 1 ...) or -1; joins, others: of the unit, repeated for its members.
    """

    people: Population
    row: Ints
    unit: Ints
    stream: Ints
    mother: Ints
    partner: Ints
    joins: Ints
    others: Ints

    @property
    def age(self) -> Ints:
        """Age at the end of the year of arrival."""
        born = self.people["birth_year"][self.row].astype(np.int64)
        return np.asarray(self.people["first_arrival_year"][self.row] - born)

    @property
    def home(self) -> Ints:
        """Stream and origin, as one number."""
        return np.asarray(self.stream * len(ORIGIN) + self.people["origin"][self.row])

    @property
    def first(self) -> Ints:
        """Where each unit begins."""
        return _begins(self.unit)


def _begins(unit: Ints) -> Ints:
    return np.flatnonzero(np.diff(unit, prepend=-1))


def streams(people: Population) -> Ints:
    """Return the stream of each person, -1 for those of no stream."""
    of = np.full((len(REASON), int(t.STREAM_SPONSOR.max()) + 1), -1)
    of[t.STREAM_REASON, t.STREAM_SPONSOR] = np.arange(len(t.STREAMS))
    found: Ints = of[people["reason"], people["sponsor_reason"]]
    return found


def recent_units(people: Population, year: int) -> Members:
    """Return the recent arrivals of a register as units of one family and stream."""
    stream = streams(people)
    recent = people.immigrants & (people["first_arrival_year"] >= year - RECENT) & (stream >= 0)
    recent &= stream != UNKNOWN
    age = people["first_arrival_year"].astype(np.int64) - people["birth_year"]
    row = np.flatnonzero(recent)
    family = _with_an_adult(people, row, stream, age)
    key = family[row] * len(t.STREAMS) + stream[row]
    some = np.flatnonzero(family[row] >= 0)
    order = some[np.lexsort((row[some], -age[row[some]], key[some]))]
    row, key = row[order], key[order]
    unit = np.cumsum(np.diff(key, prepend=-1) != 0) - 1
    place = np.arange(row.size) - _begins(unit)[unit]
    few = place < MOST_MEMBERS
    row, unit, place = row[few], unit[few], place[few]
    mother, partner = (
        _inside(people[link], row, unit, place, len(people)) for link in ("mother", "partner")
    )
    joins, others = _joining(people, row, unit, stream, partner)
    return Members(people, row, unit, stream[row], mother, partner, joins, others)


def _with_an_adult(people: Population, row: Ints, stream: Ints, age: Ints) -> Ints:
    """Return family numbers in which no child below 15 arrives alone, but to join a parent.

    The register pairs children and adults with little regard to when they came. Children whose
    stream joins nobody here go with an adult of their stream and origin, 18-45 years older; if
    there is none they are left out (-1).
    """
    family = people["family"].astype(np.int64)
    joining = np.isin(stream, [t.STREAMS.index(s) for s in JOINING])
    eldest = np.zeros((int(family.max()) + 1) * len(t.STREAMS), dtype=np.int64)
    key = family * len(t.STREAMS) + stream
    np.maximum.at(eldest, key[row], age[row])
    lone = row[(eldest[key[row]] < ALONE) & ~joining[row]]
    adults = row[(age[row] >= ADULT + 2) & ~joining[row]]
    home = stream * len(ORIGIN) + people["origin"]
    for cell in np.unique(home[lone]):
        offer = adults[home[adults] == cell]
        offer = offer[np.argsort(age[offer], kind="stable")]
        moving = np.unique(key[lone[home[lone] == cell]])
        low = np.searchsorted(age[offer], eldest[moving] + 18)
        high = np.searchsorted(age[offer], eldest[moving] + 45)
        chosen = low + (np.arange(moving.size) * 7919) % np.maximum(high - low, 1)
        host = {k: offer[c] for k, c, n in zip(moving, chosen, high - low, strict=True) if n > 0}
        for child in lone[home[lone] == cell]:
            family[child] = family[host[key[child]]] if key[child] in host else -1
    return family


def _inside(link: NDArray[np.int32], row: Ints, unit: Ints, place: Ints, n: int) -> Ints:
    """Return links as places in the unit, -1 if they lead outside it."""
    unit_of, place_of = np.full(n + 1, -1), np.full(n + 1, -1)
    unit_of[row], place_of[row] = unit, place
    to = link[row]
    return np.where(unit_of[to] == unit, place_of[to], -1)


def _joining(
    people: Population, row: Ints, unit: Ints, stream: Ints, partner: Ints
) -> tuple[Ints, Ints]:
    """Return whom each member's unit joins, and how many members of it are no persons."""
    size = int(unit.max()) + 1
    age = people["first_arrival_year"][row].astype(np.int64) - people["birth_year"][row]
    first = _begins(unit)
    waited_for = (people["partner"][row[first]] >= 0) & (partner[first] < 0)
    eldest, kind = age[first], stream[row[first]]
    joining = np.isin(kind, [t.STREAMS.index(s) for s in JOINING])
    joins = np.full(size, t.NOBODY)
    joins[joining & waited_for & (eldest >= ADULT)] = t.PARTNER
    joins[joining & (eldest < ADULT)] = t.PARENT
    persons, immigrants = recount(people)
    spare = people["family_total"].astype(np.int64) - persons
    unpersons = np.zeros(size, dtype=np.int64)
    np.maximum.at(unpersons, unit, np.minimum(spare[row], MOST_OTHERS))
    whole = immigrants[row[first]] == np.bincount(unit)
    norwegian = (kind == t.STREAMS.index(("family", "non_immigrant"))) | (
        ~FAMILY[kind] & whole & (unpersons > 0) & (eldest >= ADULT)
    )
    joins[norwegian] = t.NORWEGIAN
    others = np.where(norwegian, np.maximum(unpersons, 1), 0)
    return joins[unit], others[unit]


def _counts(members: Members) -> Floats:
    cells = len(t.STREAMS), len(ORIGIN)
    return np.bincount(members.home, minlength=cells[0] * cells[1]).reshape(cells).astype(float)


def donor_table(found: dict[int, Members]) -> pa.Table:
    """Choose units of each stream and origin evenly; return one row a member."""
    tables: list[pa.Table] = []
    began = 0
    cells = np.concatenate([m.home[m.first] for m in found.values()])
    wanted = _wanted(np.bincount(cells, minlength=len(t.STREAMS) * len(ORIGIN)))
    chosen, weight = _choose(found, cells, wanted)
    for members in found.values():
        mine = slice(began, began + int(members.unit[-1]) + 1)
        tables.append(_table(members, chosen[mine], weight[mine], began))
        began = mine.stop
    table = pa.concat_tables(tables).unify_dictionaries()
    note = {"source": "reconstructed registers of 1.1.2007, 2010 and 2013: nobody in it exists"}
    print(f"{chosen.sum():,} donor units of {cells.size:,}, {len(table):,} persons")
    return table.replace_schema_metadata(note)


def write_donors(table: pa.Table) -> None:
    """Write the table that is shipped."""
    pq.write_table(table, DATA / DONORS, compression="zstd", compression_level=19)


def weights_by_age(donors: Donors) -> NDArray[np.float32]:
    """Return a weight for each member's unit with which arrivals have the published ages.

    The units of all streams in which an age group is too small gain alike.
    """
    published = rows("arrivals_ages.csv")
    year = int(published[0]["year"])
    numbers, mix = published_numbers()[year - FIRST], t.origin_mix()[year - FIRST]
    unit = np.repeat(np.arange(donors.size.size), donors.size)
    group = np.searchsorted([int(r["youngest"]) for r in published], donors.members["age"], "right")
    target = np.array([float(r["immigrations"]) for r in published])
    for _ in range(AGE_ROUNDS):
        expected = np.zeros(unit.size)
        for stream, persons in enumerate(numbers):
            units, chance = donors.chances(stream, mix[stream])
            of_unit = np.bincount(units, chance, donors.size.size)
            expected += of_unit[unit] * persons / (of_unit * donors.size).sum()
        found = np.bincount(group - 1, expected, target.size)
        ratio = (target / target.sum()) / (found / found.sum())
        factor = np.bincount(unit, ratio[group - 1]) / donors.size
        donors = replace(donors, weight=donors.weight * factor)
    return donors.weight[unit].astype(np.float32)


def _wanted(there: Ints) -> Ints:
    """Return how many units to ship of those there are: as the root, and a few of every kind."""
    low, high = 0.0, float(UNITS)
    for _ in range(60):
        factor = (low + high) / 2
        number = np.minimum(there, np.maximum(FEWEST, factor * np.sqrt(there)))
        low, high = (factor, high) if number.sum() < UNITS else (low, factor)
    return np.asarray(np.rint(number), dtype=np.int64)


def _choose(
    found: dict[int, Members], cells: Ints, wanted: Ints
) -> tuple[NDArray[np.bool_], Floats]:
    """Choose units systematically, so that all kinds, ages and places are met in proportion."""
    keys: list[Ints] = []
    for members in found.values():
        first, people = members.first, members.people
        row = members.row[first]
        keys.append(np.stack([
            COUNTY_OF[people["municipality"][row]], people["status"][row], members.age[first],
            people["sex"][row], np.bincount(members.unit), members.joins[first],
        ]).astype(np.int64))  # fmt: skip
    order = np.lexsort((*np.concatenate(keys, axis=1), cells))
    there = np.bincount(cells, minlength=wanted.size)
    rank = np.arange(cells.size) - (np.cumsum(there) - there)[cells[order]]
    share = wanted[cells[order]] / there[cells[order]]
    hit = np.floor((rank + 0.5) * share + 0.5) > np.floor((rank - 0.5) * share + 0.5)
    chosen = np.zeros(cells.size, dtype=np.bool_)
    chosen[order[hit]] = True
    taken = np.bincount(cells[chosen], minlength=wanted.size)
    return chosen, np.asarray(there[cells] / np.maximum(taken[cells], 1))


def _table(members: Members, chosen: NDArray[np.bool_], weight: Floats, began: int) -> "pa.Table":
    some = np.flatnonzero(chosen[members.unit])
    row, unit, people = members.row[some], members.unit[some], members.people
    first = _begins(unit)
    head = np.repeat(row[first], np.diff(np.append(first, unit.size)))
    municipality = people["municipality"][head]
    coded = {
        "sex": (people["sex"][row], SEX.names),
        "origin": (people["origin"][head], ORIGIN.names),
        "stream": (members.stream[some], tuple(map("/".join, t.STREAMS))),
        "joins": (members.joins[some], t.JOINS),
        "education": (people["education"][row], EDUCATION.names),
        "status": (people["status"][row], STATUS.names),
        "county": (COUNTY_OF[municipality], COUNTY.names),
        "centrality": (CENTRALITY_OF[municipality], CENTRALITY.names),
    }
    numbers = {
        "unit": (unit + began).astype(np.int32),
        "weight": weight[unit].astype(np.float32),
        "others": members.others[some].astype(np.int8),
        "age": members.age[some].astype(np.int8),
        "mother": members.mother[some].astype(np.int8),
        "partner": members.partner[some].astype(np.int8),
    }
    dictionary = {
        name: pa.DictionaryArray.from_arrays(pa.array(code.astype(np.int8)), pa.array(names))
        for name, (code, names) in coded.items()
    }
    return pa.table({**numbers, **dictionary})


if __name__ == "__main__":
    sys.exit(main())
