import pytest

from sim import codes
from sim.agents.columns import COLUMNS
from sim.codes import CodeList
from sim.problems import InputError, Problem, refuse, suggest

LISTS = [value for value in vars(codes).values() if isinstance(value, CodeList)]


@pytest.mark.parametrize("codes_", LISTS, ids=lambda c: c.name)
def test_codes_are_unique_and_labelled_in_both_languages(codes_):
    assert len(set(codes_.names)) == len(codes_)
    assert all(code.en and code.nb for code in codes_)
    assert [codes_.index(name) for name in codes_.names] == list(range(len(codes_)))


def test_the_codes_of_the_interface():
    assert codes.SEX.names == ("female", "male")
    assert codes.EDUCATION.names == (
        "none",
        "compulsory",
        "upper_secondary_basic",
        "upper_secondary",
        "tertiary_short",
        "tertiary_long",
    )
    assert codes.STATUS.names == (
        "outside",
        "employed",
        "employed_student",
        "student",
        "unemployed",
    )
    assert codes.REASON.names == ("work", "refuge", "family", "education", "nordic", "unknown")
    assert codes.CENTRALITY.names == ("1", "2", "3", "4")


def test_every_origin_has_a_country_group():
    assert len(codes.ORIGIN) == len(codes.ORIGIN_COUNTRY_GROUP) == 19
    assert codes.ORIGIN_COUNTRY_GROUP[codes.ORIGIN.index("eu_east")] == 1
    assert codes.ORIGIN_COUNTRY_GROUP[codes.ORIGIN.index("somalia_djibouti")] == 2


def test_codes_and_numbers_fit_their_types():
    for column in COLUMNS:
        assert column.meaning and column.en and column.nb and column.source
        low, high = column.low, column.largest
        assert column.dtype.type(low) == low and column.dtype.type(high) == high
        if column.none is not None:
            assert column.dtype.type(column.none) == column.none


def test_a_message_has_four_parts_and_all_problems():
    one = Problem("age", "is 300", "0 to 120", "Is it in months?")
    assert str(one) == "age: is 300; allowed: 0 to 120. Is it in months?"
    with pytest.raises(
        InputError, match=r"^file has 2 problems:\n  - age: is 300.*\n  - sex: odd$"
    ):
        refuse("file", [one, Problem("sex", "odd")])
    refuse("file", [])


def test_suggestions_only_for_near_words():
    assert suggest("basline", ["baseline", "high"]) == "Did you mean 'baseline'?"
    assert suggest("xyz", ["baseline"]) == ""
