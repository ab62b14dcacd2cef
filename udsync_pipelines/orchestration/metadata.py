"""What a run shows of itself: counts, money, durations, and the records that need a person."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

import dagster as dg

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.orchestration.posted import LEDGERS, posted
from udsync_pipelines.services.backfilling import Begun
from udsync_pipelines.services.quota import Quota
from udsync_pipelines.store.repositories.counted_calls import Calls
from udsync_pipelines.store.repositories.tenants import Tenant
from udsync_pipelines.sync.engine import SyncReport
from udsync_pipelines.sync.plan import Parked, Plan, PlanState

Metadata = dict[str, dg.MetadataValue[Any]]

NAMES = {"supabase": "Supabase", "quickbooks": "QuickBooks"}
"""Platforms as their makers write them."""

_CENTS = ".cents."
_LEDGER_COLUMNS = {
    "created": "created",
    "updated": "updated",
    "linked": "linked",
    "found": "found",
    "rejected": "refused",
    "unknown": "in doubt",
}
MOST_LINKS = 5
"""So many parked records have links of their own; all are in the table. So many documents, too."""

_PARKED_COLUMNS = ("record", "code", "reason", "cure", "show")


def counts_metadata(counts: Mapping[str, Any]) -> Metadata:
    """Numbers by `entity.count`, so that Dagster can plot them over time.

    Money, counted in cents, is shown in units of its currency.
    """
    return dict(
        _money(name, number) if _CENTS in name else (name, dg.MetadataValue.int(number))
        for name, number in sorted(counts.items())
        if isinstance(number, int)
    )


def plan_metadata(plan: Plan) -> Metadata:
    """What a plan would do, and where it stands."""
    return {
        "plan": dg.MetadataValue.text(str(plan.id)),
        "state": dg.MetadataValue.text(plan.state.value),
        "show": dg.MetadataValue.text(f"udsync plan show {plan.id}"),
        **_approval(plan),
        **{
            f"{NAMES.get(platform, platform)} was left out": dg.MetadataValue.text(
                f"{why['message']} {why['cure'] or ''}".rstrip()
            )
            for platform, why in plan.blocked.items()
        },
        **counts_metadata(plan.counts),
    }


def quota_metadata(companies: Iterable[tuple[Quota, Calls]]) -> Metadata:
    """What the run has asked of the books so far, and what the month has left."""
    return {
        name: dg.MetadataValue.int(number)
        for quota, made in companies
        for name, number in (
            ("QuickBooks calls", made.calls),
            ("QuickBooks metered calls", made.metered),
            ("metered calls left this month", quota.left),
            ("metered calls by the month's end", quota.forecast),
        )
    }


def backfill_metadata(tenant: Tenant, begun: Iterable[Begun]) -> Metadata:
    """How far the backfills of a tenant are that have not ended."""
    return {
        f"backfill {one.days.replace('..', ' to ')}": dg.MetadataValue.text(one.sentence())
        for one in begun
        if one.tenant == tenant and not one.is_done
    }


def planned_by(plan: Plan) -> Metadata:
    """A link to the run that made the plan."""
    if plan.run_id is None:
        return {}
    return {"planned by": dg.MetadataValue.dagster_run(plan.run_id)}


def not_connected(platform: str) -> Metadata:
    """Said by a load that has nothing to load into."""
    return {"note": dg.MetadataValue.text(f"{NAMES[platform]} is not connected; nothing to do.")}


def ledgers_metadata(counts: Mapping[str, Any]) -> Metadata:
    """What a load did in the books as one table, and a link to each ledger that it wrote to."""
    found = {kind: one for kind, one in posted(counts).items() if any(one.counts.values())}
    if not found:
        return {}
    columns = ("ledger", *_LEDGER_COLUMNS.values(), "money posted")
    rows = [
        dg.TableRecord(
            {
                "ledger": LEDGERS[kind].replace("_", " "),
                **{title: one.count(name) for name, title in _LEDGER_COLUMNS.items()},
                "money posted": " + ".join(
                    f"{amount:,} {currency}" for currency, amount in one.money.items()
                ),
            }
        )
        for kind, one in found.items()
    ]
    kinds = {"ledger": "string", "money posted": "string"}
    schema = dg.TableSchema(
        columns=[dg.TableColumn(name, kinds.get(name, "int")) for name in columns]
    )
    links = {
        f"see {LEDGERS[kind].replace('_', ' ')}": dg.MetadataValue.asset(
            dg.AssetKey(["quickbooks", LEDGERS[kind]])
        )
        for kind, one in found.items()
        if one.touched
    }
    return {"ledgers": dg.MetadataValue.table(rows, schema=schema), **links}


def parked_metadata(
    tenant: str, report: SyncReport, still_parked: Iterable[tuple[Entity, Parked]] = ()
) -> Metadata:
    """The newly parked records, each with its reason and cure; then those parked before.

    The command in the last column names the choices of those that wait for a decision.
    """
    newly = list(report.newly_parked)
    before = [one for one in still_parked if one not in newly]
    tables = {"parked records": newly, "parked before": before}
    return {name: _parked_table(tenant, each) for name, each in tables.items() if each}


def links_metadata(links: Mapping[str, str]) -> Metadata:
    """Links under what they are called."""
    return {name: dg.MetadataValue.url(page) for name, page in links.items()}


def _parked_table(tenant: str, parked: Iterable[tuple[Entity, Parked]]) -> dg.MetadataValue[Any]:
    rows = [
        dg.TableRecord(
            {
                "record": f"{entity}/{one.source_id}",
                "code": one.code,
                "reason": one.reason,
                "cure": one.cure,
                "show": f"udsync failures show {entity}/{one.source_id} --tenant {tenant}",
            }
        )
        for entity, one in parked
    ]
    columns = [dg.TableColumn(name, "string") for name in _PARKED_COLUMNS]
    return dg.MetadataValue.table(rows, schema=dg.TableSchema(columns=columns))


def _approval(plan: Plan) -> Metadata:
    if plan.state is not PlanState.AWAITING_APPROVAL:
        return {}
    return {"approve": dg.MetadataValue.text(f"udsync plan approve {plan.id}")}


def _money(name: str, cents: int) -> tuple[str, dg.MetadataValue[Any]]:
    """A sum as a number to plot; the exact one is in the ledger's table."""
    amount = float(Decimal(cents).scaleb(-2))
    return name.replace(_CENTS, ".posted."), dg.MetadataValue.float(amount)
