"""Reading YAML safely: no code, no duplicate keys, no towers of aliases, no merged mappings."""

import re
from collections.abc import Hashable
from typing import Any

import yaml

from sim.problems import InputError, Problem, shown

MOST_ALIASES = 100
MOST_BITS = 64
_MISREAD = re.compile(r"0[\dxb_]|[\d_]+:")  # octal 010, hexadecimal 0x2, binary 0b1, 1:30
MERGE = "tag:yaml.org,2002:merge"
# What YAML's own constructors raise for a value that is not what it looks like.
MISREAD = (ValueError, LookupError, AttributeError, TypeError, OverflowError)


class _StrictLoader(yaml.SafeLoader):
    """YAML's safe loader, which also refuses what it would otherwise resolve in silence."""

    aliases = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            self.aliases += 1
            if self.aliases > MOST_ALIASES:
                mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
                raise yaml.constructor.ConstructorError(
                    problem=f"has more than {MOST_ALIASES} aliases", problem_mark=mark
                )
        node: yaml.Node | None = super().compose_node(parent, index)
        return node

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            made = super().construct_object(node, deep=deep)
        except MISREAD:
            found = f"holds {shown(node.value)}, which is no {node.tag.rpartition(':')[2]}"
            raise yaml.constructor.ConstructorError(
                problem=found, problem_mark=node.start_mark
            ) from None
        if isinstance(node, yaml.ScalarNode) and str(node.value).startswith("+"):
            made = _signed(made)
        if isinstance(made, int) and made.bit_length() > MOST_BITS:
            raise yaml.constructor.ConstructorError(
                problem="holds a number of too many digits", problem_mark=node.start_mark
            )
        if isinstance(made, int) and _MISREAD.match(str(node.value).lstrip("+-")):
            raise yaml.constructor.ConstructorError(
                problem=f"holds {node.value}, which YAML reads as {int(made):,}",
                problem_mark=node.start_mark,
            )
        return made

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Hashable] = set()
        for key_node, _ in node.value:
            if key_node.tag == MERGE:
                problem = "holds a merge key (<<), which hides what a file says"
                raise yaml.constructor.ConstructorError(
                    problem=problem, problem_mark=key_node.start_mark
                )
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, Hashable):
                problem = f"has a key that is not a word: {key!r}"
                raise yaml.constructor.ConstructorError(
                    problem=problem, problem_mark=key_node.start_mark
                )
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    problem=f"names {key!r} twice", problem_mark=key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)


class SignedInt(int):
    """A whole number that was written with a plus."""

    signed = True


class SignedFloat(float):
    """A number that was written with a plus."""

    signed = True


SignedInt.__name__, SignedFloat.__name__ = "int", "float"  # what a message calls them


def _signed(made: Any) -> Any:
    if isinstance(made, bool) or not isinstance(made, int | float):
        return made
    return SignedInt(made) if isinstance(made, int) else SignedFloat(made)


def parse_yaml(text: str, source: str) -> Any:
    """Parse one YAML document, or say on which line it breaks."""
    loader: _StrictLoader | None = None
    try:
        loader = _StrictLoader(text)
        return loader.get_single_data()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "file"
        found = getattr(error, "problem", None) or str(error).splitlines()[0]
        cure = "Use spaces." if r"'\t'" in found else ""
        raise InputError(source, [Problem(where, found, "plain YAML", cure)]) from None
    except RecursionError:
        raise InputError(source, [Problem("file", "is nested too deeply", "plain YAML")]) from None
    finally:
        if loader is not None:
            loader.dispose()
