"""Checks of the ledgers in the asset catalogue: what was posted equals the shop, to the cent.

Each load evaluates them from QuickBooks' own answers, which were compared with the orders in the
archive. Run alone, they say anew what each tenant's last load found.
"""

from collections.abc import Iterator, Mapping

import dagster as dg

from udsync_pipelines.orchestration.posted import LEDGERS, Posted, posted
from udsync_pipelines.orchestration.resources import SyncEngines

EQUALS_THE_SHOP = "equals_the_shop"

DOCUMENTS = ("sales_receipt", "invoice", "payment", "refund_receipt", "credit_memo")
"""Kinds with a total that the shop knows."""

_SPECS = [
    dg.AssetCheckSpec(
        EQUALS_THE_SHOP,
        asset=dg.AssetKey(["quickbooks", LEDGERS[kind]]),
        description="Total, tax and currency that QuickBooks answered equal the shop's, document "
        "by document. Those that do not are parked: `udsync failures list` names them.",
    )
    for kind in DOCUMENTS
]


def ledger_checks(tenant: str, ledgers: Mapping[str, Posted]) -> Iterator[dg.AssetCheckEvaluation]:
    """The check of each ledger that a load has written documents to."""
    for kind in DOCUMENTS:
        if kind in ledgers and ledgers[kind].touched:
            yield _evaluation(kind, {tenant: ledgers[kind]})


@dg.multi_asset_check(specs=_SPECS, name="check_ledgers", can_subset=True)
def check_ledgers(
    context: dg.AssetCheckExecutionContext, engines: SyncEngines
) -> Iterator[dg.AssetCheckResult]:
    """Say what the last load of each tenant found."""
    last = {name: posted(counts) for name, counts in engines.last_loads("quickbooks").items()}
    wanted = {key.asset_key for key in context.selected_asset_check_keys}
    for kind in DOCUMENTS:
        found = {tenant: ledgers[kind] for tenant, ledgers in last.items() if kind in ledgers}
        evaluation = _evaluation(kind, found)
        if evaluation.asset_key in wanted:
            yield dg.AssetCheckResult(
                asset_key=evaluation.asset_key,
                check_name=evaluation.check_name,
                passed=evaluation.passed,
                metadata=evaluation.metadata,
            )


def _evaluation(kind: str, of_tenants: Mapping[str, Posted]) -> dg.AssetCheckEvaluation:
    unequal = {name: one.count("unequal") for name, one in of_tenants.items()}
    named = ", ".join(sorted(name for name, number in unequal.items() if number))
    cure = {"cure": f"udsync failures list --tenant {named}"} if named else {}
    return dg.AssetCheckEvaluation(
        asset_key=dg.AssetKey(["quickbooks", LEDGERS[kind]]),
        check_name=EQUALS_THE_SHOP,
        passed=not named,
        metadata={
            "documents": sum(one.touched for one in of_tenants.values()),
            "unequal": sum(unequal.values()),
            "tenants": ", ".join(sorted(of_tenants)),
            **cure,
        },
    )


CHECKS = [check_ledgers]
