"""What uvicorn loads: `uvicorn udsync_pipelines.web:app`. Settings come from the environment."""

from collections.abc import Iterator
from contextlib import contextmanager

from udsync_pipelines.api.app import create_app
from udsync_pipelines.api.dependencies import ApiServices
from udsync_pipelines.services.installation import open_installation
from udsync_pipelines.services.webhook_intake import WebhookIntake
from udsync_pipelines.services.webhook_secrets import WebhookSecrets


@contextmanager
def installed_services() -> Iterator[ApiServices]:
    """The services of the installation that the environment names."""
    with open_installation() as installation:
        secrets = WebhookSecrets(installation.state, installation.keys)
        intake = WebhookIntake(installation.state, secrets)
        yield ApiServices(installation.state, intake, installation.settings.webhook_body_limit)


app = create_app(installed_services)
