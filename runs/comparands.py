"""What may be compared: finished runs and scenarios, and on which common ground.

A word is the folder of a run, its name in runs/out, or a scenario. Two runs are compared on
what both hold: the common years and replicates. As soon as one is a scenario, both are lived
anew as A says: its population, years, seed and replicates, unless options say otherwise.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from runs import store
from runs.manifest import FORMAT, sha256_of
from runs.people import EMBEDDED, file_problem
from runs.recorded import record_problems
from runs.settings import scenario_of
from scenarios.changes import Told, in_words
from scenarios.fields import UNCERTAIN
from scenarios.schema import Scenario, load_scenario, names
from sim.problems import InputError, Problem, refuse, shown, suggest

MANIFEST, TABLES = "manifest.json", ("flows.parquet", "stocks.parquet")
NEEDED = ("scenario", "years", "replicates", "seed", "population", "parameters")
UNALTERED = "as it is"
SAID = {"set": "set to", "add": "added", "factor": "times"}  # what a change of a lever does
COMPARED = "vandring comparison"  # begins the format of a comparison's manifest


@dataclass(frozen=True)
class Comparand:
    """One of the two.

    folder, record: of a finished run, with what its manifest says.
    scenario: None if the run was written by a Vandring whose scenarios held other fields.
    """

    word: str
    scenario: Scenario | None
    folder: Path | None = None
    record: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The name of the scenario."""
        return self.scenario.name if self.scenario else str(self.record["scenario"]["name"])

    @property
    def years(self) -> tuple[int, int]:
        """The first and the last year lived."""
        first, last = self.scenario.years if self.scenario else self.record["years"]
        return int(first), int(last)

    @property
    def replicates(self) -> int:
        """How many histories it has."""
        return self.scenario.replicates if self.scenario else int(self.record["replicates"])

    @property
    def seed(self) -> int:
        """Where its luck starts."""
        return self.scenario.seed if self.scenario else int(self.record["seed"])


@dataclass(frozen=True)
class Ground:
    """A and B, and what they have in common.

    lived: whether both are to be lived side by side, so that persons can be compared.
    shared: whether replicate n has the same luck in both.
    given: which values options have put over those of A and B.
    """

    a: Comparand
    b: Comparand
    years: tuple[int, int]
    replicates: int
    seed: int
    lived: bool
    shared: bool
    given: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def drawn(self) -> tuple[str, ...]:
        """What the replicates draw anew besides luck: of either run, or as A decides.

        One replicate alone draws nothing.
        """
        if self.replicates == 1:
            return ()
        deciding = self.both if self.finished else (self.a,)
        every = (one.record.get("uncertainty", ()) if one.scenario is None
                 else one.scenario.uncertainty for one in deciding)  # fmt: skip
        found = {word for of in every for word in of}
        return tuple(word for word in UNCERTAIN if word in found)

    @property
    def both(self) -> tuple[Comparand, Comparand]:
        """A and B."""
        return self.a, self.b

    @property
    def finished(self) -> bool:
        """Whether both are finished runs."""
        return all(one.folder is not None for one in self.both)

    @property
    def labels(self) -> tuple[str, str]:
        """What A and B are called: their scenarios, or what tells them apart."""
        a, b = self.both
        if a.name != b.name:
            return a.name, b.name
        one, other = (Path(word).name.removesuffix(".yaml") for word in (a.word, b.word))
        return (one, other) if one != other else (f"{a.name} (A)", f"{b.name} (B)")

    def scenarios(self) -> tuple[Scenario, Scenario] | None:
        """Return both scenarios as they are lived here, or None if one cannot be."""
        a, b = (one.scenario for one in self.both)
        if a is None or b is None:
            return None
        one, other = (
            replace(of, years=self.years, replicates=self.replicates, seed=self.seed)
            for of in (a, b)
        )
        if self.finished:
            return one, other
        return one, replace(other, population=a.population, uncertainty=a.uncertainty)


def common_ground(words: tuple[str, str], overrides: Mapping[str, Any]) -> Ground:
    """Find A and B and what they are compared on; every problem is raised at once."""
    problems: list[Problem] = []
    given: dict[str, Any] = {}
    try:
        plain = load_scenario("baseline", overrides)
        given = {name: getattr(plain, name) for name in overrides}
    except InputError as error:
        problems += error.problems
    found = [_find(word, letter, problems) for word, letter in zip(words, "AB", strict=True)]
    a, b = found
    if a is None or b is None or problems:
        raise InputError("command", problems)
    finished = a.folder is not None and b.folder is not None
    a, b = (_with(one, given, problems) for one in (a, b))
    problems += _unlike(a, b, given, finished=finished)
    refuse("command", problems)
    return _ground(a, b, tuple(given), finished=finished)


