"""What an analysis says of its indices."""

from types import SimpleNamespace

import pytest

from runs.sensitivity import findings
from runs.sensitivity.design import DELTA, SOBOL
from runs.sensitivity.indices import Index


def found(method, *ends):
    """An analysis of one output with an index for each pair of ends."""
    ranked = [Index(0, "total", i, -1, (low + high) / 2, low, high)
              for i, (low, high) in enumerate(ends)]  # fmt: skip
    return SimpleNamespace(undefined=(), design=SimpleNamespace(method=method),
                           ranked=lambda _: ranked)  # fmt: skip


@pytest.mark.parametrize("method", [SOBOL, DELTA])
def test_nothing_is_named_whose_interval_holds_nothing(method, monkeypatch):
    monkeypatch.setattr(findings, "words", lambda _, one: f"input {one}")
    monkeypatch.setattr(findings, "_how_much", lambda *_: "much")
    output = SimpleNamespace(name="deaths in 2030")
    said = findings._answer(found(method, (-0.32, 0.83), (-0.4, 0.8)), 0, output)
    assert "is not told by so few points: of input 0, which comes first" in said
    assert "(\N{MINUS SIGN}0.32 to 0.83)" in said
    said = findings._answer(found(method, (0.2, 0.8), (-0.1, 0.3)), 0, output)
    assert said.startswith("What matters most for deaths in 2030: input 0, much; then input 1, ")
