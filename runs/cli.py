"""The command line: `vandring COMMAND ...`, and what a wrong word gets in answer.

Nothing heavy is imported before it is needed: `vandring --help` answers at once.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from itertools import pairwise
from typing import NamedTuple, NoReturn

from runs.terminal import (
    DONE,
    FAILED,
    INTERRUPTED,
    TERMINATED,
    WRONG_USAGE,
    ending_on_sigterm,
    takes_next,
)
from sim.problems import BrokenOffError, InputError, Problem, refuse, suggest


class Command(NamedTuple):
    """A command: what it does, and the module that declares its options and does it.

    Both stand in functions of that module, `prepare` and `act` unless named otherwise.
    """

    summary: str
    module: str
    prepare: str = "prepare"
    act: str = "act"


COMMANDS: dict[str, Command] = {
    "calibrate": Command("align the model to the published record", "calibrating"),
    "check": Command("check and clean an extract of persons for estimation", "checking",
        "prepare_check", "act_check"),
    "compare": Command("tell what differs between two runs or scenarios, and why", "comparing"),
    "effects": Command("marginal effects with t values, at any profile or on average", "effects"),
    "estimate": Command("estimate logits or linear models from an extract", "estimation"),
    "example-data": Command("make up such an extract, to try things out", "checking",
        "prepare_example", "act_example"),
    "expect": Command("expected flows of a scenario at once, without chance", "expecting"),
    "explain": Command("tell in words what a scenario changes; list the levers", "explaining"),
    "plan": Command("foretell the time, memory and replicates that a run needs", "planning"),
    "reconstruct": Command("draw the reconstructed register of a start year and judge it",
        "reconstruction"),
    "replay": Command("live a run again from its manifest; say whether the bits agree",
        "replaying"),
    "run": Command("simulate a scenario and write the run with its report", "running"),
    "sensitivity": Command("tell which levers matter most, from the ranges in a scenario",
        "sweeping"),
    "validate": Command("judge the model by 561 published findings", "validating"),
    "trace": Command("tell one life of a run, year by year", "tracing"),
}  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    """Do what the command line says; return 0 done, 1 a check failed, 2 wrong usage."""
    for library in ("OMP", "OPENBLAS", "MKL"):  # replicates use the cores; idle threads hinder
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        parser = _parser()
        arguments, rest = parser.parse_known_args(words)
        arguments.rest, arguments.unknown = rest, arguments.parser.unknown(rest)
        with ending_on_sigterm():
            code: int = arguments.act(arguments, ["vandring", *words])
    except InputError as error:
        print(f"vandring: {error}", *getattr(error, "__notes__", []), sep="\n", file=sys.stderr)
        return FAILED if isinstance(error, BrokenOffError) else WRONG_USAGE
    except KeyboardInterrupt as error:
        _stopped(error)
        return INTERRUPTED
    except SystemExit as error:
        if error.code == TERMINATED:
            _stopped(error)
        raise
    except BrokenPipeError:
        sys.stderr.close()
        return FAILED
    return code


def _stopped(error: BaseException) -> None:
    """Say that a command was broken off, and what is left of its work."""
    left = " ".join(getattr(error, "__notes__", [])) or "an unfinished run is not kept"
    with suppress(OSError, ValueError):  # the terminal may be gone
        print(f"vandring: stopped; {left[0].lower()}{left[1:]}", file=sys.stderr)


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
            elif not takes_next(before):
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
    for name, told in COMMANDS.items():
        command = commands.add_parser(
            name,
            help=told.summary,
            description=told.summary[0].upper() + told.summary[1:] + ".",
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        module = import_module(f"runs.{told.module}")
        getattr(module, told.prepare)(command)
        command.set_defaults(act=getattr(module, told.act), parser=command)
    return parser


def _act_without_command(arguments: argparse.Namespace, command: list[str]) -> int:
    refuse("command", arguments.unknown)
    if arguments.version:
        from importlib.metadata import version

        print(f"vandring {version('vandring')}")
        return DONE
    _parser().print_help()
    return WRONG_USAGE


if __name__ == "__main__":
    sys.exit(main())
