"""One block of a profile: the rules that fill one table, once or for each element of a list."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from udsync_pipelines.errors import RecordRejectedError
from udsync_pipelines.mapping.inputs import REFUSED, describe, refusal
from udsync_pipelines.mapping.kinds import Kind, element_of
from udsync_pipelines.mapping.problems import Problems
from udsync_pipelines.mapping.rule import Rule, Targets, compile_rule
from udsync_pipelines.mapping.source import ReadScope, Scope, ScopeTypes, compile_source
from udsync_pipelines.mapping.suggestions import did_you_mean

Row: TypeAlias = dict[str, object]

BLOCK_KEYS = frozenset({"table", "each", "rules", "note"})
MOST_RULES = 500
_TABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")


@dataclass(frozen=True, slots=True)
class Block:
    """Compiled rules for one table. Without `each` they make one row of every record."""

    table: str
    each: ReadScope | None
    rules: tuple[Rule, ...]

    def rows(self, record: object, raw: Mapping[str, object]) -> list[Row]:
        """The rows of one record, in the order of the list that they come from.

        Raises:
            RecordRejectedError: a rule cannot be applied; it names table, rule and target.
        """
        return [self._row(scope) for scope in self.scopes(record, raw)]

    def scopes(self, record: object, raw: Mapping[str, object]) -> list[Scope]:
        """What the rules see, row by row.

        Raises:
            RecordRejectedError: `each` does not lead to a list.
        """
        if self.each is None:
            return [(record, record, raw, 0)]
        elements = self.each((record, record, raw, 0))
        if elements is None:
            return []
        if not isinstance(elements, list | tuple):
            reason = f"its 'each' leads to {describe(elements)} instead of a list"
            raise refusal(f"the block for {self.table} cannot be applied: {reason}")
        return [(element, record, raw, index) for index, element in enumerate(elements)]

    def _row(self, scope: Scope) -> Row:
        row: Row = {}
        for rule in self.rules:
            try:
                row[rule.target] = rule.evaluate(scope)
            except RecordRejectedError as error:
                raise self._rejection(rule, error.message) from error
            except (ValueError, ArithmeticError, RecursionError) as error:
                # The message of a foreign error may quote the value, so only its class is told.
                raise self._rejection(rule, f"it failed with {type(error).__name__}") from None
        return row

    def _rejection(self, rule: Rule, reason: str) -> RecordRejectedError:
        return RecordRejectedError(
            f"rule {rule.number} for {self.table}.{rule.target} cannot be applied: {reason}",
            code=REFUSED,
        )


@dataclass(frozen=True, slots=True)
class TargetCatalogue:
    """What rules may fill: `known` columns by table (None: any), less the `owned` ones.

    Lengths in `known` and reasons in `owned` are as in `Targets`.
    """

    known: Mapping[str, Collection[str]] | None
    owned: Collection[str]

    def takes_texts(self, table: str) -> bool:
        """Whether the table is a document with text fields, each of a length."""
        return isinstance((self.known or {}).get(table), Mapping)

    def of(self, table: str) -> Targets:
        """The targets of one table."""
        known = None if self.known is None else self.known.get(table)
        return Targets(table, known, self.owned)

    def reason_against(self, table: str) -> str | None:
        """Why no block may fill this table, or None when one may."""
        if not _TABLE.fullmatch(table):
            return f"{table!r} is no name of a table: use letters, digits and _"
        if self.known is not None and table not in self.known:
            return f"there is no table {table!r}{did_you_mean(table, self.known)}"
        return None


def compile_block(
    form: object, number: int, record_type: type, catalogue: TargetCatalogue, problems: Problems
) -> Block | None:
    """Compile one block; when something is wrong it is noted in the problems and None returned."""
    if not isinstance(form, Mapping) or not isinstance(form.get("table"), str):
        problems.inside(f"block {number}").add("a block is a table with a 'table' in quotes")
        return None
    table = form["table"]
    here = problems.inside(f"table {table}")
    before = len(problems.lines)
    for key in sorted(map(str, form.keys() - BLOCK_KEYS)):
        here.add(f"there is no key {key!r} in a block{did_you_mean(key, BLOCK_KEYS)}")
    reason = catalogue.reason_against(table)
    if reason is not None:
        here.add(reason)
    if "each" in form and catalogue.takes_texts(table):
        here.add("it is one document, not a list: remove 'each', and use pluck and join")
    each, types = _compile_each(form, record_type, here)
    rules = _compile_rules(form.get("rules"), types, catalogue.of(table), here)
    return Block(table, each, rules) if len(problems.lines) == before else None


def _compile_each(
    form: Mapping[str, object], record_type: type, problems: Problems
) -> tuple[ReadScope | None, ScopeTypes]:
    root = ScopeTypes(element=record_type, record=record_type, has_each=False)
    if "each" not in form:
        return None, root
    anything = ScopeTypes(element=object, record=record_type, has_each=True)
    path = form["each"]
    if not isinstance(path, str):
        problems.add("'each' is a path in quotes")
        return None, anything
    try:
        source = compile_source(path, root)
    except ValueError as error:
        problems.add(f"'each': {error}")
        return None, anything
    if source.kind not in (Kind.LIST, Kind.ANY):
        problems.add(f"'each': the path {path!r} leads to {source.kind}, not to a list")
    element = element_of(source.annotation)
    return source.read, ScopeTypes(element=element, record=record_type, has_each=True)


def _compile_rules(
    forms: object, types: ScopeTypes, targets: Targets, problems: Problems
) -> tuple[Rule, ...]:
    if not isinstance(forms, list | tuple) or not 0 < len(forms) <= MOST_RULES:
        problems.add(f"'rules' is a list of 1 to {MOST_RULES} rules")
        return ()
    numbers: dict[str, int] = {}
    rules: list[Rule] = []
    for number, form in enumerate(forms, start=1):
        rule = compile_rule(form, number, types, targets, problems)
        if rule is not None:
            rules.append(rule)
        target = form.get("target") if isinstance(form, Mapping) else None
        if isinstance(target, str) and numbers.setdefault(target, number) != number:
            problems.inside(f"rule {number} ({target})").add(
                f"rule {numbers[target]} fills the same target already"
            )
    return tuple(rules)
