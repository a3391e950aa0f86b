"""Sums say of every table what all flows and stocks together say, and stay small."""

import pyarrow as pa
import pytest

from runs.ensemble import Plan, Replicate, live
from runs.sums import Sums
from runs.tables import histories, summaries
from sim.transitions.process import Settings
from tests.conftest import made_people

YEARS = (2013, 2014)


def lived(dimensions):
    plan = Plan(made_people(400), Settings(), 3, 2, 3, dimensions, ("economy",))
    return list(live(plan, 1, lambda: None))


@pytest.mark.parametrize(
    "dimensions", [("background", "reason", "sex"), ("background",), ("reason", "county")]
)
def test_sums_give_the_very_same_summaries(dimensions):
    replicates, sums = lived(dimensions), Sums()
    for replicate in replicates:
        sums.add(replicate)
    flows = pa.concat_tables(replicate.flows for replicate in replicates)
    stocks = pa.concat_tables(replicate.stocks for replicate in replicates)
    whole, found = summaries(flows, stocks, years=YEARS), sums.summaries(YEARS)
    assert list(found) == list(whole)
    for name, table in whole.items():
        assert found[name].equals(table), name
    one, other = histories(flows, stocks, years=YEARS), histories(*sums.for_report(), years=YEARS)
    assert one.groups == other.groups
    assert (one.stock == other.stock).all()
    assert one.events.keys() == other.events.keys()
    assert all((one.count(event) == other.count(event)).all() for event in one.events)
    assert sums.for_report()[1]["economy_draw"].unique().to_pylist() == [0, 1, 2]
    assert sums.structure.equals(pa.concat_tables(r.structure for r in replicates))


def test_what_is_kept_does_not_grow_with_what_is_counted():
    """Twice the rows of a replicate, in cells of the same groups, leave sums of the same size."""
    (first, *_), sizes = lived(("background", "reason", "sex", "municipality")), []
    for times in (1, 2):
        sums = Sums()
        flows, stocks = (pa.concat_tables([t] * times) for t in (first.flows, first.stocks))
        sums.add(Replicate(0, flows, stocks, first.structure))
        by_sex = sums.of(("sex",))
        sizes.append((by_sex[0].num_rows, by_sex[1].num_rows))
        assert sum(by_sex[0]["count"].to_pylist()) == times * sum(first.flows["count"].to_pylist())
    assert sizes[0] == sizes[1]
    assert sizes[0][0] < first.flows.num_rows / 3
