"""What may happen to a good answer on its way, or to the members of a JSON body: no error, a lie.

Shared by the emulated platforms, because these come from whatever stands between: caches, proxies,
sign-in pages, plugins, and from platforms that leave out or change what they were sent.
"""

from collections.abc import Mapping
from typing import Any, Protocol

import orjson

DAMAGES = frozenset(
    {
        "empty_body",  # nothing at all; status 200 unless told, such as 204
        "empty_object",  # `{}`
        "html_200",  # a page instead of JSON, with status 200
        "redirect",  # 302 to a page where a person signs in
        "wrong_content_type",  # the right body under another name
        "broken_gzip",  # a body that says it is compressed, and is not
        "cut",  # a part of the body, announced as if it were the whole
        "duplicate_keys",  # the first member of the object comes twice
        "changed_answer",  # members of the answer changed or left out
        "changed_request",  # members of the request changed or left out, before it is worked on
    }
)

_PAGE = b"<!DOCTYPE html>\n<html><head><title>One moment</title></head><body></body></html>"
_PAGE_TYPE = "text/html; charset=UTF-8"


class Damageable(Protocol):
    """An answer of either platform, before it is sent."""

    body: bytes
    status: int
    headers: dict[str, str]
    content_type: str


def damage(kind: str, settings: Mapping[str, Any], answer: Damageable) -> None:
    """Change a good answer as the kind of fault says; other kinds leave it as it is.

    Settings: ``status`` (empty_body), ``keep`` (bytes that are left of a cut; half unless told),
    ``content_type``, and ``changes``, ``rows`` or ``edits`` (see ``changed``).
    """
    if kind == "empty_body":
        answer.body, answer.status = b"", int(settings.get("status", 200))
    elif kind == "empty_object":
        answer.body = b"{}"
    elif kind == "html_200":
        # The page is another server's: none of the platform's own headers are there.
        answer.body, answer.content_type, answer.status = _PAGE, _PAGE_TYPE, 200
        answer.headers.clear()
    elif kind == "redirect":
        answer.body, answer.content_type, answer.status = b"", _PAGE_TYPE, 302
        answer.headers["Location"] = "https://sign-in.example/?next=api"
    elif kind == "wrong_content_type":
        answer.content_type = settings.get("content_type", _PAGE_TYPE)
    elif kind == "broken_gzip":
        answer.headers["Content-Encoding"] = "gzip"
    elif kind == "cut":
        answer.body = answer.body[: int(settings.get("keep", len(answer.body) // 2))]
    elif kind == "duplicate_keys":
        answer.body = _doubled(answer.body)
    elif kind == "changed_answer":
        answer.body = changed(answer.body, settings)


def changed(body: bytes, settings: Mapping[str, Any]) -> bytes:
    """Return a JSON body with other members.

    ``changes`` names them by path (``Line.0.Amount``); None leaves one out. ``rows`` chooses, in a
    list, the rows whose ``id`` is among these; all unless told. ``edits`` holds several of both. A
    path that leads nowhere changes nothing.
    """
    document = orjson.loads(body)
    rows = document if isinstance(document, list) else [document]
    for edit in settings.get("edits", (settings,)):
        for row in rows:
            if "rows" not in edit or row.get("id") in edit["rows"]:
                for path, value in edit.get("changes", {}).items():
                    _change(row, path.split("."), value)
    return orjson.dumps(document)


def _change(place: Any, path: list[str], value: Any) -> None:
    name: Any = int(path[0]) if isinstance(place, list) else path[0]
    is_there = (name < len(place)) if isinstance(place, list) else (name in place)
    if not is_there:
        return
    if len(path) > 1:
        _change(place[name], path[1:], value)
    elif value is None:
        del place[name]
    else:
        place[name] = value


def _doubled(body: bytes) -> bytes:
    document = orjson.loads(body)
    row = document[0] if isinstance(document, list) and document else document
    name, value = next(iter(row.items())) if isinstance(row, dict) else ("", None)
    first = body.index(b"{") + 1
    member = orjson.dumps({name: value})[1:-1]
    return body[:first] + member + b"," + body[first:]
