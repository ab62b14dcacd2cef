"""Checks of the ledgers in the asset catalogue: what was posted equals the shop, to the cent.

QuickBooks' own answers are compared with the orders in the archive. Of documents that are not equal
the records are parked: while one is, of whichever tenant, the check of its ledger is red.
"""

from collections.abc import Iterator, Mapping

import dagster as dg

from udsync_pipelines.orchestration.posted import LEDGERS, Posted
from udsync_pipelines.orchestration.resources import SyncEngines

EQUALS_THE_SHOP = "equals_the_shop"

DOCUMENTS = ("sales_receipt", "invoice", "payment", "refund_receipt", "credit_memo")
"""Kinds with a total that the shop knows."""

_SPECS = [
    dg.AssetCheckSpec(
        EQUALS_THE_SHOP,
        asset=dg.AssetKey(["quickbooks", LEDGERS[kind]]),
        description="Total, tax and currency that QuickBooks answered equal the shop's, document "
        "by document, of every tenant. Those that do not are parked: `udsync failures list` names "
        "them.",
    )
    for kind in DOCUMENTS
]


Unequal = Mapping[str, Mapping[str, int]]
"""Tenant → kind of document → how many of its documents are unequal to the shop's."""


def ledger_checks(
    done: Mapping[str, Posted], before: Unequal, now: Unequal
) -> Iterator[dg.AssetCheckEvaluation]:
    """The check of each ledger that a load has written documents to, or that may have changed.

    `before` and `now` are what was unequal when the load began and is when it has ended, of every
    tenant: a load says nothing of the documents that it had no reason to look at.
    """
    for kind in DOCUMENTS:
        touched = done[kind].touched if kind in done else 0
        if touched or _tenants_with(kind, before) or _tenants_with(kind, now):
            yield _evaluation(kind, now, {"documents of this load": touched})


@dg.multi_asset_check(specs=_SPECS, name="check_ledgers", can_subset=True)
def check_ledgers(
    context: dg.AssetCheckExecutionContext, engines: SyncEngines
) -> Iterator[dg.AssetCheckResult]:
    """Say which documents are known to be unequal now, of every tenant."""
    now = engines.unequal_documents()
    wanted = {key.asset_key for key in context.selected_asset_check_keys}
    for kind in DOCUMENTS:
        evaluation = _evaluation(kind, now, {})
        if evaluation.asset_key in wanted:
            yield dg.AssetCheckResult(
                asset_key=evaluation.asset_key,
                check_name=evaluation.check_name,
                passed=evaluation.passed,
                metadata=evaluation.metadata,
            )


def _tenants_with(kind: str, unequal: Unequal) -> list[str]:
    return sorted(name for name, counts in unequal.items() if counts.get(kind))


def _evaluation(kind: str, now: Unequal, shown: Mapping[str, int]) -> dg.AssetCheckEvaluation:
    named = _tenants_with(kind, now)
    return dg.AssetCheckEvaluation(
        asset_key=dg.AssetKey(["quickbooks", LEDGERS[kind]]),
        check_name=EQUALS_THE_SHOP,
        passed=not named,
        metadata={
            **shown,
            "unequal": sum(counts.get(kind, 0) for counts in now.values()),
            **{f"cure for {name}": f"udsync failures list --tenant {name}" for name in named},
        },
    )


CHECKS = [check_ledgers]
