"""Linear models and flows of single counties beside the model's own."""

import numpy as np
import pytest

from calibration import county_evidence as evidence
from calibration import margins as m
from calibration.reason_rates import COUNTY, EMIGRATE
from sim.jit import COMPILED
from sim.transitions import calibrated
from sim.transitions.reason_offsets import no_offsets

needs_everybody = pytest.mark.skipif(not COMPILED, reason="needs the whole population")
PERIOD = evidence.PERIOD


def slopes_by_trying(part, x, where, step=1e-5):
    up, down = x.copy(), x.copy()
    up[where] += step
    down[where] -= step
    return (part(up)[0] - part(down)[0]) / (2 * step)


@pytest.fixture(scope="module")
def shipped():
    offsets = calibrated.read().within
    return {what: (offsets["county"][:, what], evidence.linear(offsets, what),
                   evidence.flows(offsets, what)) for what in (EMIGRATE, COUNTY)}  # fmt: skip


@needs_everybody
@pytest.mark.parametrize("what", [EMIGRATE, COUNTY])
def test_slopes_of_linear_models_are_right_and_only_the_later_period_counts(shipped, what):
    x, linear, _ = shipped[what]
    residual, slopes = linear(x)
    slopes = slopes.reshape(residual.size, *evidence.SHAPE)
    assert (slopes[:, 0] == 0).all()
    for where in ((PERIOD, 0, 10), (PERIOD, evidence.UNKNOWN, 2)):
        np.testing.assert_allclose(slopes[(slice(None), *where)],
                                   slopes_by_trying(linear, x, where), atol=1e-6)  # fmt: skip


@needs_everybody
@pytest.mark.parametrize("what", [EMIGRATE, COUNTY])
def test_flows_tell_of_shares_alone(shipped, what):
    """All counties alike up or down changes little; one county up is seen in its own line."""
    x, _, flows = shipped[what]
    residual, slopes = flows(x)
    assert residual.size == len(m.table("county_flows_2013"))
    oslo = slopes.reshape(residual.size, *evidence.SHAPE)[:, PERIOD, :, 2]
    assert (oslo[[2, 21]].sum(axis=1) > 0).all()
    assert not np.delete(oslo, [2, 21], axis=0).any()


@needs_everybody
def test_with_the_shipped_offsets_the_counties_of_2013_are_nearer_than_without(shipped):
    """Sums of squares of emigration: linear models at least halved, flows less."""
    x, linear, flows = shipped[EMIGRATE]
    nothing = no_offsets()
    zero = np.zeros_like(x)
    for part, before, share in (
        (linear, evidence.linear(nothing, EMIGRATE), 0.6),
        (flows, evidence.flows(nothing, EMIGRATE), 0.9),
    ):
        told, plain = (np.square(one(at)[0]).sum() for one, at in ((part, x), (before, zero)))
        assert told < share * plain
