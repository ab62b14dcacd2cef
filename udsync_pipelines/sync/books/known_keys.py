"""What is known of the keys of writes while they are carried out."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from udsync_pipelines.sync.books.planning import NAMED
from udsync_pipelines.sync.books.ports import Symbols, WriteLedger
from udsync_pipelines.sync.books.writes import (
    Binding,
    Key,
    Role,
    Write,
    customer_symbol,
    needed_keys,
)


@dataclass
class KnownKeys:
    """Read from the ledger for many writes at once; kept up to date by who carries them out.

    `bound` are the objects of keys, `answered` how many writes of a key the books have answered,
    `unanswered` the keys of which an earlier answer was lost.
    """

    ledger: WriteLedger
    bound: dict[Key, Binding] = field(default_factory=dict)
    answered: dict[Key, int] = field(default_factory=dict)
    unanswered: set[Key] = field(default_factory=set)

    def learn(self, writes: Sequence[Write]) -> None:
        """Look up what these writes have had, and what the symbols in them stand for."""
        keys = {key for write in writes for key in (*needed_keys(write.draft), *_own(write))}
        unknown = keys - set(self.bound)
        if unknown:
            self.bound.update(self.ledger.bound(unknown))
        own = {write.key for write in writes}
        self.answered.update(self.ledger.answered(own))
        self.unanswered.update(self.ledger.unanswered(own))

    def forget(self) -> None:
        """Let go of all but customers and items, which most batches name."""
        self.answered.clear()
        self.unanswered.clear()
        self.bound = {key: bound for key, bound in self.bound.items() if key.role in NAMED}

    def symbols(self, write: Write) -> Symbols:
        """The books' ids of what a write names, as far as it is bound."""
        customers: dict[str, str] = {}
        items: dict[str, str] = {}
        for key in needed_keys(write.draft):
            if key in self.bound:
                identifier = self.bound[key].target_id.partition("/")[2]
                if key.role is Role.CUSTOMER:
                    customers[customer_symbol(key)] = identifier
                else:
                    items[f"{key.entity}/{key.source_id}"] = identifier
        return Symbols(customers, items, self._invoice(write))

    def _invoice(self, write: Write) -> str | None:
        sale = self.bound.get(replace(write.key, role=Role.SALE))
        if write.key.role is not Role.PAYMENT or sale is None:
            return None
        return sale.target_id.partition("/")[2]


def _own(write: Write) -> tuple[Key, ...]:
    """The write's own key, where another lane may have bound it; a payment's invoice."""
    if write.key.role is Role.PAYMENT:
        return (replace(write.key, role=Role.SALE),)
    return (write.key,) if write.key.role in NAMED else ()
