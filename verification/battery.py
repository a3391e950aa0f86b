"""Put streams of draws through published batteries of statistical tests.

    python verification/battery.py --battery small --stream all
    python verification/battery.py --battery small --stream controls

One line is printed for each stream, with every p-value that is worth a look; the exit code is
1 if a stream fails or a faulty control passes. The batteries are those of TestU01 (L'Ecuyer
and Simard, ACM TOMS 33(4), 2007) and Dieharder (Brown); README.md says how to get them.
"""

import argparse
import csv
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import NoReturn

from streams import CONTROLS, STREAMS, Stream

HERE = Path(__file__).parent
RESULTS = HERE / "results_chance.csv"
FIELDS = (
    "stream",
    "battery",
    "statistics",
    "suspicious",
    "smallest_p",
    "largest_p",
    "verdict",
    "date",
)
# name: arguments of testu01.c but for the bits; reversed words bring the low bits to the fore
TESTU01 = {
    "small": ("small", 0),
    "small-reversed": ("small", 1),
    "rabbit": ("rabbit", 0),
    "alphabit": ("alphabit", 0),
    "crush": ("crush", 0),
    "crush-reversed": ("crush", 1),
}
SIZED = ("rabbit", "alphabit")  # these read as many bits as they are told to
# A fair stream gives about two suspicious p-values in a thousand; one p-value beyond the
# second limit is a failure, which 1,000 fair statistics together meet twice in a million runs.
SUSPICIOUS, FAILURE = 1e-3, 1e-9
# By Dieharder's own account these tests are not to be trusted.
UNRELIABLE = ("diehard_opso", "diehard_oqso", "diehard_dna", "diehard_sums")

Statistics = list[tuple[str, float]]
Judge = Callable[[Stream], Statistics]


@dataclass(frozen=True)
class Outcome:
    """What a battery said of a stream: p-values by name of statistic."""

    stream: str
    battery: str
    statistics: Statistics

    @property
    def fails(self) -> bool:
        """Whether some p-value is too close to 0 or 1 for a fair stream."""
        return any(min(p, 1 - p) < FAILURE for _, p in self.statistics)

    @property
    def as_it_should(self) -> bool:
        """Whether it fails if and only if it is a control."""
        return self.fails == (self.stream in CONTROLS)

    @property
    def suspicious(self) -> Statistics:
        """The p-values worth a look."""
        return [(name, p) for name, p in self.statistics if min(p, 1 - p) < SUSPICIOUS]

    def row(self) -> dict[str, str]:
        """Return the outcome as a line of the table of results."""
        p_values = [p for _, p in self.statistics]
        values = (
            self.stream,
            self.battery,
            str(len(p_values)),
            str(len(self.suspicious)),
            f"{min(p_values):.3g}",
            f"{max(p_values):.6g}",
            "fails" if self.fails else "passes",
            f"{datetime.now(UTC):%Y-%m-%d}",
        )
        return dict(zip(FIELDS, values, strict=True))

    def __str__(self) -> str:
        seen = [f"{name.strip()} p = {_near(p)}" for name, p in self.suspicious[:5]]
        more = len(self.suspicious) - len(seen)
        doubts = "; ".join(seen) + (f" and {more} more" if more else "") or "none"
        wanted = " (as a control should)" if self.fails and self.as_it_should else ""
        return (
            f"{self.stream:<32} {self.battery:<15} {len(self.statistics):>4} statistics, "
            f"{'FAILS' if self.fails else 'passes'}{wanted}; suspicious: {doubts}"
        )


def _near(p: float) -> str:
    return f"{p:.3g}" if p < 0.5 or p == 1 else f"1 - {1 - p:.2g}"


def give_up(why: str) -> NoReturn:
    """Say why no battery can run, and leave with the exit code of wrong usage."""
    print(why, file=sys.stderr)
    sys.exit(2)


def feed(command: list[str], chunk_of: Stream) -> str:
    """Pipe a stream into a command until it has had enough, and return what it says."""
    with tempfile.TemporaryFile("w+") as said:
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=said) as process:
            assert process.stdin is not None
            try:
                for chunk in count():
                    process.stdin.write(chunk_of(chunk).astype("<u4").tobytes())
            except BrokenPipeError:
                pass
            finally:
                with suppress(BrokenPipeError):
                    process.stdin.close()
        if process.returncode:
            give_up(f"{command[0]} stopped with exit code {process.returncode}.")
        said.seek(0)
        return said.read()


