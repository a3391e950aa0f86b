from collections import Counter

import pytest

from sim.geography import (
    CENTRALITY_OF,
    COUNTY,
    COUNTY_OF,
    MUNICIPALITIES,
    MUNICIPALITY,
    municipality,
)
from sim.problems import InputError


def test_there_are_428_in_19_counties_at_the_published_levels():
    assert len(MUNICIPALITIES) == len(set(MUNICIPALITY.names)) == 428
    assert len(COUNTY) == 19
    assert Counter(m.centrality for m in MUNICIPALITIES) == {1: 149, 2: 51, 3: 78, 4: 150}


def test_a_number_begins_with_its_county():
    assert all(m.number[:2] == m.county for m in MUNICIPALITIES)


def test_levels_nest_in_counties_as_the_report_says():
    levels = {}
    for m in MUNICIPALITIES:
        levels.setdefault(m.county_name, set()).add(m.centrality)
    assert levels["Oslo"] == levels["Akershus"] == {4}
    assert levels["Sogn og Fjordane"] == levels["Finnmark"] == {1, 2}
    assert 4 not in levels["Møre og Romsdal"] | levels["Nordland"]


@pytest.mark.parametrize("which", [301, "301", "0301", "Oslo", " oslo "])
def test_oslo_is_found_however_it_is_called(which):
    assert municipality(which).number == "0301"


def test_every_municipality_is_found_by_number_and_agrees_with_the_arrays():
    for i, m in enumerate(MUNICIPALITIES):
        assert municipality(m.number) == m
        assert CENTRALITY_OF[i] == m.centrality - 1
        assert COUNTY.names[COUNTY_OF[i]] == m.county


def test_a_shared_name_needs_its_county():
    with pytest.raises(InputError, match=r"Herøy: is the name of several .*'Herøy \(15\)' or"):
        municipality("Herøy")
    assert municipality("Herøy (18)").number == "1818"


def test_an_unknown_name_is_refused_with_a_suggestion():
    with pytest.raises(InputError, match=r"Trondhiem: is no municipality .*'Trondheim'\?"):
        municipality("Trondhiem")
    with pytest.raises(InputError, match="1915: is no municipality"):
        municipality(1915)


def test_the_arrays_cannot_be_altered():
    with pytest.raises(ValueError, match="read-only"):
        CENTRALITY_OF[0] = 1


@pytest.mark.parametrize("which", ["Kautokeino", "Guovdageaidnu", "Guovdageaidnu - Kautokeino"])
def test_either_of_two_names_will_do(which):
    assert municipality(which).number == "2011"
