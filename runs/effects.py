"""`vandring effects`: how staying, moving and emigrating change with what a person is."""

import argparse
import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from runs.terminal import told
from sim.problems import InputError, Problem, refuse, shown, suggest

if TYPE_CHECKING:
    from calibration.effect_tables import EffectTable, Parameters
    from sim.transitions.logit import LogitModel

START = 2013  # the year of the embedded population over which averages are taken
FORMATS = ("csv", "latex", "json")
EXAMPLES = """\
examples:
  vandring effects --table 6.4
  vandring effects --table all --csv
  vandring effects --table 6.7,6.8 --parameters my_models
  vandring effects --model E5 --profile "age=30,duration=4,education=tertiary_short,\\
reason=work,family_total=3,family_immigrants=2" --vary status
  vandring effects --model 6.1 --profile "..." --vary age=20,40,60
  vandring effects --model 6.1 --profile "..." --against "status=outside,education=none"
  vandring effects --model D4 --vary reason --average embedded:0.1

An effect is a difference of probabilities: 0.010 is one percentage point. The t values hold
the uncertainty of the coefficients (delta method). A profile names age, sex, duration (years,
or a group such as 3-5), education, status, reason, family_total, family_immigrants (or
family=5/4 for both) and centrality; sex and centrality may be left out if the model has only one.
How to read a table: docs/effects.md.
"""
Traits = dict[str, str]


