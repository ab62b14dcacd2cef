"""The daily job that keeps companies' consents from ending, and says where a person must."""

from collections.abc import Sequence
from datetime import UTC, datetime

import dagster as dg

from udsync_pipelines.orchestration.failures import explained
from udsync_pipelines.orchestration.resources import SyncEngines
from udsync_pipelines.services.consent_expiry import Consent, KeptAlive, consents, keep_alive
from udsync_pipelines.store.repositories.tenants import DEFAULT_TIMEZONE


@dg.op(
    name="look_after_consents",
    description="Ask each company that was not asked for a week who it is, so that its consent "
    "does not end for want of use; then see which consents end within a month.",
)
@explained
def look_after(context: dg.OpExecutionContext, engines: SyncEngines) -> None:
    """End quietly while all consents last; fail where one is about to end, or was not reached.

    One that has ended is told when that is noticed, and is only listed here.
    """
    asked = keep_alive(engines.installation)
    now = datetime.now(UTC)
    every = consents(engines.installation)
    shown = {one.tenant.name: one.sentence(now) for one in every}
    context.add_output_metadata({"companies asked": len(asked), **shown})
    ending = [one for one in every if one.is_urgent(now) and not one.expiry.needs_consent]
    problems = [*(one.sentence(now) for one in ending), *_not_reached(asked)]
    if problems:
        raise dg.Failure(
            " ".join(problems),
            metadata={"code": "consents_need_a_person", "cure": _cure(ending), **shown},
            allow_retries=False,
        )


def _not_reached(asked: Sequence[KeptAlive]) -> list[str]:
    return [f"{one.consent.tenant.name}: {one.error}" for one in asked if one.error is not None]


def _cure(ending: Sequence[Consent]) -> str:
    if ending:
        return "Have an administrator of the company connect it again: `udsync connect quickbooks`."
    return "Nothing at once: it is tried again each day. `udsync status` tells how long each lasts."


@dg.job(
    name="keep_consents",
    description="Keep each company's consent to use QuickBooks from ending for want of use. Red: a "
    "consent ends within a month, or a company that nobody syncs could not be reached.",
    executor_def=dg.in_process_executor,
)
def keep_consents() -> None:
    """One step."""
    look_after()


daily_consents = dg.ScheduleDefinition(
    name="daily_consents",
    job=keep_consents,
    cron_schedule="15 4 * * *",
    execution_timezone=DEFAULT_TIMEZONE,
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Keeps consents to use QuickBooks from ending, each morning.",
)
