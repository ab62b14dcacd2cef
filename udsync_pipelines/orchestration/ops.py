"""The ops of a sync: each takes a reference to a sync, calls the engine and reports counts.

A reference is `tenant/sync id`, small enough to be kept by Dagster; all records and all progress
are in udsync's own tables, so that a run can be executed again from any of its ops.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

import dagster as dg

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.orchestration.assets import (
    TENANTS,
    ledger_materializations,
    table_materializations,
)
from udsync_pipelines.orchestration.checks import ledger_checks
from udsync_pipelines.orchestration.config import ApprovedPlanConfig, SyncConfig, Trigger
from udsync_pipelines.orchestration.failures import explained, explaining
from udsync_pipelines.orchestration.lanes import lanes_of_job, take_lanes
from udsync_pipelines.orchestration.ledgers import LEDGER_PLATFORM, to_report
from udsync_pipelines.orchestration.load_progress import telling_progress
from udsync_pipelines.orchestration.metadata import (
    MOST_LINKS,
    backfill_metadata,
    counts_metadata,
    ledgers_metadata,
    links_metadata,
    not_connected,
    parked_metadata,
    plan_metadata,
    planned_by,
    quota_metadata,
)
from udsync_pipelines.orchestration.posted import Posted
from udsync_pipelines.orchestration.resources import SyncEngines
from udsync_pipelines.services.backfilling import backfills
from udsync_pipelines.services.engines import TenantEngine, as_plan_id
from udsync_pipelines.services.run_tags import BACKFILL, SYNC
from udsync_pipelines.sync.engine import SHOWN_PARKED, SyncReport
from udsync_pipelines.sync.entities import DESTINATIONS, LANES, Lane, lane_named
from udsync_pipelines.sync.plan import Parked, Plan, PlanState

DESCRIPTIONS = {
    "supabase": "Write the approved changes to Supabase, a batch a transaction.",
    "quickbooks": "Post the approved changes to QuickBooks: customers and items first, then "
    "documents; each answer is compared with the order, to the cent.",
}


SOONER = "dagster/priority"
"""Of steps that are ready, that of the highest number runs next; without the tag it counts as 0."""

LOAD_PRIORITIES = {"supabase": "3", "quickbooks": "2"}  # rows take seconds, documents minutes
CLOSE_PRIORITY = "1"


@dataclass(frozen=True)
class LaneOps:
    """The ops of one lane, in their order; a load for each destination platform."""

    extract: dg.OpDefinition
    map: dg.OpDefinition
    resolve: dg.OpDefinition
    loads: tuple[dg.OpDefinition, ...]
    close: dg.OpDefinition


def lane_ops(lane: Lane) -> LaneOps:
    """Make the ops of a lane; their names are unique over all lanes."""
    return LaneOps(
        extract=_extract(lane),
        map=_map(lane),
        resolve=_resolve(lane),
        loads=tuple(load_op(lane.name, platform) for platform in DESTINATIONS),
        close=close_op(lane.name),
    )


def _extract(lane: Lane) -> dg.OpDefinition:
    @dg.op(
        name=f"extract_{lane.name}",
        description=f"Read {lane.name} from the store and archive every page as it came.",
        ins={"after": dg.In(dg.Nothing)},
        out=dg.Out(str, is_required=False),  # without it the steps after this one are skipped
    )
    def extract(
        context: dg.OpExecutionContext, config: SyncConfig, engines: SyncEngines
    ) -> Iterator[dg.Output[str]]:
        trigger = Trigger(config.trigger)
        with explaining():
            tenant = engines.of(config.tenant)
            if not take_lanes(context, tenant, lanes_of_job(context.job_def), trigger):
                return
            plan = tenant.open(lane, config.options(), trigger=trigger.value, run_id=context.run_id)
            context.instance.add_run_tags(context.run_id, {f"{SYNC}{lane.name}": str(plan.id)})
            taken = tenant.claim_deliveries(_first_run(context), plan)
            counts = tenant.engine.extract(plan.id, taken.records)
        shown = counts_metadata({**counts, "webhook deliveries": taken.deliveries})
        yield dg.Output(f"{config.tenant}/{plan.id}", metadata=shown)

    return extract


def _map(lane: Lane) -> dg.OpDefinition:
    @dg.op(
        name=f"map_{lane.name}",
        description=f"Turn archived {lane.name} into rows and documents; park what cannot be.",
    )
    @explained
    def map_records(context: dg.OpExecutionContext, sync: str, engines: SyncEngines) -> str:
        tenant, plan_id = _resume(sync, engines)
        context.add_output_metadata(counts_metadata(tenant.engine.map(plan_id)))
        return sync

    return map_records


def _resolve(lane: Lane) -> dg.OpDefinition:
    @dg.op(
        name=f"resolve_{lane.singular}_conflicts",
        description="Compare with the destinations: create, update, link or leave, field by field.",
    )
    @explained
    def resolve(context: dg.OpExecutionContext, sync: str, engines: SyncEngines) -> str:
        tenant, plan_id = _resume(sync, engines)
        context.add_output_metadata(plan_metadata(tenant.engine.resolve(plan_id)))
        return sync

    return resolve


def load_op(name: str, platform: str) -> dg.OpDefinition:
    """The op that carries out a plan's batches for one platform."""

    @dg.op(
        name=f"load_{name}_to_{platform}",
        description=DESCRIPTIONS[platform],
        out=dg.Out(str),
        tags={SOONER: LOAD_PRIORITIES[platform]},
    )
    def load(
        context: dg.OpExecutionContext, sync: str, engines: SyncEngines
    ) -> Iterator[dg.AssetCheckEvaluation | dg.Output[str]]:
        with explaining():
            tenant, plan_id = _resume(sync, engines)
            unequal = engines.unequal_documents() if platform == LEDGER_PLATFORM else {}
            with _reporting_ledgers(context, tenant, plan_id, platform) as done:
                counts = _load(context, tenant, plan_id, platform)
        is_connected = platform in {target.platform for target in tenant.engine.targets}
        shown = ledgers_metadata(counts)
        if platform == LEDGER_PLATFORM:
            yield from ledger_checks(done, unequal, engines.unequal_documents())
            shown |= links_metadata(tenant.pages.of_documents(plan_id, MOST_LINKS))
            shown |= quota_metadata(tenant.quotas())
        shown |= counts_metadata(counts)
        _log(context, tenant, table_materializations(tenant.tenant.name, platform, counts))
        yield dg.Output(sync, metadata=shown if is_connected else not_connected(platform))

    return load


