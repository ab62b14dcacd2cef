"""What starts a run, or follows one: a module a sensor."""

from sensors.approved_plans import approved_plans
from sensors.lost_webhooks import lost_webhooks
from sensors.run_failures import run_failures
from sensors.service_restarts import service_restarts
from sensors.user_schedules import user_schedules
from sensors.webhook_inbox import webhook_inbox

SENSORS = [
    approved_plans,
    lost_webhooks,
    run_failures,
    service_restarts,
    user_schedules,
    webhook_inbox,
]
