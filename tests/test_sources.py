"""Tables of parameters, as shipped and as a scenario alters them."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from sim.transitions.sources import (
    PLAIN,
    CellChange,
    Overlay,
    altered,
    altered_in,
    current,
    remembered,
    rows,
    shipped,
    using,
)

TABLE = "unions_assumed.csv"
CHANGE = CellChange(TABLE, (("quantity", frozenset({"same_origin"})),), "value", "set", 0.25)


def same_origin():
    return next(float(row["value"]) for row in rows(TABLE) if row["quantity"] == "same_origin")


@remembered
def doubled(factor=2):
    return factor * same_origin()


@remembered
def halves():
    return [doubled() / 2]


def test_an_overlay_holds_inside_its_block_alone():
    plain = same_origin()
    with using(Overlay((CHANGE,))):
        assert same_origin() == 0.25
        assert [r for r in rows(TABLE) if r["quantity"] != "same_origin"] == [
            r for r in shipped(TABLE) if r["quantity"] != "same_origin"
        ]
        with using(PLAIN):
            assert same_origin() == plain
        assert same_origin() == 0.25
    assert same_origin() == plain
    assert current() is PLAIN


def test_what_is_derived_is_remembered_under_its_overlay():
    plain, overlay = doubled(), Overlay((CHANGE,))
    with using(overlay):
        assert doubled() == 0.5
        assert doubled(factor=4) == 1.0
        overlay.memory.clear()
        assert doubled() == 0.5
    assert doubled() == plain != 0.5


def test_an_error_ends_the_block_too():
    with pytest.raises(ZeroDivisionError), using(Overlay((CHANGE,))):
        1 / 0  # noqa: B018
    assert current() is PLAIN


def test_threads_have_overlays_of_their_own():
    def ask(number):
        with using(Overlay((CellChange(TABLE, CHANGE.where, "value", "set", number),))):
            return [doubled() for _ in range(50)]

    with ThreadPoolExecutor(4) as pool:
        for number, found in enumerate(pool.map(ask, range(8))):
            assert set(found) == {2.0 * number}


@pytest.mark.parametrize(("kind", "due"), [("set", 3.0), ("add", 5.0), ("factor", 6.0)])
def test_three_kinds_of_change(kind, due):
    assert altered(2.0, kind, 3.0) == due


def test_changes_happen_in_order_and_in_their_own_table():
    where = CHANGE.where
    twice = Overlay((CellChange(TABLE, where, "value", "set", 0.2),
                     CellChange(TABLE, where, "value", "factor", 2.0)))  # fmt: skip
    with using(twice):
        assert same_origin() == 0.4
    with using(Overlay((CellChange(TABLE, (), "value", "set", 0.0),))):
        assert rows("fertility_assumed.csv") == shipped("fertility_assumed.csv")
        assert {row["value"] for row in rows(TABLE)} == {"0.0"}


def test_what_stands_on_no_altered_table_is_derived_once_for_all():
    """The same object comes back, also of what is derived from something derived."""
    plain = halves()
    elsewhere = CellChange("fertility_assumed.csv", (), "value", "factor", 2.0)
    with using(Overlay((elsewhere,))):
        assert halves() is plain
        assert rows("fertility_assumed.csv") != shipped("fertility_assumed.csv")
    with using(Overlay((CHANGE,))):
        assert halves() == [0.25] != plain
        assert halves() is halves()
    with using(Overlay((elsewhere, CHANGE))):
        assert halves() == [0.25]
    assert halves() is plain


def test_the_order_in_which_overlays_ask_does_not_matter():
    @remembered
    def asked_first_when_altered():
        return doubled() + len(rows("fertility_assumed.csv"))

    with using(Overlay((CHANGE,))):
        altered_first = asked_first_when_altered()
    assert asked_first_when_altered() - altered_first == pytest.approx(doubled() - 0.5)


def test_overlays_that_agree_on_a_table_are_alike_for_it():
    other = CellChange("fertility_assumed.csv", (), "value", "factor", 2.0)
    with using(Overlay((CHANGE, other))):
        assert altered_in(frozenset({TABLE})) == (CHANGE,)
        assert altered_in(frozenset({"unions.csv"})) == ()
    assert altered_in(frozenset({TABLE})) == ()
