"""`vandring explain SCENARIO`: what a scenario asks and changes, in words, before it is run."""

import argparse
import json
import textwrap

from runs.terminal import told
from sim.problems import Problem, refuse

WIDTH = 100
EXAMPLES = """\
examples:
  vandring explain high_unemployment
  vandring explain my_scenario.yaml --json
  vandring explain --levers                    # everything that a scenario may alter

Nothing is simulated. How scenario files are written: docs/scenarios.md.
"""


def prepare(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = EXAMPLES
    add = parser.add_argument
    add("scenario", metavar="SCENARIO", nargs="?", help="name of a shipped one, or a YAML file")
    add("--levers", action="store_true", help="list what a scenario may alter, with its limits")
    add("--json", action="store_true", help="print it as JSON on standard output")


def act(arguments: argparse.Namespace, _: list[str]) -> int:
    """Read the scenario, or the levers, and tell."""
    from scenarios.catalogue import catalogue, lines
    from scenarios.explain import explain
    from scenarios.schema import names

    missing = arguments.scenario is None and not arguments.levers
    needed = Problem("SCENARIO", "is missing", f"a YAML file, {', '.join(names())}, or --levers")
    refuse("command", [*arguments.unknown, *([needed] if missing else [])])
    explanation = None if arguments.scenario is None else explain(arguments.scenario)

    def tell() -> None:
        if arguments.json:
            record = explanation.record() if explanation else {}
            levers = catalogue() if arguments.levers else {}
            print(json.dumps({**record, **levers}, indent=1, ensure_ascii=False))
            return
        if explanation:
            print("\n".join(_wrapped(line) for line in explanation.lines()))
        if arguments.levers:
            print("\n".join(_wrapped(line) for line in lines()))

    return told(tell, "nothing was written")


def _wrapped(line: str) -> str:
    indent = "  " if line.startswith("- ") else ""
    return textwrap.fill(line, WIDTH, subsequent_indent=indent, break_on_hyphens=False)
