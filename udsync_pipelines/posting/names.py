"""Names as the books take them: characters, lengths, and how two names are compared."""

import unicodedata
from collections.abc import Collection, Iterator

_ELLIPSIS = "…"


def cleaned(text: str) -> str:
    """The text without colons, tabs and line breaks, single-spaced and in composed form.

    A colon is the books' path separator, so ` -` stands in for it.
    """
    composed = unicodedata.normalize("NFC", text).replace(":", " -")
    visible = "".join(
        " " if unicodedata.category(sign) in ("Cc", "Zl", "Zp") else sign for sign in composed
    )
    return " ".join(visible.split())


def shortened(text: str, most: int) -> str:
    """The text, cut with an ellipsis when it is longer than `most` characters."""
    return text if len(text) <= most else text[: most - 1].rstrip() + _ELLIPSIS


def with_suffix(text: str, suffix: str, most: int) -> str:
    """Text and suffix in at most `most` characters; the text gives way, never the suffix."""
    return shortened(text, most - len(suffix)) + suffix


def comparable(name: str) -> str:
    """What two names have in common when the books hold them to be one: case, width, blanks."""
    folded = unicodedata.normalize("NFKC", cleaned(name)).casefold()
    return " ".join(folded.removesuffix(" (deleted)").split())


def first_free(candidates: Iterator[str], taken: Collection[str]) -> str | None:
    """The first name whose comparable form is not taken, or None."""
    return next((name for name in candidates if comparable(name) not in taken), None)
