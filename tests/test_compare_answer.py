"""The sentences of a comparison say what the numbers say, and no more."""

import numpy as np
import pytest

from runs.compare_answer import answer, certain, focus, nothing
from runs.differences import Comparison, Tally, from_counts
from runs.lockstep import KINDS, History
from runs.matching import CELLS, DIRECTIONS, EXPLAINED, MECHANISMS, OUTCOMES
from runs.measures import COUNTS

LABELS = ("plain", "other")
EMIGRATE = list(EXPLAINED).index("emigrate")


def history(a, b, expected=None, **mechanisms):
    """Return a replicate of one year: emigrations of A and B, and who differs by mechanism.

    expected: what 1 January lets expect of A and B, if it is known.
    """
    counts = np.zeros((2, 2, len(KINDS), len(CELLS)), dtype=np.int64)
    counts[:, :, KINDS.index("stock"), 0] = 1000
    counts[:, :, KINDS.index("arrive"), 0] = 5
    work = CELLS.index(("reason", "work"))
    for w, number in enumerate((a, b)):
        counts[w, 0, KINDS.index("emigrate"), [0, work]] = number
        counts[w, 0, KINDS.index("stay"), 0] = 1000 - number
    who = np.zeros((1, len(EXPLAINED), len(MECHANISMS), len(DIRECTIONS), len(CELLS)), np.int64)
    for name, (only_a, only_b) in mechanisms.items():
        who[0, EMIGRATE, MECHANISMS.index(name), :, 0] = only_a, only_b
    outcomes = np.zeros((1, len(OUTCOMES), len(OUTCOMES)), dtype=np.int64)
    totals = np.zeros((2, 1, len(COUNTS)), dtype=np.int64)
    chances = np.full((2, 1, 2, len(CELLS)), np.nan)
    chances[:, 0, 0, 0] = (np.nan, np.nan) if expected is None else expected
    return History(counts, who, outcomes, totals, chances)


def compared(*histories):
    tally = Tally()
    for one in histories:
        tally.add(one)
    return tally.comparison((2013, 2013), len(histories))


def test_fewer_and_why():
    three = (
        history(100, 80, direct=(25, 1), composition=(0, 4)),
        history(110, 88, direct=(26, 2), composition=(0, 2)),
        history(90, 72, direct=(22, 0), composition=(0, 4)),
    )
    said = answer(compared(*three), LABELS)
    assert said[0] == (
        "With other instead of plain, emigrations of immigrants in 2013 are 20 fewer "
        "(95\N{NO-BREAK SPACE}% interval 15 to 25), a change of \N{MINUS SIGN}20.00"
        "\N{NO-BREAK SPACE}%, mostly because people in the same situation decide otherwise."
    )
    assert said[1] == (
        "Immigrants who emigrate in 2013 with B and not with A: 4; with A and not with B: 24 "
        "(means over replicates)."
    )
    assert "direct" in said[2]
    assert "composition" in said[2]
    assert "employment" not in said[2]
    assert any("labour immigrants: 20 fewer" in sentence for sentence in said)
    assert not any("times as many" in sentence for sentence in said)  # three tell no variance
    said = answer(compared(*three, *three), LABELS)
    assert any("about 41 times as many" in sentence for sentence in said)
    assert any("immigrants in Norway are as many" in sentence for sentence in said)


def test_more_is_more():
    found = compared(history(80, 100, employment=(0, 20)), history(82, 103, employment=(0, 21)))
    said = answer(found, LABELS)[0]
    assert "are 20 more" in said or "are 21 more" in said
    assert said.endswith("mostly because people's labour-market status is another.")


def test_mechanisms_that_pull_apart_are_not_named_as_the_main_one():
    pulls = {"direct": (10, 0), "composition": (0, 8), "employment": (4, 0)}
    found = compared(history(100, 94, **pulls), history(102, 96, **pulls))
    assert "because" not in answer(found, LABELS)[0]


def test_what_chance_can_make_is_not_called_a_difference():
    found = compared(history(100, 110, direct=(0, 10)), history(100, 91, direct=(9, 0)))
    said = answer(found, LABELS)[0]
    assert "not clearly more or fewer" in said
    assert said.endswith("), holds 0.")
    assert "because" not in said


def test_one_replicate_has_no_interval():
    said = answer(compared(history(100, 90, direct=(10, 0))), LABELS)
    assert said[0].endswith(
        "are 10 fewer in the one replicate that was lived, which tells no interval."
    )
    assert "because" not in said[0]


def test_two_replicates_that_agree_by_chance_tell_nothing_and_five_do():
    said = answer(compared(*[history(100, 90, direct=(10, 0))] * 2), LABELS)
    assert said[0].endswith("10 in each of 2 replicates, too few to tell.")
    assert not any("largest clear difference" in sentence for sentence in said)
    assert "are 10 fewer" in answer(compared(*[history(100, 90, direct=(10, 0))] * 5), LABELS)[0]


def test_chances_may_differ_where_nobody_does_anything_else():
    found = compared(history(100, 100, (99.5, 99.538)), history(90, 90, (90.5, 90.538)))
    (said,) = answer(found, LABELS)
    assert said.startswith("Nobody does anything else: in 2 replicates of 2013 everybody does")
    assert said.endswith("emigrations differ by +0.038 in 2013.")


def test_nothing_is_nothing():
    found = compared(history(100, 100), history(90, 90))
    assert nothing(found)
    assert answer(found, LABELS) == [
        "Nothing differs: in 2 replicates of 2013 everybody does the same with other as with plain."
    ]


