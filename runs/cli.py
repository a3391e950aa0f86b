"""The command line: `vandring run SCENARIO`, and what a wrong word gets in answer.

Nothing heavy is imported before it is needed: `vandring --help` answers at once.
"""

import argparse
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import pairwise
from typing import Any, NoReturn

from sim.problems import InputError, Problem, refuse, shown, suggest

DONE, FAILED, WRONG_USAGE, INTERRUPTED, TERMINATED = 0, 1, 2, 130, 143
MOST_THREADS = 256
MOST_DIGITS = 12

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
    for library in ("OMP", "OPENBLAS", "MKL"):  # replicates use the cores; idle threads hinder
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        parser = _parser()
        arguments, rest = parser.parse_known_args(words)
        arguments.rest, arguments.unknown = rest, arguments.parser.unknown(rest)
        code: int = arguments.act(arguments, ["vandring", *words])
    except InputError as error:
        print(f"vandring: {error}", file=sys.stderr)
        return WRONG_USAGE
    except KeyboardInterrupt:
        print("vandring: stopped; an unfinished run is not kept", file=sys.stderr)
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
        return Problem("arguments", message, cure=f"See {help_with}.")

    def unknown(self, rest: Sequence[str]) -> list[Problem]:
        """Say of every word that no command knows what may have been meant by it."""
        every = (option for action in self._every_action() for option in action.option_strings)
        options = list(dict.fromkeys(every))
        problems = []
        for before, word in pairwise(["", *rest]):
            if word.startswith("-"):
                near = suggest(word.split("=")[0], options, cutoff=0.7)
                cure = near or f"See {self.prog} --help."
                problems.append(Problem(_shown(word), "is unknown", ", ".join(options), cure))
            elif not _takes_next(before):
                wanted = [action.metavar for action in self._actions if not action.option_strings]
                allowed = " ".join(f"one {name}" for name in wanted if isinstance(name, str))
                too_many = "is one word too many"
                problems.append(Problem(_shown(word), too_many, allowed or "options only"))
        return problems

    def _every_action(self) -> list[argparse.Action]:
        found = list(self._actions)
        for action in self._actions:
            if isinstance(action, argparse._SubParsersAction):
                for parser in action.choices.values():
                    found += parser._actions
        return [action for action in found if not isinstance(action, argparse._HelpAction)]


def _takes_next(word: str) -> bool:
    """Say whether the word after an unknown one may be its value."""
    return word.startswith("--") and "=" not in word


def _shown(word: str) -> str:
    return word if len(word) <= 60 else f"{word[:57]}..."