def prepare(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = EXAMPLES
    add = parser.add_argument
    add("--table", metavar="NUMBER", help="a table of section 6, such as 6.4; several; or all")
    add("--model", metavar="NAME", help="a model, such as 6.1, D4 or E5")
    add("--profile", metavar="TRAITS", help="the person: age=30,sex=male,...")
    add("--vary", metavar="TRAIT", help="what varies: status, or age=20,30,40")
    add("--against", metavar="TRAITS", help="the reference, where it differs from the profile")
    add("--average", metavar="WHICH", help="average over embedded, embedded:0.1 or a file")
    add("--parameters", metavar="FOLDER", help="models of `vandring estimate` (else: published)")
    add("--json", action="store_true", help="print the tables as JSON on standard output")
    add("--csv", action="store_true", help="print the tables as CSV, with standard errors")
    add("--latex", action="store_true", help="print the tables as LaTeX")


def act(arguments: argparse.Namespace, _: list[str]) -> int:
    """Check, compute, tell."""
    refuse("command", [*arguments.unknown, *_wrong(arguments)])
    from calibration.effect_tables import Parameters, chosen_tables, of_table

    parameters = Parameters.read(arguments.parameters)
    if arguments.table is not None:
        chosen = chosen_tables(arguments.table, parameters)
        tables = [of_table(one, parameters) for one in chosen]
    else:
        tables = [_asked(arguments, parameters)]
    said = _said(tables, next((name for name in FORMATS if getattr(arguments, name)), "text"))
    return told(lambda: print(said, end=""), "nothing was written")


def _wrong(arguments: argparse.Namespace) -> Iterator[Problem]:
    """Yield what is wrong with the options together."""
    given = [name for name in FORMATS if getattr(arguments, name)]
    if len(given) > 1:
        yield Problem(" ".join(f"--{name}" for name in given), "exclude each other", "one of them")
    question = ("model", "profile", "vary", "against", "average")
    also = [f"--{name}" for name in question if getattr(arguments, name) is not None]
    if arguments.table is not None:
        if also:
            found = f"cannot be combined with {', '.join(also)}"
            yield Problem("--table", found, "--parameters and an output format")
        return
    if not also:
        cure = "Try --table 6.4, or see vandring effects --help."
        yield Problem("command", "asks for no effects", "--table, or --model and --profile", cure)
        return
    if arguments.vary is None and (arguments.against is None or arguments.average is not None):
        allowed = "a trait, such as status" + ("" if arguments.average else "; or --against")
        yield Problem("--vary", "is missing", allowed, "Add --vary status.")
    if arguments.average is not None:
        from runs.people import file_problem

        if arguments.profile is not None:
            allowed = "one of them: persons as they are, or one profile"
            yield Problem("--profile", "cannot be combined with --average", allowed)
        yield from file_problem(arguments.average)
    elif arguments.profile is None:
        cure = 'Such as --profile "age=30,sex=male,...".'
        yield Problem("--profile", "is missing", "traits, or --average", cure)


@dataclass
class _Question:
    """What is asked at a profile or on average, as far as it is right.

    varied: '' if two profiles are compared. reference: the value that others differ from.
    """

    profile: Traits
    against: Traits
    varied: str
    values: Sequence[str]
    reference: str = ""


def _asked(arguments: argparse.Namespace, parameters: "Parameters") -> "EffectTable":
    from calibration.effect_tables import at_profile, between, on_average

    problems: list[Problem] = []
    model = _model(arguments.model, parameters, problems)
    average = arguments.average is not None
    varied, values = _varied(arguments.vary, problems)
    asked = _Question(
        _traits(arguments.profile, "--profile", problems),
        _traits(arguments.against, "--against", problems),
        varied, values,
    )  # fmt: skip
    if model is not None and not problems:
        problems += _own_group(asked, model, average=average)
    if not problems:
        problems += _reference(asked, average=average)
    if not problems and not average:
        problems += _impossible(asked)
    refuse("command", problems)
    assert model is not None, "a missing model is a problem"
    if average:
        from runs.people import find_people

        people = find_people(arguments.average, START).population
        return on_average(parameters, model.name, people, varied, asked.values, asked.reference)
    if varied:
        return at_profile(
            parameters, model.name, asked.profile, varied, asked.values, asked.reference
        )
    return between(parameters, model.name, asked.profile, {**asked.profile, **asked.against})


def _model(
    name: str | None, parameters: "Parameters", problems: list[Problem]
) -> "LogitModel | None":
    """Return the model that is named, or the only one."""
    known = list(parameters.artefact.models)
    if name is None and len(known) == 1:
        name = known[0]
    if name is None:
        cure = f"Add --model {known[0]}."
        problems.append(Problem("--model", "is missing", ", ".join(known), cure))
        return None
    try:
        return parameters.model(name)[0]
    except InputError as error:
        problems += [Problem("--model", p.found, p.allowed, p.cure) for p in error.problems]
        return None


def _varied(text: str | None, problems: list[Problem]) -> tuple[str, Sequence[str]]:
    """Return what varies and the values given; none mean every one but the reference."""
    from calibration.effect_tables import CODES, FAMILY
    from sim.transitions.covariates import COLUMNS

    if text is None:
        return "", ()
    name, equals, listed = (word.strip() for word in text.partition("="))
    known = (*COLUMNS, FAMILY)
    if name not in known:
        problems.append(_unknown(name, "--vary", known))
        return name, ()
    if not equals and name in CODES:
        return name, ()
    if not listed:
        such = "family=5/5,5/3" if name == FAMILY else f"{name}=3,4,5"
        such = "age=20,30,40" if name == "age" else such
        problems.append(Problem("--vary", f"{name} has no values", f"values, such as {such}"))
        return name, ()
    values = [word.strip() for word in listed.split(",")]
    found = [(value, _value(name, value)) for value in dict.fromkeys(values)]
    problems += [_at("--vary", wrong) for _, wrong in found if wrong is not None]
    return name, tuple(value for value, _ in found)


def _traits(text: str | None, option: str, problems: list[Problem]) -> Traits:
    """Read 'age=30,sex=male'; family=5/4 stands for both numbers of the family."""
    from calibration.effect_tables import FAMILY, changed
    from sim.transitions.covariates import COLUMNS

    found: Traits = {}
    for part in (text or "").split(",") if text is not None else ():
        name, equals, value = (word.strip() for word in part.partition("="))
        if name not in (*COLUMNS, FAMILY):
            problems.append(_unknown(name, option, (*COLUMNS, FAMILY)))
            continue
        wrong = _value(name, value) if equals else Problem(name, "has no value", f"{name}=...")
        if wrong is not None:
            problems.append(_at(option, wrong))
        traits = changed({}, name, value) if wrong is None else {name: value}
        if traits.keys() & found.keys():
            problems.append(Problem(option, f"says {name} twice", "each trait once"))
        found |= traits
    return found


def _unknown(name: str, option: str, known: Collection[str]) -> Problem:
    said = {"labour": "status", "labor": "status", "years": "duration", "gender": "sex"}
    cure = suggest(name, known, said)
    return Problem(option, f"{shown(name)} is no trait", ", ".join(known), cure)


def _at(option: str, wrong: Problem) -> Problem:
    return Problem(option, f"{wrong.where} {wrong.found}", wrong.allowed, wrong.cure)


def _value(name: str, word: str) -> Problem | None:
    """Say what is wrong with a value of a trait."""
    from calibration.effect_tables import CODES, FAMILY
    from sim.transitions.covariates import CHILDREN, COUNTS, YOUNGEST

    if name == FAMILY:
        total, slash, immigrants = word.partition("/")
        right = slash and not _value("family_total", total)
        if right and not _value("family_immigrants", immigrants) and int(immigrants) <= int(total):
            return None
        allowed = "members/immigrants, such as 5/4: five persons, four of them immigrants"
        return Problem(name, f"is {shown(word)}", allowed)
    known = tuple(CODES.get(name, ()))
    if word in {code.name for code in known}:
        return None
    if name in COUNTS:
        low, high = COUNTS[name].low, COUNTS[name].high
        plain = word.isascii() and word.isdecimal() and len(word) <= 9
        number = int(word) if plain and (word[0] != "0" or word == "0") else -1
        if low <= number <= high:
            return None
        groups = f", or {', '.join(code.name for code in known)}" if known else ""
        cure = CHILDREN if name == "age" and 0 <= number < YOUNGEST else ""
        return Problem(name, f"is {shown(word)}", COUNTS[name].allowed + groups, cure)
    names = [code.name for code in known]
    said = {label: code.name for code in known for label in (code.en, code.nb)}
    return Problem(name, f"is {shown(word)}", ", ".join(names), suggest(word, names, said))


def _own_group(asked: _Question, model: "LogitModel", *, average: bool) -> Iterator[Problem]:
    """Give the profile the sex and level of a model that has only one; refuse others."""
    level = None if model.centrality is None else str(model.centrality)
    for name, own in (("sex", model.sex), ("centrality", level)):
        if own is None:
            continue
        only = f"model {model.name} describes {name}={own} only"
        if asked.varied == name:
            yield Problem("--vary", f"{name} cannot vary: {only}", "a model of several")
        for option, traits in (("--profile", asked.profile), ("--against", asked.against)):
            if traits.get(name, own) != own:
                cure = "Choose the model that describes this person."
                yield Problem(option, f"{name} is {traits[name]!r}, but {only}", own, cure)
        if not average:
            asked.profile.setdefault(name, own)


def _reference(asked: _Question, *, average: bool) -> Iterator[Problem]:
    """Find the reference: of --against, of the code list, or of the profile."""
    from calibration.effect_tables import CODES, FAMILY, REFERENCES

    varied, against = asked.varied, asked.against
    if not varied:
        if not against:
            yield Problem("--against", "says nothing", "traits, such as status=outside")
        return
    keys = ("family_total", "family_immigrants") if varied == FAMILY else (varied,)
    others = [key for key in against if key not in keys]
    if others:
        yield Problem("--against", f"differs in {', '.join(others)} too", f"{varied} alone",
                      "Leave out --vary to compare two profiles.")  # fmt: skip
    if average and varied in ("family_total", "family_immigrants"):
        yield Problem("--vary", f"{varied} cannot be set alone for everybody", "family=5/4,...")
    has = against or ({} if varied in CODES else asked.profile)
    if all(key in has for key in keys):
        asked.reference = "/".join(has[key] for key in keys)
    elif varied in REFERENCES and not against:
        asked.reference = REFERENCES[varied]
    else:
        such = {"age": "age=30", FAMILY: "family=5/4"}.get(varied, f"{varied}=4")
        found = f"does not say what {varied} is compared with"
        yield Problem("--against", found, f"the reference, such as {such}")
    if not asked.values:
        asked.values = [code for code in CODES[varied].names if code != asked.reference]


def _impossible(asked: _Question) -> Iterator[Problem]:
    """Yield what the profile lacks, and persons who cannot exist."""
    from calibration.effect_tables import CODES, changed
    from sim.transitions.covariates import COLUMNS, COUNTS

    start = changed(asked.profile, asked.varied, asked.reference) if asked.varied else asked.profile
    for name in COLUMNS:
        if name not in start:
            allowed = ", ".join(CODES[name].names) if name in CODES else COUNTS[name].allowed
            yield Problem("--profile", f"{name} is missing", allowed)
    if any(name not in start for name in COLUMNS):
        return
    if asked.varied:
        everybody = [start, *(changed(start, asked.varied, value) for value in asked.values)]
    else:
        everybody = [start, {**start, **asked.against}]
        if everybody[0] == everybody[1]:
            yield Problem("--against", "is the profile itself", "another person")
    yield from dict.fromkeys(wrong for who in everybody for wrong in _nobody(who))


def _nobody(who: Traits) -> Iterator[Problem]:
    """Yield why nobody can be like this."""
    from calibration.effect_tables import person_of

    person: dict[str, Any] = person_of(who)
    if person["duration"] > person["age"]:
        found = f"duration {who['duration']} is longer than a life of {who['age']} years"
        yield Problem("--profile", found, "years since first immigration, at most the age")
    if person["family_immigrants"] > person["family_total"]:
        found = f"family_immigrants {who['family_immigrants']} exceed {who['family_total']} members"
        cure = "Are the two exchanged?"
        yield Problem("--profile", found, "1 to family_total", cure)


def _said(tables: "Sequence[EffectTable]", how: str) -> str:
    """Return the tables as text, CSV, LaTeX or JSON."""
    from calibration import effect_layout as layout

    if how == "csv":
        return layout.to_csv(tables)
    if how == "json":
        records = [layout.record(table) for table in tables]
        return json.dumps({"tables": records}, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    one = layout.latex if how == "latex" else layout.text
    return "\n".join(one(table) for table in tables)