def test_as_many_emigrants_who_are_others_is_a_difference():
    one = history(100, 100, direct=(1, 1))
    one.outcomes[0, OUTCOMES.index("emigrate"), OUTCOMES.index("stay")] = 1
    one.outcomes[0, OUTCOMES.index("stay"), OUTCOMES.index("emigrate")] = 1
    said = answer(compared(one), LABELS)
    assert "are as many" in said[0]
    assert "with B and not with A: 1; with A and not with B: 1" in said[1]


@pytest.mark.parametrize(("coming", "year"), [(0, 0), (3, 1)])
def test_the_answer_is_about_the_last_year_unless_nobody_is_ever_added(coming, year):
    counts = np.zeros((3, len(KINDS), len(CELLS)), dtype=np.int64)
    counts[:2, KINDS.index("arrive"), 0] = coming
    found = from_counts([counts], [counts], (2013, 2014), paired=True)
    assert isinstance(found, Comparison)
    assert focus(found) == year


def test_certain_is_an_interval_without_zero():
    found = compared(history(100, 90), history(100, 89)).differences
    assert certain(found.at(0, "emigrations"))
    assert not certain(found.at(0, "stock"))


def test_runs_without_shared_luck_are_said_to_be():
    counts = np.zeros((4, 2, len(KINDS), len(CELLS)), dtype=np.int64)
    counts[:, 0, KINDS.index("emigrate"), 0] = 10, 12, 11, 13
    found = from_counts(counts[:2], counts[2:], (2013, 2013), paired=False)
    assert "Luck is not shared between A and B" in " ".join(answer(found, LABELS))


def test_chances_tell_a_difference_better_than_what_happened():
    three = (
        history(100, 80, (100.5, 82.0), direct=(20, 0)),
        history(110, 88, (101.0, 82.5), direct=(22, 0)),
        history(90, 72, (99.0, 81.0), direct=(18, 0)),
    )
    said = answer(compared(*three), LABELS)
    assert (
        said[1] == "By everybody's chances on 1 January 2013, they are 18.3 fewer (17.6 to 19.1)."
    )
    said = answer(compared(*three, *three), LABELS)
    assert any("about 41 times as many replicates, and about 1" in sentence for sentence in said)


def long(years, a, b, stocks=(1000, 1000), chances=None, work=0, study=0):
    """Return a replicate of some years: emigrations of A and B, and more of two reasons in B."""
    counts = np.zeros((2, years + 1, len(KINDS), len(CELLS)), dtype=np.int64)
    counts[:, :years, KINDS.index("arrive"), 0] = 5
    chance = np.zeros((2, years, 2, len(CELLS)))
    for w, emigrations in enumerate((a, b)):
        counts[w, :years, KINDS.index("emigrate"), 0] = emigrations
        counts[w, years, KINDS.index("stock"), 0] = stocks[w]
        chance[w, :, 0, 0] = emigrations if chances is None else chances[w]
    for reason, more in (("work", work), ("education", study)):
        counts[:, :years, KINDS.index("emigrate"), CELLS.index(("reason", reason))] = 50
        counts[1, :years, KINDS.index("emigrate"), CELLS.index(("reason", reason))] += more
    shape = (years, len(EXPLAINED), len(MECHANISMS), len(DIRECTIONS), len(CELLS))
    outcomes = np.zeros((years, len(OUTCOMES), len(OUTCOMES)), dtype=np.int64)
    return History(counts, np.zeros(shape, np.int64), outcomes,
                   np.zeros((2, years, len(COUNTS)), np.int64), chance)  # fmt: skip


def test_every_sentence_is_of_the_years_that_it_names():
    tally = Tally()
    for k in range(6):
        tally.add(long(3, [100, 100, 100 + k % 2], [101, 110, 130], (900, 960 + k % 3),
                       ([99.0] * 3, [100.0, 107.0, 126.0 + 0.01 * k]), work=4, study=-9))  # fmt: skip
    said = answer(tally.comparison((2013, 2015), 6), LABELS)
    assert "emigrations of immigrants in 2015 are 29.5 more" in said[0]
    assert said[1].startswith("By everybody's chances on 1 January 2015, they are 27")
    assert any("2013-2015 together, emigrations are 40.5 more" in one for one in said)
    assert any("On 1 January 2016 immigrants in Norway are 61 more" in one for one in said)
    assert any("largest clear difference by reason is that of education immigrants: 9 fewer" in one
               for one in said)  # fmt: skip


def test_a_mechanism_that_pulls_the_other_way_is_no_reason():
    found = compared(*[history(100 + k % 2, 110, direct=(20, 1), composition=(0, 5))
                       for k in range(6)])  # fmt: skip
    assert "are 10 more" in answer(found, LABELS)[0] or "are 9" in answer(found, LABELS)[0]
    assert "because" not in answer(found, LABELS)[0]


def test_chances_answer_where_counts_do_not():
    found = compared(*[history(100, 100 + more, (99.0, 101.0 + 0.1 * k))
                       for k, more in enumerate((-9, 11, 14, -8, 10, 5))])  # fmt: skip
    said = answer(found, LABELS)
    assert "emigrations of immigrants in 2013 are expected to be 2.2 more (95" in said[0]
    assert "by everybody's chances on 1 January; as counted, they are not clearly" in said[0]
    assert not any(sentence.startswith("By everybody's chances") for sentence in said)
    found = compared(*[history(100, 100 + more, (99.0, 99.0 + 0.1 * more)) for more in (-9, 11, 5)])
    said = answer(found, LABELS)
    assert "are not clearly more or fewer" in said[0]
    assert "expected" not in said[0]
    assert said[1].startswith("By everybody's chances")
