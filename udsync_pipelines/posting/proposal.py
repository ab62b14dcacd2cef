"""What a proposed posting policy is made of: findings, each with its sentence and confidence."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from udsync_pipelines.posting.policy import PostingPolicy


class Confidence(StrEnum):
    """How sure a finding is; what is `open` has no value, for a guess would be worse."""

    CERTAIN = "certain"
    LIKELY = "likely"
    CONFIRM = "confirm"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Finding:
    """One decision of a proposed policy.

    `field` is where it stands in the policy, `value` what is proposed (None when open) and
    `choices` what else is possible, both ids of the books; `sentence` explains it. `creates` is
    the name of an item that accepting the policy adds to the books, empty for none.
    """

    field: str
    value: str | None
    confidence: Confidence
    sentence: str
    choices: tuple[str, ...] = ()
    creates: str = ""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A proposed policy with the reason of each part. It takes no effect by itself."""

    policy: PostingPolicy
    findings: tuple[Finding, ...]

    @property
    def open(self) -> tuple[Finding, ...]:
        """What a person must still decide before orders that need it can be posted."""
        return tuple(each for each in self.findings if each.confidence is Confidence.OPEN)


@dataclass(frozen=True, slots=True)
class ShopRate:
    """A tax rate of the shop; empty `country` or `state` mean everywhere."""

    id: str
    name: str
    percent: Decimal
    tax_class: str = ""
    country: str = ""
    state: str = ""
    priority: int = 1
    is_compound: bool = False
    is_for_shipping: bool = True


@dataclass(frozen=True, slots=True)
class ShopGateway:
    """A payment gateway of the shop, or one that its orders name."""

    id: str
    title: str = ""

    @property
    def name(self) -> str:
        """What a person calls it."""
        return self.title or self.id


@dataclass(frozen=True, slots=True)
class ShopSide:
    """What the shop brings to a proposal.

    `rate_sets` are the sets of rate ids seen on lines of archived orders; sets that follow from
    the rates' places are added. `timezone_doubt` is a sentence where the store names no zone and
    one was chosen for it. `orders_seen` is how many archived orders were looked at, None when
    nobody counted.
    """

    timezone: str
    rates: Sequence[ShopRate]
    gateways: Sequence[ShopGateway] = ()
    rate_sets: Sequence[frozenset[str]] = ()
    prefix: str = "WC"
    timezone_doubt: str = ""
    orders_seen: int | None = None
