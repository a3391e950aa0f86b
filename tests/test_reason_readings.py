"""What the report tells of single reasons, as claims."""

import numpy as np
import pytest

from calibration import margins as m
from calibration.reason_readings import claims, periods_of, share
from sim.codes import REASON
from sim.transitions.reason_offsets import TRAITS, WHAT


@pytest.mark.parametrize(
    ("years", "periods"),
    [((2004, 2008), (0,)), ((2009, 2013), (1,)), ((2004, 2013), (0, 1)), ((2004, 2010), (0,)),
     ((2011, 2013), (1,)), ((2005, 2013), (1,)), ((2004, 2006), (0,))],
)  # fmt: skip
def test_a_claim_counts_where_half_of_its_years_lie(years, periods):
    assert periods_of(*years) == periods


def test_every_claim_speaks_of_codes_that_exist_and_says_where_it_stands():
    for claim in claims():
        for tier in claim.tiers:
            for group in tier:
                assert group == "all" or set(group.split("+")) <= set(TRAITS[claim.by])
        assert claim.periods
        assert claim.low <= claim.high
        assert len(claim.tiers) > 1 or np.isfinite([claim.low, claim.high]).any()
    for row in m.table("reason_readings"):
        assert row["source"].startswith("Rapporter 2016/27, ")
        assert row["assumed"] in ("yes", "no")


def test_the_education_of_sogn_is_told_in_numbers():
    (sogn,) = [c for c in claims() if c.tiers == (("14",),) and c.by == "county"]
    assert (sogn.low, sogn.high) == pytest.approx((0.333, 0.45))
    assert (sogn.reason, sogn.periods) == (REASON.index("education"), (0,))
    assert WHAT[sogn.what] == "emigrate"
    assert list(sogn.pairs) == []


def test_an_order_of_tiers_compares_members_of_different_tiers_alone():
    (order,) = [c for c in claims() if c.by == "centrality" and c.what == 1
                and c.reason == REASON.index("work")]  # fmt: skip
    assert set(order.pairs) == {("4", "1"), ("4", "3"), ("2", "1"), ("2", "3")}


def test_groups_weigh_their_codes_by_persons():
    persons = np.array([10.0, 20, 30, 10, 5, 5])
    both = share("education", "upper_secondary_basic+upper_secondary", persons)
    np.testing.assert_allclose(both, [0, 0, 0.75, 0.25, 0, 0])
    np.testing.assert_allclose(share("education", "all", persons), persons / 80)
    np.testing.assert_allclose(share("education", "none", persons), [1, 0, 0, 0, 0, 0])
