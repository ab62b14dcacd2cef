"""Near names: what somebody who mistyped a name probably meant."""

from collections.abc import Collection
from difflib import get_close_matches

SHOWN = 3
LISTED = 12  # a longer list is no help in a sentence


def did_you_mean(name: str, known: Collection[str]) -> str:
    """Advice to append to a refusal: the nearest known names, or all of them when they are few.

    Starts with a colon or is empty, so that it can follow any sentence directly.
    """
    near = get_close_matches(name, sorted(known), n=SHOWN, cutoff=0.6)
    if near:
        return f": did you mean {' or '.join(near)}?"
    if 0 < len(known) <= LISTED:
        return f": known are {', '.join(sorted(known))}"
    return ""