def _find(word: str, letter: str, problems: list[Problem]) -> Comparand | None:
    """Return what a word means; what is wrong joins `problems`."""
    folder = folder_named(word)
    try:
        if folder is not None:
            return _run(word, folder)
        return Comparand(word, load_scenario(word))
    except InputError as error:
        for problem in error.problems:
            cure = problem.cure or (_near(word) if problem.where == "scenario" else "")
            problems.append(replace(problem, where=f"{letter}: {problem.where}", cure=cure))
    return None


def folder_named(word: str) -> Path | None:
    """Return the folder that a word means: a run's first of all, none if it names a scenario."""
    try:
        found = [path for path in (Path(word), store.OUT / word) if path.is_dir()]
        runs = [path for path in found if (path / MANIFEST).is_file()]
    except OSError:  # such as a name that is too long
        return None
    if runs:
        return runs[0]
    return found[0] if found and word not in names() else None


def _near(word: str) -> str:
    """Suggest a finished run or a scenario of nearly this name."""
    runs = [path.name for path in store.OUT.glob("*") if (path / MANIFEST).is_file()]
    return suggest(Path(word).stem, [*names(), *runs])


def _run(word: str, folder: Path) -> Comparand:
    """Read the manifest of a run."""
    here = shown(str(folder))
    cure = "Give the folder that `vandring run` wrote, or a scenario."
    path = folder / MANIFEST
    if not path.is_file():
        raise InputError(word, [Problem("run", f"{here} holds no {MANIFEST}", "a run", cure)])
    try:
        record = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        said = f"{MANIFEST} of {here} cannot be read ({type(error).__name__})"
        raise InputError(word, [Problem("run", said, "that of a run", cure)]) from None
    kind = str(record.get("format", "")) if isinstance(record, dict) else ""
    if kind.startswith(COMPARED):
        said = f"{here} is a comparison"
        raise InputError(word, [Problem("run", said, "a run or a scenario", cure)])
    if kind != FORMAT or not all(name in record for name in NEEDED):
        said = f"{MANIFEST} of {here} is not that of a run"
        raise InputError(word, [Problem("run", said, FORMAT, cure)])
    problems = [*record_problems(record), *_altered(record, folder)]
    if problems:
        at = [replace(one, where=f"{MANIFEST} of {here}: {one.where}") for one in problems]
        raise InputError(word, at)
    try:
        scenario = scenario_of(record, folder)
    except InputError:  # of another Vandring; its tables can still be compared
        return Comparand(word, None, folder, record)
    return Comparand(word, scenario, folder, record)


def _altered(record: Mapping[str, Any], folder: Path) -> Iterator[Problem]:
    """Yield tables of a run that are not those that its manifest tells of."""
    files = record.get("files")
    for name in TABLES:
        told = files.get(name) if isinstance(files, dict) else None
        try:
            if told is not None and sha256_of(folder / name) != told:
                cure = "Run the scenario again, or compare the scenarios."
                yield Problem(f"files.{name}", "is of another file than lies there", "", cure)
        except OSError:
            continue  # what is not there cannot be compared, and is told later


def _with(one: Comparand, given: Mapping[str, Any], problems: list[Problem]) -> Comparand:
    """Put the options over a scenario."""
    if not given:
        return one
    if one.scenario is None:
        cure = "Leave the options out, or run its scenario again."
        found = f"{one.word} was written by another Vandring and cannot be lived anew"
        problems.append(Problem(", ".join(f"--{name}" for name in given), found, "", cure))
        return one
    return replace(one, scenario=replace(one.scenario, **given))


def _unlike(
    a: Comparand, b: Comparand, given: Mapping[str, Any], *, finished: bool
) -> Iterator[Problem]:
    """Yield what makes a comparison of A and B one of different people, or impossible."""
    for one in (a, b):
        if one.scenario is None and not finished:
            found = f"{one.word} was written by another Vandring and cannot be lived anew"
            cure = "Run its scenario again, or compare it with another run."
            yield Problem("run", found, "a run of this Vandring", cure)
    if a.years[0] != b.years[0] and "years" not in given:
        found = f"A starts on 1 January {a.years[0]}, B on 1 January {b.years[0]}"
        cure = "Run one of them again." if finished else "Say with --years which to live."
        yield Problem("years", found, "the same start", cure)
    elif finished and not given:
        if _parts(a) != _parts(b):
            found = f"{_people(a)} in {_parts(a):,} parts in A, in {_parts(b):,} in B"
            cure = "Run one of them again with the --shards of the other."
            yield Problem("population", found, "people divided alike", cure)
        elif a.record["population"].get("sha256") != b.record["population"].get("sha256"):
            found = f"{_people(a)} in A, {_people(b)} in B"
            yield Problem("population", found, "the same people", "Run one of them again.")
    elif a.scenario and b.scenario and b.scenario.population not in (
        a.scenario.population, EMBEDDED,
    ):  # fmt: skip
        found = f"is {shown(a.scenario.population)} in A, {shown(b.scenario.population)} in B"
        cure = "Say with --population who is to live."
        yield Problem("population", found, "the same people", cure)
    if not finished and a.scenario:
        yield from file_problem(a.scenario.population)


