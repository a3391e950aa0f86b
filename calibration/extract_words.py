"""From the words of an extract to stored numbers: each different word is looked at once."""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from calibration.extract_columns import Field
from calibration.extract_mapping import ExtractMapping, number_of, plain

EMPTY, WRONG = -1, -2  # what stands for an empty field and for a word that is not allowed
BELOW = -3  # numbers below 0 that are no value at all
MOST_KEPT = 100_000  # words remembered of a column
WHOLE_NUMBER = r"^(0|-?[1-9][0-9]{0,17})$"
NAN = float("nan")


@dataclass(frozen=True)
class Reading:
    """One column of a batch: stored numbers (or EMPTY, WRONG) and the words they come from."""

    numbers: NDArray[np.int32]
    words: tuple[str | None, ...]
    index: NDArray[np.int64]


@dataclass
class Translator:
    """Turns the words of one column into stored numbers, and counts what it recodes."""

    declared: Field
    mapping: ExtractMapping
    recoded: Counter[tuple[str, str]] = field(default_factory=Counter)
    _known: dict[str | None, tuple[int, str]] = field(default_factory=dict)

    def read(self, column: pa.Array) -> Reading:
        """Return the stored numbers of a column; recodings are counted by `count`."""
        words, index = self._words(column)
        if len(self._known) > MOST_KEPT:
            self._known.clear()
        numbers = np.array([self._translated(word)[0] for word in words], dtype=np.int32)
        return Reading(numbers[index], words, index)

    def count(self, reading: Reading, whom: NDArray[np.bool_]) -> None:
        """Count what has been recoded for some rows."""
        used = np.bincount(reading.index[whom], minlength=len(reading.words))
        for word, n in zip(reading.words, used.tolist(), strict=True):
            ours = self._translated(word)[1]
            if ours and n:
                self.recoded["(empty)" if word is None else word, ours] += n

    def _words(self, column: pa.Array) -> tuple[tuple[str | None, ...], NDArray[np.int64]]:
        if not pa.types.is_dictionary(column.type):
            if pa.types.is_nested(column.type):
                column = pa.array([str(value) for value in column.to_pylist()])
            column = pc.dictionary_encode(column)
        found = [self._word(value) for value in column.dictionary.to_pylist()]
        index = pc.fill_null(column.indices.cast(pa.int64()), len(found))
        return (*found, None), index.to_numpy(zero_copy_only=False)

    def _word(self, value: object) -> str | None:
        if value is None or (isinstance(value, float) and value != value):  # noqa: PLR0124
            return None
        word = plain(value)
        return None if word in self.mapping.missing else word

    def _translated(self, word: str | None) -> tuple[int, str]:
        if word not in self._known:
            self._known[word] = self._translate(word)
        return self._known[word]

    def _translate(self, word: str | None) -> tuple[int, str]:
        """Return the number of a word and, if the mapping was needed, the code it was given."""
        name = self.declared.name
        if word is None:
            ours = self.mapping.empty.get(name, "")
            if self.declared.kind == "nus" and not ours:
                return EMPTY, "none"  # by the rule, but never in silence
            found = number_of(self.declared, ours) if ours else None
            return (EMPTY, "") if found is None else (found, ours)
        codes = self.mapping.codes.get(name, {})
        ours = codes.get(word) or codes.get(_bare(word)) or ""
        found = number_of(self.declared, ours or word)
        return (WRONG if found is None else found, ours)


def _bare(word: str) -> str:
    """Return a number without leading zeros: YAML reads 01 as 1."""
    return str(int(word)) if word.isascii() and word.isdecimal() and len(word) < 19 else word


def identifiers(
    column: pa.Array, mapping: ExtractMapping
) -> tuple[NDArray[np.int64], NDArray[np.bool_], bool]:
    """Return a number for each identifier, where it is empty, and whether all are whole numbers.

    Whole numbers stand for themselves; other texts for 64 bits of a hash, so that two of
    fifty million different ones coincide with a probability below 1 in 10,000.
    """
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_floating(column.type):
        column = pc.if_else(pc.is_finite(column), column, None)
        whole = pc.all(pc.equal(column, pc.floor(column))).as_py() is not False
        column = column.cast(pa.int64() if whole else pa.string(), safe=False)
    if pa.types.is_integer(column.type) and column.type != pa.uint64():
        empty = np.asarray(column.is_null(), dtype=np.bool_)
        return pc.fill_null(column.cast(pa.int64()), 0).to_numpy(), empty, True
    text = pc.utf8_trim_whitespace(column.cast(pa.string()))
    lost = pc.is_in(text, pa.array(mapping.missing, pa.string()))
    empty = np.asarray(pc.or_(text.is_null(), lost), dtype=np.bool_)
    text = pc.if_else(pa.array(empty), "0", text)
    number = pc.match_substring_regex(text, WHOLE_NUMBER)
    if pc.all(number).as_py() is not False:
        return text.cast(pa.int64()).to_numpy(zero_copy_only=False), empty, True
    keys = pc.if_else(number, text, "0").cast(pa.int64()).to_numpy(zero_copy_only=False).copy()
    hashed = ~np.asarray(number, dtype=np.bool_)
    keys[hashed] = _hashed(text.filter(pa.array(hashed)))
    return keys, empty, False


def _hashed(text: pa.Array) -> NDArray[np.int64]:
    from pandas.util import hash_array

    made: NDArray[np.uint64] = hash_array(text.to_numpy(zero_copy_only=False), categorize=False)
    return made.view(np.int64)


def weights(column: pa.Array, mapping: ExtractMapping) -> NDArray[np.float64]:
    """Return weights; NaN where there is none or no number."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
        numbers = pc.fill_null(column.cast(pa.float64(), safe=False), NAN)
        return np.asarray(numbers.to_numpy(zero_copy_only=False))
    text = pc.utf8_trim_whitespace(column.cast(pa.string()))
    try:
        return np.asarray(text.cast(pa.float64()).to_numpy(zero_copy_only=False))
    except pa.ArrowInvalid:
        return np.array([_number(word, mapping) for word in text.to_pylist()])


def _number(word: str | None, mapping: ExtractMapping) -> float:
    if word is None or word in mapping.missing:
        return NAN
    try:
        return float(word.replace(",", "."))
    except ValueError:
        return NAN
