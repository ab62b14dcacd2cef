"""Regular expressions that cannot run away.

Python's engine backtracks and knows no time limit, and patterns come from tenants. So a pattern is
taken only when the work it can cause grows at most with the square of the text, whose length is
limited: no repeated group, no look-around, no back-reference, no two repeats that can divide the
same text between them in more than one way, and few alternatives.
"""

import re
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Self

from udsync_pipelines.mapping.inputs import refusal

LONGEST_PATTERN = 200
LONGEST_TEXT = 1000
MOST_WAYS = 16  # through alternatives and optional groups together

_TOKEN = re.compile(
    r"""
      (?P<open>\((?:\?:|\?P<[A-Za-z_]\w*>)?(?!\?))
    | (?P<close>\))
    | (?P<bar>\|)
    | (?P<anchor>[\^$]|\\[bBAZ])
    | (?P<repeat>[*+?]|\{[0-9]{1,3}(?:,[0-9]{0,3})?\}) (?P<mode>\??)
    | (?P<atom>\\[dDsSwWnrt]|\\[^A-Za-z0-9]|\[\^?\]?(?:\\.|[^\]\\])*\]|[^\\()\[\]{}*+?|^$])
    """,
    re.VERBOSE,
)
# Characters that stand for all others when it is asked which repeats can match the same text.
_SAMPLE = "".join(map(chr, range(128))) + "\u00a0\u00e4\u00df\u0131\u0663\u4e2d\u2028\U0001f642"


@dataclass(slots=True)
class _Atom:
    """One character of the pattern: what it can be, whether it must be there, how often."""

    can_be: frozenset[str]
    is_needed: bool
    is_variable: bool = False


@dataclass(frozen=True, slots=True)
class SafePattern:
    """A regular expression whose work is bounded. `text` is how it was written."""

    text: str
    compiled: re.Pattern[str]

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Compile a pattern after looking at its shape.

        Raises:
            ValueError: it is no regular expression, or one that could run for very long.
        """
        if not text or len(text) > LONGEST_PATTERN:
            raise ValueError(f"a pattern has 1 to {LONGEST_PATTERN} characters")
        tokens = _tokens(text)
        try:
            compiled = re.compile(text)
        except (re.error, OverflowError, RecursionError) as error:
            raise ValueError(f"the pattern is no regular expression: {error}") from None
        _check_ways(tokens)
        for alternative in _top_level_alternatives(tokens):
            _check_repeats(_atoms(alternative))
        return cls(text, compiled)

    def found_in(self, text: str) -> bool:
        """Whether the pattern matches anywhere in the text.

        Raises:
            RecordRejectedError: the text is too long to be searched.
        """
        return self.compiled.search(_bounded(text)) is not None

    def replaced_in(self, text: str, replacement: str) -> str:
        r"""The text with each match replaced; `\1` and `\g<name>` stand for groups.

        Raises:
            RecordRejectedError: the text is too long to be searched.
        """
        return self.compiled.sub(replacement, _bounded(text))


def _bounded(text: str) -> str:
    if len(text) > LONGEST_TEXT:
        raise refusal(
            f"patterns search {LONGEST_TEXT} characters at most, the text has {len(text)}"
        )
    return text


def _tokens(text: str) -> list[re.Match[str]]:
    tokens: list[re.Match[str]] = []
    position = 0
    while position < len(text):
        token = _TOKEN.match(text, position)
        if token is None:
            raise ValueError(
                f"the pattern has something at character {position + 1} that is not supported "
                "(look-around, back-references, flags and rare escapes are not)"
            )
        tokens.append(token)
        position = token.end()
    for left, right in pairwise(tokens):
        if left["close"] and right["repeat"] and right["repeat"] != "?":
            raise ValueError("the pattern repeats a group: repeat single characters or classes")
    return tokens


def _check_ways(tokens: list[re.Match[str]]) -> None:
    ways = 1
    for left, right in pairwise(tokens):
        if left["close"] and right["repeat"]:
            ways *= 2
    depth = 0
    for token in tokens:
        depth += bool(token["open"]) - bool(token["close"])
        if token["bar"] and depth:
            ways *= 2
    if ways > MOST_WAYS:
        raise ValueError(f"the pattern has more than {MOST_WAYS} ways through its groups")


def _top_level_alternatives(tokens: list[re.Match[str]]) -> list[list[re.Match[str]]]:
    alternatives: list[list[re.Match[str]]] = [[]]
    depth = 0
    for token in tokens:
        depth += bool(token["open"]) - bool(token["close"])
        if token["bar"] and depth == 0:
            alternatives.append([])
        else:
            alternatives[-1].append(token)
    return alternatives


def _atoms(tokens: list[re.Match[str]]) -> list[_Atom]:
    """The single characters in order, each with how often it may come."""
    # A group with alternatives, or an optional one, may be skipped: then trust no separator in any.
    has_choice = any(token["bar"] for token in tokens) or any(
        left["close"] and right["repeat"] for left, right in pairwise(tokens)
    )
    atoms: list[_Atom] = []
    depth, follows_atom = 0, False
    for token in tokens:
        depth += bool(token["open"]) - bool(token["close"])
        if token["atom"]:
            atoms.append(_Atom(_characters(token["atom"]), is_needed=not (has_choice and depth)))
        elif token["repeat"] and follows_atom:
            least, most = _bounds(token["repeat"])
            atoms[-1].is_variable = least != most
            atoms[-1].is_needed &= least > 0
        follows_atom = token["atom"] is not None
    return atoms


def _characters(atom: str) -> frozenset[str]:
    matcher = re.compile(atom)
    return frozenset(character for character in _SAMPLE if matcher.fullmatch(character))


def _bounds(repeat: str) -> tuple[int, float]:
    simple = {"*": (0, float("inf")), "+": (1, float("inf")), "?": (0, 1)}
    if repeat in simple:
        return simple[repeat]
    least, comma, most = repeat[1:-1].partition(",")
    if not comma:
        return int(least), int(least)
    return int(least), int(most) if most else float("inf")


def _check_repeats(atoms: list[_Atom]) -> None:
    variable = [index for index, atom in enumerate(atoms) if atom.is_variable]
    for left, right in combinations(variable, 2):
        shared = atoms[left].can_be & atoms[right].can_be
        between = (atom for atom in atoms[left + 1 : right] if atom.is_needed)
        if shared and all(atom.can_be & shared for atom in between):
            raise ValueError(
                "the pattern has two repeats that can match the same text one after the other: "
                "put a character between them that neither matches"
            )
