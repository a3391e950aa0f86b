"""A process that lives runs in children of its own, for tests that kill them.

    python -m tests.killed_runs SCENARIO_OPTIONS_AS_JSON REFERENCE

First it lives the run undisturbed, into REFERENCE. Then each line of standard input, as JSON,
asks for a child that lives the run into `out` or goes on with it, and writes a byte to `years`
after every year. It is killed so many seconds `after` its start, or `from_the_first_year` that it
has lived, if asked for; its exit status is answered.
"""

import json
import os
import signal
import sys
import time
from pathlib import Path

from runs import pipeline
from runs.unfinished import RECORD, hidden
from scenarios.schema import load_scenario


def no_report(folder, *_, **__):
    """Pictures say nothing about what survives a kill, and take a second."""
    (folder / "report.html").write_text("")


class Announcing(pipeline.Progress):
    """Tells the test of every year that is lived."""

    years = -1

    def advance(self, pieces=1):
        os.write(self.years, b"." * pieces)


def live(scenario, request):
    """Live one run, or go on with it; never return."""
    Announcing.years = os.open(request["years"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    code = 1
    try:
        out, threads = Path(request["out"]), request["threads"]
        if (hidden(out) / RECORD).exists():
            pipeline.resume(out, threads=threads)
        else:
            pipeline.run(scenario, out=str(out), threads=threads)
        code = 0
    finally:
        os._exit(code)


def main():
    """Serve the test."""
    scenario = load_scenario("baseline", json.loads(sys.argv[1]))
    pipeline.write_report = no_report
    pipeline.run(scenario, out=sys.argv[2])
    pipeline.Progress = Announcing
    print("ready", flush=True)
    for line in sys.stdin:
        child = os.fork()
        if not child:
            live(scenario, json.loads(line))
        print(end_of(child, json.loads(line)), flush=True)


def end_of(child, request):
    """Return the exit status of a child, which is killed when the request says so."""
    if "after" in request:
        years, waits = Path(request["years"]), request.get("from_the_first_year", False)
        start = time.monotonic()
        while (waits or time.monotonic() < start + request["after"]) and lives(child):
            if waits and years.exists() and years.stat().st_size:
                start, waits = time.monotonic(), False
            time.sleep(0.001)
        os.kill(child, signal.SIGKILL)  # it may have ended, but the number is still its own
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def lives(child):
    """Say whether a child still runs, and leave its end to be asked for."""
    return os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None


if __name__ == "__main__":
    main()
