"""Questions that only a person can answer, and decisions: bound to what they were taken about."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

KEEP_BOOKS = "keep_books"
"""The choice that changes nothing. It holds for as long as both sides stay as they are."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One way to answer: its name, and what the next sync will do then, as a sentence."""

    name: str
    consequence: str


@dataclass(frozen=True, slots=True)
class Question:
    """What a person is asked about a record that is parked.

    `kind` is the stable code under which the record is parked. `about` is a fingerprint of both
    sides (see `fingerprint`): when one of them changes, a decision is void and the question is
    asked anew. Each choice must be one that the next sync can carry out.
    """

    kind: str
    choices: tuple[Choice, ...]
    about: str


@dataclass(frozen=True, slots=True)
class Standing:
    """A question that was asked of a record and is not over; without a choice, not decided yet."""

    kind: str
    about: str
    choice: str | None = None

    def answer_to(self, question: Question) -> str | None:
        """The choice that was made, if it was made about exactly this question."""
        is_same = (self.kind, self.about) == (question.kind, question.about)
        is_offered = self.choice in {choice.name for choice in question.choices}
        return self.choice if is_same and is_offered else None


def fingerprint(parts: Iterable[str]) -> str:
    """32 hexadecimal digits over what a question is about, in order."""
    return hashlib.blake2b("\x1f".join(parts).encode(), digest_size=16).hexdigest()
