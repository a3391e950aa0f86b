"""The command line: `vandring run SCENARIO`, and what a wrong word gets in answer.

Nothing heavy is imported before it is needed: `vandring --help` answers at once.
"""

import argparse
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from sim.problems import InputError, Problem, suggest

DONE, FAILED, WRONG_USAGE, INTERRUPTED = 0, 1, 2, 130
MOST_THREADS = 256

RUN_EXAMPLES = """\
examples:
  vandring run baseline
  vandring run baseline --years 2013..2014 --replicates 50 --threads 2
  vandring run my_scenario.yaml --population register.parquet --json

A scenario is the name of a shipped one or the path of a YAML file. The run is written to
a new folder under runs/out/, with report.html, flows.parquet, stocks.parquet, summary
tables, figures and manifest.json. Options put their value over that of the scenario.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Do what the command line says; return 0 done, 1 a check failed, 2 wrong usage."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        arguments = _parser().parse_args(words)
        code: int = arguments.act(arguments, ["vandring", *words])
    except InputError as error:
        print(f"vandring: {error}", file=sys.stderr)
        return WRONG_USAGE
    except KeyboardInterrupt:
        print("vandring: stopped; nothing was written", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()
        return FAILED
    return code


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in the form of every other message."""

    def error(self, message: str) -> NoReturn:
        raise InputError("command", [self._problem(message)])

    def _problem(self, message: str) -> Problem:
        help_with = f"{self.prog} --help"
        if "invalid choice" in message:
            word = message.split("invalid choice: ")[1].split(" ", maxsplit=1)[0].strip("'")
            return Problem(
                word,
                "is no command",
                ", ".join(COMMANDS),
                suggest(word, COMMANDS) or f"See {help_with}.",
            )
        if message.startswith("unrecognized arguments"):
            word = message.split(": ", 1)[1].split(" ", maxsplit=1)[0]
            options = [o for a in self._every_action() for o in a.option_strings]
            cure = suggest(word.split("=")[0], options) or f"See {help_with}."
            return Problem(word, "is unknown", ", ".join(options), cure)
        return Problem("arguments", message, cure=f"See {help_with}.")

    def _every_action(self) -> list[argparse.Action]:
        found = list(self._actions)
        for action in self._actions:
            if isinstance(action, argparse._SubParsersAction):
                for parser in action.choices.values():
                    found += parser._actions
        return [action for action in found if not isinstance(action, argparse._HelpAction)]


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="vandring",
        description="Microsimulation and projection of migration: immigrants in Norway, year by "
        "year, as they stay, move inside Norway or emigrate.",
        epilog="example:\n  vandring run baseline",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="store_true", help="print the version and stop")
    parser.set_defaults(act=_act_without_command)
    commands = parser.add_subparsers(metavar="COMMAND", parser_class=_Parser)
    for name, (summary, prepare) in COMMANDS.items():
        command = commands.add_parser(
            name,
            help=summary,
            description=summary[0].upper() + summary[1:] + ".",
            epilog=RUN_EXAMPLES if name == "run" else None,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        prepare(command)
    return parser


def _act_without_command(arguments: argparse.Namespace, command: list[str]) -> int:
    if arguments.version:
        from importlib.metadata import version

        print(f"vandring {version('vandring')}")
        return DONE
    _parser().print_help()
    return WRONG_USAGE


def _prepare_run(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("scenario", metavar="SCENARIO", help="name of a shipped scenario, or path of a YAML file")
    add("--years", metavar="FIRST..LAST", help="first and last year to live, such as 2013..2022")
    add("--replicates", metavar="N", help="how often to live them, with different luck")
    add("--seed", metavar="N", help="where the luck starts; the same seed gives the same numbers")
    add("--threads", metavar="N", default="1", help="replicates lived side by side (default: 1)")
    add("--model-type", metavar="1|2|3", help="one logit for all, by centrality, or also by sex")
    add("--population", metavar="WHICH", help="embedded, embedded:0.1 for a tenth, or a file")
    add("--draws", metavar="HOW", help="explicit error terms, or faster threshold draws")
    add("--out", metavar="FOLDER", help="write the run there instead of to a new folder")
    add("--chunk", metavar="N", help="persons handled at a time (speed only)")
    add("--json", action="store_true", help="print the outcome as JSON on standard output")
    parser.set_defaults(act=_run)


COMMANDS: dict[str, tuple[str, Any]] = {
    "run": ("simulate a scenario and write the run with its report", _prepare_run),
}
OVERRIDES = ("years", "replicates", "seed", "model_type", "population", "draws")


def _run(arguments: argparse.Namespace, command: list[str]) -> int:
    problems: list[Problem] = []
    threads = _count(arguments.threads, "--threads", MOST_THREADS, problems)
    chunk = _count(arguments.chunk, "--chunk", 10**9, problems)
    scenario = _scenario(arguments, problems)
    if problems or scenario is None:
        raise InputError("command", problems)
    from runs.pipeline import run

    finished = run(scenario, threads=threads or 1, out=arguments.out, chunk=chunk, command=command)
    if arguments.json:
        _print_json(finished)
    else:
        _print_lines(finished)
    return DONE


def _scenario(arguments: argparse.Namespace, problems: list[Problem]) -> Any:
    """Read the scenario; what is wrong joins `problems`, so that all comes at once."""
    from runs.people import file_problem
    from scenarios.schema import load_scenario

    given = {name: getattr(arguments, name) for name in OVERRIDES}
    given = {name: value for name, value in given.items() if value is not None}
    try:
        scenario = load_scenario(arguments.scenario, given)
    except InputError as error:
        problems += error.problems
        problems += file_problem(given.get("population", "embedded"))
        return None
    problems += file_problem(scenario.population)
    return scenario


def _count(word: str | None, option: str, most: int, problems: list[Problem]) -> int | None:
    if word is None:
        return None
    if word.isdecimal() and 1 <= int(word) <= most:
        return int(word)
    problems.append(Problem(option, f"is {word!r}", f"a whole number, 1 to {most:,}"))
    return None


def _print_json(finished: Any) -> None:
    import json

    answer = {
        "folder": str(finished.folder),
        "report": str(finished.folder / "report.html"),
        "files": finished.manifest["files"],
        "headline": finished.headline,
    }
    print(json.dumps(answer, indent=2, ensure_ascii=False))


def _print_lines(finished: Any) -> None:
    seconds = sum(finished.manifest["timings"].values())
    print(f"Done in {seconds:.1f} s. The report lies in")
    print(f"  {finished.folder / 'report.html'}")


if __name__ == "__main__":
    sys.exit(main())
