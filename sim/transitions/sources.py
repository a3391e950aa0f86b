"""Parameters as small tables beside the code: read once, each row with its source."""

import csv
from functools import cache
from importlib import resources


@cache
def rows(name: str) -> tuple[dict[str, str], ...]:
    """Return the rows of a table of sim/transitions/data, as text by column.

    Every table has a column `source`, and `assumed` ('yes' or 'no') where some rows are
    assumptions that no source supports.
    """
    text = (resources.files("sim.transitions") / "data" / name).read_text("utf-8")
    return tuple(csv.DictReader(text.splitlines()))
