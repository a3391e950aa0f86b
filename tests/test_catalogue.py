"""The list of what may be altered is whole, and every name on it can be used."""

from scenarios.catalogue import PATTERN, allowed, catalogue, fitted, lines, listed, tables
from scenarios.changes import levers, read_changes
from sim.codes import ORIGIN, REASON
from sim.engine import LEVERS
from sim.transitions.parameters import names


def test_every_lever_and_parameter_is_on_the_list():
    held = catalogue()
    assert [lever["name"] for lever in held["levers"]] == [lever.name for lever in LEVERS]
    assert [name for table in held["parameters"] for name in table["names"]] == list(names())
    for _, _, _, count in tables():
        assert count > 0
    assert sum(count for *_, count in tables()) == len(list(names()))


def test_what_the_list_leaves_out_is_the_pattern():
    left = set(levers()) - {lever.name for lever in listed()}
    assert left == {
        f"arrivals.{reason}.{origin}" for reason in REASON.names for origin in ORIGIN.names
    }
    assert any(PATTERN in line and f"({len(left)} levers)" in line for line in lines())


def test_limits_are_those_that_are_held():
    for lever in listed():
        just = {lever.name: {"set": lever.most}}
        beyond = {lever.name: {"set": lever.most + 1}}
        assert not read_changes(just, "changes")[1]
        assert allowed(lever) in str(read_changes(beyond, "changes")[1][0])


def test_a_lever_that_was_not_fitted_has_a_dash():
    assert fitted(levers()["births"]) == "-"
    assert fitted(levers()["emigration"]) == "0.5 to 2"
    assert any(line == "- births: The chance of a birth (factor; 0 to 10)" for line in lines())


def test_examples_on_the_list_are_names():
    for line in lines():
        if ", such as " in line and "levers)" not in line:
            name = line.rpartition(", such as ")[2]
            told, problems = read_changes({name: "x1.01"}, "changes")
            assert told and not problems, name
