"""A profile: the compiled rules that turn one canonical record into rows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from udsync_pipelines.errors import RecordRejectedError
from udsync_pipelines.mapping.block import Block, Row


@dataclass(frozen=True, slots=True)
class Profile:
    """Rules of one entity in one direction, checked and compiled.

    Two profiles are equal when they say the same. `version` is a digest of what they say and of
    the versions of the functions they use: equal versions give equal rows. `definition` is the
    blocks as plain data, in the form that a profile file has below `directions.<direction>`.
    `reads_raw` tells whether any rule looks at the raw JSON.
    """

    entity: str
    direction: str
    definition: list[dict[str, Any]]
    version: str
    record_type: type = field(compare=False, repr=False)
    blocks: tuple[Block, ...] = field(compare=False, repr=False)
    reads_raw: bool = field(compare=False, repr=False)

    @property
    def root_table(self) -> str:
        """The table that holds the record itself; the others hold its parts."""
        return self.blocks[0].table

    def apply(self, record: object, raw: Mapping[str, object]) -> dict[str, list[Row]]:
        """The rows of a record by table, root table first. Neither argument is changed.

        Args:
            record: the canonical record.
            raw: its raw JSON, for paths that begin with `raw`; may be empty unless `reads_raw`.

        Raises:
            RecordRejectedError: a rule cannot be applied; the message names it and its target, and
                describes the value without telling it.
            TypeError: the record is of another entity.
        """
        self.check_record(record)
        try:
            return {block.table: block.rows(record, raw) for block in self.blocks}
        except RecordRejectedError as error:
            raise RecordRejectedError(
                f"the profile {self.entity}: {error.message}.",
                code=error.code,
                record=f"{self.entity}/{getattr(record, 'id', '?')}",
                cure="Correct the record in the shop or the rule in the profile.",
            ) from error

    def check_record(self, record: object) -> None:
        """Refuse a record that the profile is not for.

        Raises:
            TypeError: the record is of another entity.
        """
        if not isinstance(record, self.record_type):
            raise TypeError(
                f"the profile {self.entity} takes {self.record_type.__name__}, "
                f"not {type(record).__name__}"
            )
