"""Reading and checking a list's query string the way WordPress does."""

import re
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote_plus

from udsync_pipelines.emulators.woocommerce.answers import invalid_parameters
from udsync_pipelines.emulators.woocommerce.dates import DateValue
from udsync_pipelines.emulators.woocommerce.lists import Collection

_INDEX = re.compile(r"\[\d*\]$")
_INTEGER = re.compile(r"[+-]?\d+")
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False, "": False}
_LARGEST_PAGE = 100
_ID_LISTS = ("include", "exclude", "parent", "parent_exclude")

Problems = dict[str, tuple[str, str, object]]


class Query:
    """A query string: names and values in the order given."""

    def __init__(self, raw: str) -> None:
        self.pairs = parse_qsl(raw, keep_blank_values=True)

    def __contains__(self, name: str) -> bool:
        return any(_INDEX.sub("", key) == name for key, _ in self.pairs)

    def get(self, name: str, default: str = "") -> str:
        """Return the last value of a name, as PHP does."""
        values = [value for key, value in self.pairs if key == name]
        return values[-1] if values else default

    def many(self, name: str) -> list[str]:
        """Return a list's values, written ``a,b`` or ``name[]=a&name[]=b``."""
        values = [value for key, value in self.pairs if _INDEX.sub("", key) == name]
        return [part.strip() for value in values for part in value.split(",") if part.strip()]


@dataclass(slots=True)
class ListRequest:
    """A checked list request."""

    query: Query
    page: int = 1
    per_page: int = 10
    offset: int | None = None
    orderby: str = "date"
    descending: bool = True
    dates: dict[str, DateValue] = field(default_factory=dict)
    dates_are_gmt: bool = False
    ids: dict[str, list[int]] = field(default_factory=dict)
    statuses: list[str] = field(default_factory=list)

    @property
    def skip(self) -> int:
        """How many rows come before this page."""
        return (self.page - 1) * self.per_page if self.offset is None else self.offset


def read_list(query: Query, collection: Collection, statuses: tuple[str, ...]) -> ListRequest:
    """Check a list's query.

    Raises:
        ApiError: 400 ``rest_invalid_param`` that names every parameter at fault.
    """
    problems: Problems = {}
    request = ListRequest(query)
    request.page = _whole(query, "page", 1, problems, lowest=1)
    request.per_page = _whole(query, "per_page", 10, problems, lowest=1, highest=_LARGEST_PAGE)
    if "offset" in query:
        request.offset = _whole(query, "offset", 0, problems)
    default_by, default_order = collection.default
    request.orderby = _one_of(query, "orderby", collection.orderby, default_by, problems)
    order = _one_of(query, "order", ("asc", "desc"), default_order, problems)
    request.descending = order == "desc"
    _read_dates(query, collection, request, problems)
    for name in _ID_LISTS:
        request.ids[name] = _ids(query, name, problems)
    request.statuses = _statuses(query, statuses, problems)
    if problems:
        raise invalid_parameters(problems)
    return request


def _whole(
    query: Query,
    name: str,
    default: int,
    problems: Problems,
    *,
    lowest: int | None = None,
    highest: int | None = None,
) -> int:
    if name not in query:
        return default
    text = query.get(name)
    if not _INTEGER.fullmatch(text):
        problems[name] = ("rest_invalid_type", f"{name} is not of type integer.", {"param": name})
        return default
    value = int(text)
    if lowest is None or (value >= lowest and (highest is None or value <= highest)):
        return value
    message = (
        f"{name} must be between {lowest} (inclusive) and {highest} (inclusive)"
        if highest is not None
        else f"{name} must be greater than or equal to {lowest}"
    )
    problems[name] = ("rest_out_of_bounds", message, None)
    return default


def _one_of(
    query: Query, name: str, choices: tuple[str, ...], default: str, problems: Problems
) -> str:
    value = query.get(name, default)
    if value not in choices:
        problems[name] = ("rest_not_in_enum", f"{name} is not one of {listed(choices)}.", None)
        return default
    return value


def listed(choices: tuple[str, ...]) -> str:
    """Write choices as WordPress does: ``a, b, and c``; two without the comma."""
    if len(choices) < 3:  # noqa: PLR2004 - "a and b"
        return " and ".join(choices)
    return f"{', '.join(choices[:-1])}, and {choices[-1]}"


def _read_dates(
    query: Query, collection: Collection, request: ListRequest, problems: Problems
) -> None:
    for name in collection.dates:
        if name not in query:
            continue
        try:
            request.dates[name] = DateValue(query.get(name))
        except ValueError:
            problems[name] = ("rest_invalid_date", "Invalid date.", None)
    if "modified_after" in collection.dates and "dates_are_gmt" in query:
        value = _BOOLEANS.get(query.get("dates_are_gmt").lower())
        if value is None:
            message = "dates_are_gmt is not of type boolean."
            problems["dates_are_gmt"] = ("rest_invalid_type", message, {"param": "dates_are_gmt"})
        request.dates_are_gmt = bool(value)


def _ids(query: Query, name: str, problems: Problems) -> list[int]:
    values = query.many(name)
    for place, value in enumerate(values):
        if not _INTEGER.fullmatch(value):
            label = f"{name}[{place}]"
            message = f"{label} is not of type integer."
            problems[name] = ("rest_invalid_type", message, {"param": label})
            return []
    return [int(value) for value in values]


def _statuses(query: Query, choices: tuple[str, ...], problems: Problems) -> list[str]:
    if not choices:
        return []
    values = query.many("status")
    for place, value in enumerate(values):
        if value not in choices:
            label = "status" if choices[0] == "any" and "publish" in choices else f"status[{place}]"
            message = f"{label} is not one of {listed(choices)}."
            problems["status"] = ("rest_not_in_enum", message, None)
            return []
    return values


def link_header(
    base: str, request: ListRequest, collection: Collection, pages: int, *, rows: int
) -> str:
    """Return the ``Link`` header: prev and next only, the whole query repeated, keys included."""
    pairs = _repeated(request, collection, with_rows=bool(rows))
    links = []
    if request.page > 1:
        links.append(_link(base, pairs, min(request.page - 1, pages), "prev"))
    if pages > request.page:
        links.append(_link(base, pairs, request.page + 1, "next"))
    return ", ".join(links)


def _repeated(
    request: ListRequest, collection: Collection, *, with_rows: bool
) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for key, value in request.query.pairs:
        name = _INDEX.sub("", key)
        if name in _ID_LISTS:
            if not any(known.startswith(f"{name}[") for known, _ in pairs):
                pairs += _indexed(name, [str(entry) for entry in request.ids[name]])
        elif name == "dates_are_gmt" and "modified_after" in collection.dates:
            pairs.append((name, "1" if request.dates_are_gmt else "0"))
        elif name != "status" or collection.kind != "order":
            pairs.append((key, value))
    if collection.kind == "order":
        pairs += _indexed("status", request.statuses or ["any"])
    if with_rows:
        given = {key for key, _ in pairs}
        pairs += [pair for pair in collection.links if pair[0] not in given]
    return pairs


def _indexed(name: str, values: list[str]) -> list[tuple[str, str]]:
    return [(f"{name}[{place}]", value) for place, value in enumerate(values)]


def _link(base: str, pairs: list[tuple[str, str]], page: int, relation: str) -> str:
    paged = [(key, str(page) if key == "page" else value) for key, value in pairs]
    if not any(key == "page" for key, _ in paged):
        paged.append(("page", str(page)))
    query = "&".join(f"{quote_plus(key)}={quote_plus(value)}" for key, value in paged)
    return f'<{base}?{query}>; rel="{relation}"'
