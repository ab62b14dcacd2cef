"""Targets that take text of a limited length: what becomes of a value on its way there."""

import re

from udsync_pipelines.mapping.inputs import as_text
from udsync_pipelines.mapping.path import Read

# Neither books nor a database take these: control characters but for tab and line feed, and
# halves of a character.
_NEVER_TEXT = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


def text_of_at_most(longest: int) -> Read:
    """A function that makes a value text of at most so many characters.

    Control characters, and blanks at its ends, are dropped. A missing value stays missing, and text
    without anything to see becomes missing.

    The function raises:
        RecordRejectedError: the value is no text and no number.
    """

    def cut(value: object) -> str | None:
        if value is None:
            return None
        text = _NEVER_TEXT.sub("", as_text(value)).strip()
        return text[:longest].rstrip() or None

    return cut