def _people(one: Comparand) -> str:
    held = one.record["population"]
    return f"{held.get('persons', 0):,} persons of {shown(held.get('asked_for', 'unknown'))}"


def _parts(one: Comparand) -> int:
    """In how many parts (--shards) the people of a run were lived."""
    held = one.record["population"].get("shards")
    return int(held) if isinstance(held, int) else 1


def _ground(a: Comparand, b: Comparand, given: tuple[str, ...], *, finished: bool) -> Ground:
    """Settle years, replicates and luck, and say what that leaves out."""
    years, replicates, notes = a.years, a.replicates, []
    if finished:
        years = a.years[0], min(a.years[1], b.years[1])
        replicates = min(a.replicates, b.replicates)
        if a.years != b.years:
            notes.append(f"A was lived to {a.years[1]}, B to {b.years[1]}: the years to {years[1]} "
                         "are compared.")  # fmt: skip
        if a.replicates != b.replicates:
            notes.append(f"A has {_replicates(a)}, B {_replicates(b)}: {replicates} "
                         f"{'are' if replicates > 1 else 'is'} compared.")  # fmt: skip
        notes += _drawn_otherwise(a, b, replicates)
    else:
        notes += _set_aside(a, b)
    shared = not finished or a.seed == b.seed
    if not shared:
        notes.append(f"The seeds differ ({a.seed} and {b.seed}): luck is not shared, so intervals "
                     "are wide and nobody can be followed from one to the other.")  # fmt: skip
    lived = shared and a.scenario is not None and b.scenario is not None
    return Ground(a, b, years, replicates, a.seed, lived, shared, given, tuple(notes))


def _replicates(one: Comparand) -> str:
    return f"{one.replicates} replicate{'s' if one.replicates > 1 else ''}"


def _drawn_otherwise(a: Comparand, b: Comparand, replicates: int) -> Iterator[str]:
    """Say that two runs do not draw the same, or are compared without what they drew."""
    drawn = [set(one.record.get("uncertainty", ()) if one.scenario is None
                 else one.scenario.uncertainty) for one in (a, b)]  # fmt: skip
    if replicates == 1 and any(drawn) and max(a.replicates, b.replicates) > 1:
        yield "One replicate is lived with the estimates themselves, so numbers are not a report's."
    elif replicates > 1 and drawn[0] != drawn[1]:
        said = [" and ".join(word for word in UNCERTAIN if word in of) or "nothing" for of in drawn]
        yield (f"A draws {said[0]} anew in each replicate, B {said[1]}: what is drawn in one alone "
               "is in the difference too.")  # fmt: skip


def _set_aside(a: Comparand, b: Comparand) -> Iterator[str]:
    """Say what of B is not used, since A decides."""
    for name in ("years", "replicates", "seed"):
        mine, theirs = getattr(a, name), getattr(b, name)
        if mine != theirs:
            span = [f"{v[0]}..{v[1]}" if isinstance(v, tuple) else str(v) for v in (mine, theirs)]
            more = (
                f" (--years {span[1]} lives them)" if name == "years" and a.folder is None else ""
            )
            yield f"A decides: {name} {span[0]}; what B says, {span[1]}, is set aside{more}."
    if a.scenario is None or b.scenario is None:
        return
    if a.scenario.population != b.scenario.population:
        yield f"A decides: the people are {a.scenario.population}."
    if a.scenario.uncertainty != b.scenario.uncertainty:
        said = ", ".join(a.scenario.uncertainty) or "nothing"
        yield f"A decides: every replicate draws {said} anew besides luck."


def changed_fields(a: Scenario, b: Scenario) -> Iterator[tuple[str, str, str]]:
    """Yield what differs between two scenarios: what, in A, in B; assumptions one by one."""
    for of in fields(Scenario):
        if of.name in ("name", "question", "based_on", "dimensions", "ranges", "outputs"):
            continue
        one, other = getattr(a, of.name), getattr(b, of.name)
        pairs = [_named(value) for value in (one, other)]
        if pairs[0] is None or pairs[1] is None:
            if one != other:
                yield of.name, str(one), str(other)
            continue
        for key in dict.fromkeys((*pairs[0], *pairs[1])):
            if pairs[0].get(key) != pairs[1].get(key):
                told = [str(pair.get(key, UNALTERED)) for pair in pairs if pair is not None]
                yield key, told[0], told[1]


def _named(value: Any) -> dict[str, Any] | None:
    """Return named values as a dictionary, None if it is something else."""
    if isinstance(value, tuple) and all(isinstance(one, Told) for one in value):
        said: dict[str, Any] = {}
        for one in value:
            where, what = f"{one.name}{in_words(one.years)}", f"{SAID[one.kind]} {one.number:g}"
            said[where] = f"{said[where]}, then {what}" if where in said else what
        return said
    pairs = isinstance(value, tuple) and all(
        isinstance(pair, tuple) and len(pair) == 2 and isinstance(pair[0], str) for pair in value
    )
    return dict(value) if pairs else None
