"""A document whose former issue was voided gets another number and marker, and nothing else.

Books never forget a voided document: its number stays taken, and it cannot be brought back.
"""

import re
from dataclasses import replace

from udsync_pipelines.posting.documents import Draft, PaymentDraft
from udsync_pipelines.posting.numbering import MOST_OF_NUMBER

_ISSUE = re.compile(r"#(\d+)$")
_NAMED = re.compile(r"^udsync:(?P<prefix>.*):(?P<entity>[a-z]+)/(?P<id>[^/#]+)$")


def issue_of(draft: Draft) -> int:
    """Which issue of its document a draft is; the first is 1."""
    found = _ISSUE.search(draft.marker)
    return int(found[1]) if found else 1


def reissued(draft: Draft, issue: int) -> Draft:
    """A first issue as another one: `WC-77` becomes `WC-77-v2`, and its marker ends in `#2`."""
    if issue == 1:
        return draft
    marker = f"{draft.marker}#{issue}"
    note = draft.private_note.replace(draft.marker, marker, 1)
    if isinstance(draft, PaymentDraft):
        reference = _numbered(draft.reference, draft.marker, issue)
        return replace(draft, reference=reference, marker=marker, private_note=note)
    number = None if draft.number is None else _numbered(draft.number, draft.marker, issue)
    return replace(draft, number=number, marker=marker, private_note=note)


def _numbered(number: str, marker: str, issue: int) -> str:
    """The number with the issue, at most 21 characters; the id stands in for a long number."""
    written = f"{number}-v{issue}"
    named = _NAMED.match(marker)
    if len(written) <= MOST_OF_NUMBER or named is None:
        return written
    letter = "R" if named["entity"] == "refund" else ""
    return f"{named['prefix']}-{letter}{named['id']}-v{issue}"
