"""Sums of a run: what its tables need, added up replicate by replicate.

Flows and stocks of all replicates need not stand in memory together: each replicate is summed
by every dimension as it comes, and only the sums are kept. A table of sums by a dimension says
of that dimension (and of the whole) what the flows and stocks themselves would.
"""

from collections.abc import Sequence

import pyarrow as pa

from runs.ensemble import Replicate
from runs.tables import BACKGROUND, Span, dimensions, draw_columns, stem, summarise

By = tuple[str, ...]


class Sums:
    """Flows and stocks of a run by each dimension, and its structure."""

    def __init__(self) -> None:
        self.by: list[By] = []
        self._parts: dict[By, tuple[list[pa.Table], list[pa.Table]]] = {}
        self._structure: list[pa.Table] = []

    def add(self, replicate: Replicate) -> None:
        """Add a replicate."""
        if not self.by:
            self.by = [(), *((name,) for name in dimensions(replicate.flows))]
            self._parts = {by: ([], []) for by in self.by}
        for by in self.by:
            apart = [BACKGROUND] if BACKGROUND not in by and (BACKGROUND,) in self.by else []
            keys = ["replicate", *draw_columns(replicate.flows), "year", *by, *apart]
            flows, stocks = self._parts[by]
            flows.append(_summed(replicate.flows, [*keys, "event"]))
            stocks.append(_summed(replicate.stocks, keys))
        self._structure.append(replicate.structure)

    def of(self, by: By = ()) -> tuple[pa.Table, pa.Table]:
        """Return flows and stocks, summed by these dimensions."""
        flows, stocks = self._parts[by]
        return pa.concat_tables(flows), pa.concat_tables(stocks)

    @property
    def structure(self) -> pa.Table:
        """The structure of all replicates, which is small as it is."""
        return pa.concat_tables(self._structure)

    def summaries(self, years: Span) -> dict[str, pa.Table]:
        """Return what `tables.summaries` says of the flows and stocks of all replicates."""
        return {
            stem(*by) if by else "summary_total": summarise(*self.of(by), by, years=years)
            for by in self.by
        }

    def for_report(self) -> tuple[pa.Table, pa.Table]:
        """Return flows and stocks by reason, or the whole: what the page of a run looks at."""
        return self.of(("reason",) if ("reason",) in self.by else ())


def _summed(table: pa.Table, keys: Sequence[str]) -> pa.Table:
    sums = table.group_by(list(keys), use_threads=False).aggregate([("count", "sum")])
    names = ["count" if name == "count_sum" else name for name in sums.column_names]
    return sums.rename_columns(names)