def _parser() -> _Parser:
    parser = _Parser(
        prog="vandring",
        description="Microsimulation and projection of migration: immigrants in Norway, year by "
        "year, as they stay, move inside Norway or emigrate.",
        epilog="example:\n  vandring run baseline",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="store_true", help="print the version and stop")
    parser.set_defaults(act=_act_without_command, parser=parser)
    commands = parser.add_subparsers(metavar="COMMAND", parser_class=_Parser)
    for name, (summary, prepare) in COMMANDS.items():
        command = commands.add_parser(
            name,
            help=summary,
            description=summary[0].upper() + summary[1:] + ".",
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        prepare(command)
        command.set_defaults(parser=command)
    return parser


def _act_without_command(arguments: argparse.Namespace, command: list[str]) -> int:
    refuse("command", arguments.unknown)
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
    add("--parameters", metavar="WHICH", help="published, or a folder of `vandring estimate`")
    add("--economy", metavar="WHICH", help="default, or a CSV file of paths")
    add("--calibration", metavar="WHICH", help="shipped, or a folder of a calibration")
    add("--uncertainty", metavar="WHAT", help="drawn anew in each replicate besides luck: none, "
        "all, parameters or economy")  # fmt: skip
    add("--draws", metavar="HOW", help="explicit error terms, or faster threshold draws")
    add("--out", metavar="FOLDER", help="write the run there instead of to a new folder")
    add("--chunk", metavar="N", help="persons handled at a time (speed only)")
    add("--json", action="store_true", help="print the outcome as JSON on standard output")
    parser.set_defaults(act=_run)
    parser.epilog = RUN_EXAMPLES


def _prepare_reconstruct(parser: argparse.ArgumentParser) -> None:
    from runs import reconstruction

    reconstruction.prepare(parser)
    parser.set_defaults(act=reconstruction.act)
    parser.epilog = reconstruction.EXAMPLES


def _prepare_effects(parser: argparse.ArgumentParser) -> None:
    from runs import effects

    effects.prepare(parser)
    parser.set_defaults(act=effects.act)


def _prepare_estimate(parser: argparse.ArgumentParser) -> None:
    from runs import estimation

    estimation.prepare(parser)
    parser.set_defaults(act=estimation.act)


def _prepare_check(parser: argparse.ArgumentParser) -> None:
    from runs import checking

    checking.prepare_check(parser)
    parser.set_defaults(act=checking.act_check)


def _prepare_example_data(parser: argparse.ArgumentParser) -> None:
    from runs import checking

    checking.prepare_example(parser)
    parser.set_defaults(act=checking.act_example)


def _prepare_trace(parser: argparse.ArgumentParser) -> None:
    from runs import tracing

    tracing.prepare(parser)
    parser.set_defaults(act=tracing.act)


def _prepare_compare(parser: argparse.ArgumentParser) -> None:
    from runs import comparing

    comparing.prepare(parser)
    parser.set_defaults(act=_compare)


def _compare(arguments: argparse.Namespace, command: list[str]) -> int:
    from runs import comparing

    with _ending_on_sigterm():
        return comparing.act(arguments, command)


def _prepare_validate(parser: argparse.ArgumentParser) -> None:
    from runs import validating

    validating.prepare(parser)
    parser.set_defaults(act=validating.act)


def _prepare_calibrate(parser: argparse.ArgumentParser) -> None:
    from runs import calibrating

    calibrating.prepare(parser)
    parser.set_defaults(act=calibrating.act)


def _prepare_explain(parser: argparse.ArgumentParser) -> None:
    from runs import explaining

    explaining.prepare(parser)
    parser.set_defaults(act=explaining.act)


COMMANDS: dict[str, tuple[str, Any]] = {
    "calibrate": ("align the model to the published record", _prepare_calibrate),
    "check": ("check and clean an extract of persons for estimation", _prepare_check),
    "compare": ("tell what differs between two runs or scenarios, and why", _prepare_compare),
    "effects": ("marginal effects with t values, at any profile or on average", _prepare_effects),
    "estimate": ("estimate logits or linear models from an extract", _prepare_estimate),
    "example-data": ("make up such an extract, to try things out", _prepare_example_data),
    "explain": ("tell in words what a scenario changes; list the levers", _prepare_explain),
    "reconstruct": (
        "draw the reconstructed register of a start year and judge it",
        _prepare_reconstruct,
    ),
    "run": ("simulate a scenario and write the run with its report", _prepare_run),
    "validate": ("judge the model by 561 published findings", _prepare_validate),
    "trace": ("tell one life of a run, year by year", _prepare_trace),
}
OVERRIDES = (
    "years", "replicates", "seed", "model_type", "population", "parameters", "economy",
    "calibration", "draws", "uncertainty",
)  # fmt: skip


def _run(arguments: argparse.Namespace, command: list[str]) -> int:
    from runs.store import folder_problem

    problems: list[Problem] = [*arguments.unknown]
    threads = _count(arguments.threads, "--threads", MOST_THREADS, problems)
    chunk = _count(arguments.chunk, "--chunk", 10**9, problems)
    scenario = _scenario(arguments, command, problems)
    problems += folder_problem(arguments.out)
    if problems or scenario is None:
        raise InputError("command", problems)
    from runs.pipeline import run
    from scenarios.lint import warnings_of

    for warning in warnings_of(scenario):
        print(f"vandring: note: {warning}", file=sys.stderr)
    with _ending_on_sigterm():
        finished = run(
            scenario, threads=threads or 1, out=arguments.out, chunk=chunk, command=command
        )
    tell = _print_json if arguments.json else _print_lines
    return told(lambda: tell(finished), f"the run lies in {finished.folder}")


@contextmanager
def _ending_on_sigterm() -> Iterator[None]:
    """Let a SIGTERM end the run as an exception does, so that nothing half-written stays."""

    def end(number: int, frame: object) -> NoReturn:
        raise SystemExit(TERMINATED)

    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may listen
        return

    def again(lost: Any) -> None:
        if lost.exc_type is SystemExit:
            threading.Timer(0.1, signal.raise_signal, [signal.SIGTERM]).start()
        else:
            hook(lost)

    hook, sys.unraisablehook = sys.unraisablehook, again  # the compiler's callbacks lose exceptions
    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
        sys.unraisablehook = hook


def _scenario(arguments: argparse.Namespace, command: list[str], problems: list[Problem]) -> Any:
    """Read the scenario; what is wrong joins `problems`, so that all comes at once."""
    from runs.people import EMBEDDED, file_problem
    from runs.settings import input_problems
    from scenarios.schema import load_scenario

    given = {name: getattr(arguments, name) for name in OVERRIDES}
    given = {name: value for name, value in given.items() if value is not None}
    which = arguments.scenario
    before = command[command.index(which) - 1] if which in command else ""
    if before in arguments.rest and _takes_next(before):
        which = "baseline"  # the word is the value of an unknown option; check only the rest
    try:
        scenario = load_scenario(which, given)
    except InputError as error:
        problems += error.problems
        share = str(given.get("population", EMBEDDED))
        problems += file_problem(share) if share.partition(":")[0] == EMBEDDED else []
        return None
    problems += input_problems(scenario)
    return scenario


def _count(word: str | None, option: str, most: int, problems: list[Problem]) -> int | None:
    if word is None:
        return None
    if word.isdecimal() and len(word) <= MOST_DIGITS and 1 <= int(word) <= most:
        return int(word)
    problems.append(Problem(option, f"is {shown(word)}", f"a whole number, 1 to {most:,}"))
    return None


def told(tell: Callable[[], None], kept: str) -> int:
    """Print the outcome; what was written is kept even if nobody can be told.

    kept: where it lies.
    """
    try:
        tell()
        sys.stdout.flush()
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        said = f"vandring: standard output cannot be written ({reason}); {kept}"
        with suppress(OSError, ValueError):
            print(said, file=sys.stderr)
        _silence_output()
        return FAILED
    return DONE


def _silence_output() -> None:
    """Send to nowhere what is still buffered, or Python complains of it when it ends."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


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
