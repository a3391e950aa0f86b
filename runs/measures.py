"""What is told of a run: which event each measure counts."""

from collections.abc import Mapping

# The first two are always told, the others only of a run in which they happen.
COUNTS: Mapping[str, str] = {
    "emigrations": "emigrate",
    "domestic_moves": "domestic",
    "county_moves": "county",
    "registered_emigrations": "register",
    "returns": "return",
    "arrivals": "arrive",
    "births": "birth",
    "deaths": "death",
}
RATES: Mapping[str, str] = {
    "emigration_rate": "emigrate",
    "domestic_rate": "domestic",
    "county_rate": "county",
}
EXPOSED = ("stay", "domestic", "emigrate")
# What 1 January lets expect of a year, told of comparisons: everybody's chances, added up.
EXPECTED: Mapping[str, str] = {
    "expected_emigrations": "emigrations",
    "expected_domestic_moves": "domestic_moves",
}
