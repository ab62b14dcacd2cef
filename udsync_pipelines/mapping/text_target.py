"""Targets that take text of a limited length: what becomes of a value on its way there."""

from udsync_pipelines.mapping.inputs import as_text
from udsync_pipelines.mapping.path import Read


def text_of_at_most(longest: int) -> Read:
    """A function that makes a value text of at most so many characters.

    Blanks at its ends are dropped; a missing value and text without anything to see are missing.

    The function raises:
        RecordRejectedError: the value is no text and no number.
    """

    def cut(value: object) -> str | None:
        if value is None:
            return None
        return as_text(value).strip()[:longest].rstrip() or None

    return cut
