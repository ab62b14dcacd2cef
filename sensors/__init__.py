"""What starts a run, or follows one: a module a sensor."""

from sensors.run_failures import run_failures

SENSORS = [run_failures]
