"""Preview: what each rule of a profile makes of one record, for the person who writes the rules."""

from collections.abc import Mapping
from dataclasses import dataclass

from udsync_pipelines.errors import RecordRejectedError
from udsync_pipelines.mapping.profile import Profile
from udsync_pipelines.mapping.rule import Rule
from udsync_pipelines.mapping.source import Scope


@dataclass(frozen=True, slots=True)
class PreviewLine:
    """One rule on one row: what it read and what came of it, or why nothing did.

    Holds the values themselves: show it to the operator, never log it. Rows count from 0, rules
    from 1; a rule 0 stands for the whole block.
    """

    table: str
    row: int
    rule: int
    target: str
    source: object
    result: object
    error: str | None = None


def preview(profile: Profile, record: object, raw: Mapping[str, object]) -> list[PreviewLine]:
    """Try every rule of a profile on a record; one that fails does not keep others from showing.

    Raises:
        TypeError: the record is of another entity.
    """
    profile.check_record(record)
    lines: list[PreviewLine] = []
    for block in profile.blocks:
        try:
            scopes = block.scopes(record, raw)
        except RecordRejectedError as error:
            lines.append(PreviewLine(block.table, 0, 0, "", None, None, error.message))
            continue
        lines.extend(
            _line(block.table, row, rule, scope)
            for row, scope in enumerate(scopes)
            for rule in block.rules
        )
    return lines


def _line(table: str, row: int, rule: Rule, scope: Scope) -> PreviewLine:
    source: object = None
    try:
        source = rule.read(scope)
        result = rule.evaluate(scope)
    except RecordRejectedError as error:
        return PreviewLine(table, row, rule.number, rule.target, source, None, error.message)
    except (ValueError, ArithmeticError, RecursionError) as error:
        reason = f"it failed with {type(error).__name__}"
        return PreviewLine(table, row, rule.number, rule.target, source, None, reason)
    return PreviewLine(table, row, rule.number, rule.target, source, result)
