"""Education and work: expected persons of each row change levels and status."""

import numpy as np

from sim.codes import SEX, STATUS
from sim.transitions import education, labour
from sim.transitions.process import Settings
from sim.twin import work_kernel as kernel
from sim.twin.cells import Cells
from sim.twin.kinds import REASON_OF_KIND, Floats

WORDS = 2.0**32  # of which a cut lets so many


class Work:
    """What `Education` and `LabourStatus` do to persons, as shares of them."""

    def __init__(self, settings: Settings) -> None:
        self.education = education.Education.ready(settings)
        self.labour = labour.LabourStatus.ready(settings)

    def happen(self, cells: Cells, year: int) -> None:
        """Let a year of both pass."""
        learns, works = (each.choice != "unchanged" for each in (self.education, self.labour))
        moving = np.stack([np.stack([education.study()] * len(SEX)), education.school()])
        keep, new = self._status(year)
        n, types = cells.count, cells.types
        rows = kernel.Rows(cells.row_type[:n], types["kind"], types["sex"], types["birth"],
                           types["arrival"], types["schooled"])  # fmt: skip
        kernel.learn_and_work(
            rows, year, learns, works, REASON_OF_KIND, moving,
            self.education.registering(year), education.foreign(), keep, new,
            cells.mass[: cells.count],
        )  # fmt: skip

    def _status(self, year: int) -> tuple[Floats, Floats]:
        """Return the chances of keeping each status, and of each new one."""
        keep, upto = labour.cuts(year, self.labour.rate(year - 1), self.labour.rate(year))
        groups, sexes, ages, stays, _ = upto.shape
        kept = keep[:-1].reshape(groups, sexes, ages + 1, stays, len(STATUS)) / WORDS
        ends = np.zeros((*upto.shape[:-1], 1))
        steps = np.concatenate([ends, upto / WORDS, ends + 1], axis=-1)
        new = np.empty((*upto.shape[:-1], len(STATUS)))
        new[..., labour.ORDER] = np.diff(steps, axis=-1)
        return kept, new