def close_op(name: str) -> dg.OpDefinition:
    """The op that ends a sync; it fails when records were newly parked."""

    @dg.op(
        name=f"close_{name}",
        description="End the sync: count, and fail when records were newly parked.",
        tags={SOONER: CLOSE_PRIORITY},
    )
    @explained
    def close(context: dg.OpExecutionContext, syncs: list[str], engines: SyncEngines) -> None:
        tenant, plan_id = _resume(syncs[0], engines)
        report = tenant.close_sync(plan_id)
        tenant.finish_deliveries(_first_run(context), report.plan.lane)
        shown = plan_metadata(report.plan) | {"parked": dg.MetadataValue.int(report.parked)}
        shown |= quota_metadata(tenant.quotas())
        if report.plan.trigger == BACKFILL:
            shown |= backfill_metadata(tenant.tenant, backfills(engines.installation))
        parked = parked_metadata(tenant.tenant.name, report, _parked_now(tenant, report.plan))
        parked |= links_metadata(_pages_of_parked(tenant, report))
        if report.newly_parked or report.in_doubt:
            raise dg.Failure(_unsettled(report), metadata=parked | shown, allow_retries=False)
        context.add_output_metadata(parked | shown)

    return close


def _load(
    context: dg.OpExecutionContext, tenant: TenantEngine, plan_id: UUID, platform: str
) -> Mapping[str, int]:
    if platform != LEDGER_PLATFORM:
        return tenant.engine.load(plan_id, platform)
    with telling_progress(context, tenant, plan_id):
        return tenant.engine.load(plan_id, platform)