def build_testu01(folder: Path) -> Path:
    """Compile the driver of TestU01, or say what is missing."""
    driver = folder / "testu01"
    libraries = [f"-ltestu01{part}" for part in ("", "probdist", "mylib")]
    gcc = shutil.which("gcc")
    if gcc is None:
        give_up("The batteries of TestU01 need gcc: apt-get install gcc libc6-dev.")
    made = subprocess.run(
        [gcc, "-O2", "-o", driver, HERE / "testu01.c", *libraries, "-lm"],
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        give_up(
            f"The driver of TestU01 does not compile:\n{made.stderr}\nIs the library there? On "
            "Debian it is the package libtestu01-0-dev, in section non-free. The other battery, "
            "--battery dieharder, needs the package dieharder instead."
        )
    return driver


def testu01(driver: Path, battery: str, bits: int) -> Judge:
    """Return a function that puts a stream through a battery of TestU01."""
    name, is_reversed = TESTU01[battery]
    command = [str(driver), name, str(bits), str(is_reversed)]

    def judge(chunk_of: Stream) -> Statistics:
        lines = (line.split("\t") for line in feed(command, chunk_of).splitlines())
        return [(line[2], float(line[1])) for line in lines if line[0] == "P"]

    return judge


def dieharder(chunk_of: Stream) -> Statistics:
    """Put a stream through all of Dieharder."""
    if shutil.which("dieharder") is None:
        give_up("This battery is the package dieharder: apt-get install dieharder.")
    said = feed(["dieharder", "-a", "-g", "200", "-c", "|", "-D", "default"], chunk_of)
    statistics = []
    for line in said.splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        if cells[-1] in ("PASSED", "WEAK", "FAILED") and cells[0] not in UNRELIABLE:
            statistics.append((f"{cells[0]} {cells[1]}", float(cells[4])))
    return statistics


def record(outcome: Outcome) -> None:
    """Write the outcome into the table of results, in place of an older one."""
    rows = []
    if RESULTS.exists():
        with RESULTS.open(encoding="utf-8", newline="") as old:
            rows = list(csv.DictReader(old))
    new = outcome.row()
    same = new["stream"], new["battery"]
    rows = [row for row in rows if (row["stream"], row["battery"]) != same]
    order = {name: place for place, name in enumerate([*STREAMS, *CONTROLS])}
    rows = sorted([*rows, new], key=lambda row: (row["battery"], order.get(row["stream"], -1)))
    with RESULTS.open("w", encoding="utf-8", newline="") as table:
        writer = csv.DictWriter(table, FIELDS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def outcomes(battery: str, names: list[str], bits: int) -> Iterator[Outcome]:
    """Run a battery on each of the named streams."""
    known = {**STREAMS, **CONTROLS}
    with tempfile.TemporaryDirectory() as folder:
        judge: Judge = dieharder
        if battery in TESTU01:
            judge = testu01(build_testu01(Path(folder)), battery, bits)
        title = f"{battery} 2**{bits}" if battery in SIZED else battery
        for name in names:
            yield Outcome(name, title, judge(known[name]))


def main() -> int:
    """Read the command line, run, and return the exit code."""
    groups = {"all": list(STREAMS), "controls": list(CONTROLS)}
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--battery", default="small", choices=[*TESTU01, "dieharder"])
    parser.add_argument(
        "--stream",
        nargs="+",
        default=["all"],
        choices=[*groups, *STREAMS, *CONTROLS],
        metavar="STREAM",
        help=f"{', '.join([*groups, *STREAMS, *CONTROLS])}",
    )
    parser.add_argument(
        "--bits", type=int, default=30, help="rabbit and alphabit read 2**BITS bits (30)"
    )
    parser.add_argument("--record", action="store_true", help=f"write into {RESULTS.name}")
    asked = parser.parse_args()
    names = [name for word in asked.stream for name in groups.get(word, [word])]
    good = True
    for outcome in outcomes(asked.battery, names, asked.bits):
        print(outcome, flush=True)
        good = good and outcome.as_it_should
        if asked.record:
            record(outcome)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
