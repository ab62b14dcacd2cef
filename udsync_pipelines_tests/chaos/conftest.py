"""A world on the session's server, for the tests of a module to share."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from udsync_pipelines.services.embedded_postgres import EmbeddedPostgres
from udsync_pipelines_tests.chaos.servers import CampaignServer
from udsync_pipelines_tests.chaos.world import World, open_world
from udsync_pipelines_tests.store.databases import StateTemplate


@pytest.fixture(scope="module")
def world(
    postgres_server: EmbeddedPostgres,
    state_template: StateTemplate,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[World]:
    """An installation whose sessions may be cut; its server is everybody's and is left alone."""
    with state_template.clone() as url:
        server = CampaignServer(postgres_server, str(sa.make_url(url).database))
        with open_world(url, tmp_path_factory.mktemp("chaos"), server) as opened:
            yield opened