@contextmanager
def _reporting_ledgers(
    context: dg.OpExecutionContext, tenant: TenantEngine, plan_id: UUID, platform: str
) -> Iterator[Mapping[str, Posted]]:
    """Show the ledgers in the asset catalogue, of a load that fails too: it has posted something.

    What it did to each is in the mapping given, once the block has ended.

    The tables of a database need no such care: a batch that fails has written nothing.
    """
    before = tenant.ledger.plan(plan_id)
    done: dict[str, Posted] = {}
    try:
        yield done
    finally:
        if platform == LEDGER_PLATFORM:
            after = tenant.ledger.plan(plan_id)
            nodes = context.job_def.graph.node_dict
            lanes = [lane.name for lane in LANES if f"load_{lane.name}_to_{platform}" in nodes]
            of_run = tenant.ledger.plans_of_run(context.run_id)
            done.update(to_report(before, after, of_run, lanes))
            _log(context, tenant, ledger_materializations(tenant.tenant.name, done))


def _log(
    context: dg.OpExecutionContext,
    tenant: TenantEngine,
    events: Iterable[dg.AssetMaterialization],
) -> None:
    for event in events:
        context.instance.add_dynamic_partitions(str(TENANTS.name), [tenant.tenant.name])
        context.log_event(event)


def _first_run(context: dg.OpExecutionContext) -> str:
    """The id of the run that this one executes again, or its own: what was claimed stays so."""
    return context.run.root_run_id or context.run_id


def _parked_now(tenant: TenantEngine, plan: Plan) -> list[tuple[Entity, Parked]]:
    return [
        (entity, parked)
        for entity in lane_named(plan.lane).entities
        for parked in tenant.ledger.parked(plan.source_connection_id, entity, SHOWN_PARKED)
    ]


def _pages_of_parked(tenant: TenantEngine, report: SyncReport) -> Mapping[str, str]:
    records = ((entity, one.source_id) for entity, one in report.newly_parked)
    return tenant.pages.of_records(records, MOST_LINKS)


def _unsettled(report: SyncReport) -> str:
    parts = []
    if report.newly_parked:
        number = report.count_newly_parked
        parts.append("1 record was parked" if number == 1 else f"{number} records were parked")
    if report.in_doubt:
        parts.append(f"{report.in_doubt} writes were sent and not answered (the next sync looks)")
    waits = report.plan.state is PlanState.AWAITING_APPROVAL
    return f"{'; '.join(parts)}; all others {'wait for approval' if waits else 'are synced'}"


@dg.op(
    name="open_approved_plan",
    description="Take up a plan that a person has approved.",
)
@explained
def open_approved_plan(
    context: dg.OpExecutionContext, config: ApprovedPlanConfig, engines: SyncEngines
) -> str:
    """Hand on the reference to an approved plan."""
    tenant = engines.of(config.tenant)
    lane = tenant.ledger.plan(as_plan_id(config.plan)).lane
    take_lanes(context, tenant, [lane], Trigger(config.trigger))
    plan = tenant.engine.approved(as_plan_id(config.plan))
    context.instance.add_run_tags(context.run_id, {f"{SYNC}{lane}": str(plan.id)})
    context.add_output_metadata(planned_by(plan) | plan_metadata(plan))
    return f"{config.tenant}/{plan.id}"


def _resume(sync: str, engines: SyncEngines) -> tuple[TenantEngine, UUID]:
    """The engine and the plan that a reference names; the run holds the plan's lane."""
    name, _, plan = sync.partition("/")
    tenant = engines.of(name)
    return tenant, tenant.resume(plan)
