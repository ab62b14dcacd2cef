"""The query language: a text becomes a statement, or a fault that says where it breaks."""

import re
from dataclasses import dataclass, field
from typing import Any

from udsync_pipelines.emulators.quickbooks.refusals import refuse

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<string>'(?:\\.|[^'\\])*')
    | (?P<number>-?\d+(?:\.\d+)?)(?![\w.])
    | (?P<word>[A-Za-z_][\w.]*)
    | (?P<sign><=|>=|!=|=|<|>|\(|\)|,|\*)
    )""",
    re.VERBOSE,
)
_OPERATORS = ("=", "<", ">", "<=", ">=")
_DEFAULT_PAGE = 100
_MOST = 1000
_KEYWORDS = {
    "select", "from", "where", "and", "or", "not", "in", "like", "orderby", "order", "by",
    "asc", "desc", "startposition", "maxresults", "count",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison; ``values`` holds several for IN."""

    name: str
    operator: str
    values: tuple[str, ...]


@dataclass(slots=True)
class Statement:
    """A parsed query.

    Attributes:
        entity: as written; whether it exists is not known here.
        fields: the projection, empty for ``*``.
        count: whether only the number of rows is wanted.
        conditions: all of them must hold.
        order: names and whether each is descending.
        start: 1-based position of the first row.
        most: rows at most.
    """

    entity: str = ""
    fields: list[str] = field(default_factory=list)
    count: bool = False
    conditions: list[Condition] = field(default_factory=list)
    order: list[tuple[str, bool]] = field(default_factory=list)
    start: int = 1
    most: int = _DEFAULT_PAGE


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    column: int


def parse(text: str) -> Statement:
    """Read a query.

    Raises:
        RefusedError: 4000 for its grammar, 4001 for a page that is too large.
    """
    return _Parser(_tokens(text)).statement()


def _tokens(text: str) -> list[_Token]:
    tokens = []
    position = 0
    body = text.rstrip().removesuffix(";").rstrip()
    while position < len(body):
        match = _TOKEN.match(body, position)
        if match is None:
            column = len(body[:position]) + 1
            character = body[position:].lstrip()[:1]
            message = (
                f"QueryParserError: Lexical error at line 1, column {column}.  "
                f'Encountered: "{character}" ({ord(character)}), after : ""'
            )
            raise refuse("4000", message)
        kind = str(match.lastgroup)
        tokens.append(_Token(kind, match.group(kind), match.start(kind) + 1))
        position = match.end()
    return [*tokens, _Token("end", "<EOF>", len(body) + 1)]


class _Parser:
    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0

    def statement(self) -> Statement:
        found = Statement()
        self._expect("select")
        self._projection(found)
        self._expect("from")
        found.entity = self._name()
        if self._take("where"):
            found.conditions.append(self._condition())
            while self._take("and"):
                found.conditions.append(self._condition())
        if self._take("orderby") or (self._take("order") and self._expect("by")):
            self._orders(found)
        if self._take("startposition"):
            found.start = self._whole(1)
        if self._take("maxresults"):
            found.most = self._whole(0)
            if found.most > _MOST:
                text = (
                    f"QueryValidationError: value {found.most} is too large. "
                    f"Maximum allowed value is {_MOST}."
                )
                raise refuse("4001", text)
        if self._token.kind != "end":
            raise self._unexpected()
        return found

    @property
    def _token(self) -> _Token:
        return self._tokens[self._at]

    def _next(self) -> _Token:
        token = self._token
        self._at += 1
        return token

    def _take(self, word: str) -> bool:
        if self._token.kind in ("word", "sign") and self._token.text.lower() == word:
            self._at += 1
            return True
        return False

    def _expect(self, word: str) -> bool:
        if not self._take(word):
            raise self._unexpected()
        return True

    def _name(self) -> str:
        if self._token.kind != "word" or self._token.text.lower() in _KEYWORDS:
            raise self._unexpected()
        return self._next().text

    def _projection(self, found: Statement) -> None:
        if self._take("count"):
            self._expect("(")
            self._expect("*")
            self._expect(")")
            found.count = True
            return
        everything = False
        while True:
            if self._take("*"):
                everything = True
            else:
                found.fields.append(self._name())
            if not self._take(","):
                break
        if everything:
            found.fields.clear()

    def _condition(self) -> Condition:
        name = self._name()
        if self._take("in"):
            self._expect("(")
            values = [self._value()]
            while self._take(","):
                values.append(self._value())
            self._expect(")")
            return Condition(name, "in", tuple(values))
        if self._take("like"):
            return Condition(name, "like", (self._value(),))
        if self._token.text not in _OPERATORS:
            raise self._unexpected()
        operator = self._next().text
        return Condition(name, operator, (self._value(),))

    def _value(self) -> str:
        token = self._token
        if token.kind == "string":
            self._at += 1
            return re.sub(r"\\(.)", r"\1", token.text[1:-1], flags=re.DOTALL)
        if token.kind == "number" or token.text.lower() in ("true", "false", "current_date"):
            self._at += 1
            return token.text
        raise self._unexpected()

    def _orders(self, found: Statement) -> None:
        while True:
            name = self._name()
            descending = self._take("desc")
            if not descending:
                self._take("asc")
            found.order.append((name, descending))
            if not self._take(","):
                return

    def _whole(self, least: int) -> int:
        token = self._token
        if token.kind not in ("number", "string") or not token.text.strip("'").isdigit():
            raise self._unexpected()
        self._at += 1
        value = int(token.text.strip("'"))
        if value < least:
            raise refuse("4001", f"QueryValidationError: value {value} is not allowed.")
        return value

    def _unexpected(self) -> Any:
        token = self._token
        name = {"word": "<IDENTIFIER>", "string": "<STRING>", "number": "<INTEGER>"}.get(token.kind)
        if token.text.lower() in _KEYWORDS:
            name = f"<{token.text.upper()}>"
        text = (
            f'QueryParserError: Encountered " {name or token.text} "{token.text} "" '
            f"at line 1, column {token.column}."
        )
        return refuse("4000", text)
