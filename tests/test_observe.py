import numpy as np
import pytest

from sim.chance import Chance
from sim.codes import AGE_GROUP, DURATION_GROUP
from sim.observe import DEFAULT_DIMENSIONS, DIMENSIONS, Counts, Observer, together
from sim.structure import Structure
from sim.transitions.process import Year
from tests.conftest import made_people


def label(people, i, name, year):
    """The code of one person in a dimension, by the words of the definitions."""
    from sim import codes
    from sim.geography import MUNICIPALITIES

    home = MUNICIPALITIES[people["municipality"][i]]
    if name == "centrality":
        return str(home.centrality)
    if name == "county":
        return home.county
    if name == "municipality":
        return home.number
    if name == "country_group":
        origin = codes.ORIGIN.names[people["origin"][i]]
        if origin == "eu_east":
            return "2"
        western = ("denmark", "sweden", "iceland", "w_europe_nordic_other", "usa_can_aus_nz")
        return "1" if origin in western else "3"
    if name == "age_group":
        age = year - 1 - people["birth_year"][i]
        return next(
            g
            for low, g in (
                (75, "75+"),
                (62, "62-74"),
                (36, "36-61"),
                (25, "25-35"),
                (15, "15-24"),
                (0, "0-14"),
            )
            if age >= low
        )
    if name == "duration_group":
        stay = year - 1 - people["first_arrival_year"][i]
        return next(
            g
            for low, g in ((16, "16+"), (11, "11-15"), (6, "6-10"), (3, "3-5"), (0, "0-2"))
            if stay >= low
        )
    return DIMENSIONS[name].codes.names[people[name][i]]


@pytest.mark.parametrize("name", DIMENSIONS)
def test_a_person_is_counted_where_the_definitions_say(name):
    people = made_people(200)
    for year in (2013, 2021):
        people.year = year
        observer = Observer((name,))
        observer.begin(people)
        found = [DIMENSIONS[name].codes.names[cell] for cell in observer.cell]
        assert found == [label(people, i, name, year) for i in range(200)]


def test_cells_combine_the_dimensions_and_can_be_read_back():
    people = made_people(300)
    observer = Observer(DEFAULT_DIMENSIONS)
    stock = observer.begin(people)
    labels = observer.labels(observer.cell.astype(np.int64))
    for dimension, codes in zip(observer.dimensions, labels, strict=True):
        names = [dimension.codes.names[code] for code in codes[:20]]
        assert names == [label(people, i, dimension.name, 2013) for i in range(20)]
    assert stock.sum() == 300


def test_only_residents_are_in_the_stock_and_stayers_are_what_is_left():
    people = made_people(100)
    people["place"][:10] = 1
    observer = Observer(("sex",))
    stock = observer.begin(people)
    this = Year.begin(2013, people, Chance(1))
    this.record("domestic", np.arange(10, 20))
    this.record("emigrate", np.arange(20, 25))
    counts = observer.finish(stock, this)
    assert stock.sum() == 90
    assert [counts.total(e) for e in ("domestic", "emigrate", "stay")] == [10, 5, 75]
    women = np.count_nonzero(people["sex"][25:] == 0)
    assert dict(zip(*counts.flows["stay"], strict=True))[0] == women
    assert counts.total("birth") == 0


def test_groups_begin_where_their_names_say():
    assert [name.split("-")[0].rstrip("+") for name in AGE_GROUP.names] == [
        "0",
        "15",
        "25",
        "36",
        "62",
        "75",
    ]
    assert [n.split("-")[0].rstrip("+") for n in DURATION_GROUP.names] == [
        "0",
        "3",
        "6",
        "11",
        "16",
    ]


def test_parts_add_up_cell_by_cell_and_event_by_event():
    def counted(stock, flows, n):
        cells = {event: tuple(map(np.array, zip(*pairs, strict=True))) for event, pairs in flows}
        ages, families = np.full((3, 2, 101), n), np.full((3, 8), n)
        return Counts(2013, tuple(map(np.array, zip(*stock, strict=True))), cells,
                      Structure(2013, ages, families))  # fmt: skip

    one = counted([(2, 5), (7, 1)], [("stay", [(2, 5)]), ("birth", [(9, 1)])], 1)
    other = counted([(1, 4), (7, 3)], [("stay", [(1, 4), (2, 2)])], 10)
    both = together([one, other])
    assert both.year == 2013
    assert [part.tolist() for part in both.stock] == [[1, 2, 7], [4, 5, 4]]
    assert [part.tolist() for part in both.flows["stay"]] == [[1, 2], [4, 7]]
    assert [part.tolist() for part in both.flows["birth"]] == [[9], [1]]
    assert both.structure.ages.shape == (3, 2, 101)
    assert (both.structure.ages == 11).all()
    assert (both.structure.families == 11).all()
    assert list(both.flows) == ["birth", "stay"]
