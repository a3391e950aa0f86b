"""The rules that derive columns: one person in plain Python against arrays of everybody."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from calibration import extract_rules as rules
from calibration.extract_columns import FIELDS, OUTCOMES
from calibration.extract_keys import Families, Growing, distinct, repeated
from calibration.extract_mapping import number_of
from sim.codes import EDUCATION, PLACE, STATUS


def status(months, employed, student):
    """Section 5 of the definitions, for one person; None is not known."""
    if None in (months, employed, student):
        return None
    if (employed or student) and months >= 7:
        return "unemployed"
    if employed and student:
        return "employed_student"
    if employed:
        return "employed"
    if student:
        return "student"
    return "unemployed" if months >= 1 else "outside"


def education(word):
    """NUS: the first digit is the level."""
    return {
        "1": "compulsory",
        "2": "compulsory",
        "3": "upper_secondary_basic",
        "4": "upper_secondary",
        "5": "upper_secondary",
        "6": "tertiary_short",
        "7": "tertiary_long",
        "8": "tertiary_long",
    }.get(word[:1], "none")


def outcome(end, before, after):
    if end is None:
        return None
    if end == "abroad":
        return "emigrate"
    if end == "dead":
        return "death"
    if before is None or after is None:
        return None
    return "stay" if before == after else "domestic"


def stored(words, names):
    return np.array([-1 if word is None else list(names).index(word) for word in words])


known = st.one_of(st.none(), st.booleans())
livelihoods = st.lists(st.tuples(st.one_of(st.none(), st.integers(0, 12)), known, known))


@given(livelihoods)
def test_status_follows_the_rule_of_seven_months(people):
    columns = [np.array([-1 if p[k] is None else int(p[k]) for p in people]) for k in range(3)]
    wanted = stored([status(*person) for person in people], STATUS.names)
    np.testing.assert_array_equal(rules.status_of(*columns), wanted)


def test_every_kind_of_livelihood():
    for months in range(13):
        for works in (0, 1):
            for studies in (0, 1):
                made = rules.status_of(np.array([months]), np.array([works]), np.array([studies]))
                assert STATUS.names[made[0]] == status(months, works, studies)


@given(st.lists(st.one_of(st.none(), st.from_regex(r"[0-9]{1,6}", fullmatch=True))))
def test_education_follows_the_first_digit_of_nus(words):
    levels = np.array([-1 if w is None else number_of(FIELDS["nus"], w) for w in words], int)
    wanted = [education(word or "") for word in words]
    assert [EDUCATION.names[e] for e in rules.education_of(levels)] == wanted


levels = st.one_of(st.none(), st.integers(0, 3))


@given(st.lists(st.tuples(st.one_of(st.none(), st.sampled_from(PLACE.names)), levels, levels)))
def test_outcomes_follow_residence_at_start_and_end(people):
    end = stored([p[0] for p in people], PLACE.names)
    before, after = (np.array([-1 if p[k] is None else p[k] for p in people]) for k in (1, 2))
    wanted = stored([outcome(*person) for person in people], OUTCOMES)
    np.testing.assert_array_equal(rules.outcome_of(end, before, after), wanted)


@given(st.lists(st.tuples(known, known)))
def test_residence_follows_two_flags(people):
    def residence(emigrated, died):
        if emigrated:
            return "abroad"
        if emigrated is None or died is None:
            return None
        return "dead" if died else "resident"

    flags = [np.array([-1 if p[k] is None else int(p[k]) for p in people]) for k in range(2)]
    wanted = stored([residence(*person) for person in people], PLACE.names)
    np.testing.assert_array_equal(rules.residence_of(*flags), wanted)


families = st.lists(st.tuples(st.integers(-(2**62), 2**62) | st.integers(0, 5), st.booleans()))


@given(families, st.integers(1, 7))
def test_families_are_counted_as_one_would_by_hand(people, batch):
    keys = np.array([number for number, _ in people], dtype=np.int64)
    immigrant = np.array([flag for _, flag in people], dtype=np.bool_)
    grown = Growing()
    for start in range(0, len(people), batch):
        grown.add(keys[start : start + batch])
    counted = Families(distinct(grown.sorted()))
    for start in range(0, len(people), batch):
        part = slice(start, start + batch)
        counted.tally(counted.find(keys[part]), immigrant[part], {})
    for number, _ in people:
        at = counted.find(np.array([number]))
        assert counted.rows[at] == sum(n == number for n, _ in people)
        assert counted.immigrants[at] == sum(i for n, i in people if n == number)


@given(st.lists(st.integers(0, 6)))
def test_repeated_numbers_are_found(numbers):
    keys = np.sort(np.array(numbers, dtype=np.int64))
    wanted = sorted({n for n in numbers if numbers.count(n) > 1})
    assert repeated(keys).tolist() == wanted
    assert distinct(keys).tolist() == sorted(set(numbers))


def test_the_two_ways_of_reading_a_number_agree():
    assert number_of(FIELDS["municipality"], "301") == number_of(FIELDS["municipality"], "0301")
    assert number_of(FIELDS["county"], "3") == FIELDS["county"].codes.index("03")
    assert number_of(FIELDS["age"], "34.0") == number_of(FIELDS["age"], "34,0") == 34
    for word in ("34.5", "-1", "121", "1e1", "", "٣", "1" * 40):
        assert number_of(FIELDS["age"], word) is None, word
    for word in ("1234567", "x", "-1", "12.0", ""):
        assert number_of(FIELDS["nus"], word) is None, word
    assert number_of(FIELDS["immigrant"], "JA") == 1
