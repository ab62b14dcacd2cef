"""What ops work with: the installation, opened once a run."""

from collections.abc import Mapping

import dagster as dg
from pydantic import PrivateAttr

from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines.services.databases import plain_url
from udsync_pipelines.services.engines import TenantEngine, open_engine
from udsync_pipelines.services.installation import Installation, open_installation
from udsync_pipelines.store.repositories import tenants, unequal_documents
from udsync_pipelines.store.run_presence import RunPresence


class SyncEngines(dg.ConfigurableResource[None]):
    """Gives each tenant's sync engine, and holds the lanes of this run until it ends."""

    _installation: Installation | None = PrivateAttr(default=None)
    _presence: RunPresence | None = PrivateAttr(default=None)
    _engines: dict[str, TenantEngine] = PrivateAttr(default_factory=dict)

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        """Open the installation: its database, its keys; show that the run's process is there."""
        self._installation = open_installation()
        if context.run is not None:
            url = plain_url(self._installation.databases.state_url)
            self._presence = RunPresence(url, context.run.run_id)
        self._engines = {}

    def teardown_after_execution(self, context: dg.InitResourceContext) -> None:
        """Close what the run opened; its lanes are free again."""
        for engine in self._engines.values():
            engine.close()
        if self._presence is not None:
            self._presence.close()
        if self._installation is not None:
            self._installation.close()

    @property
    def installation(self) -> Installation:
        """The installation that the run has opened.

        Raises:
            ConfigurationError: no run executes.
        """
        if self._installation is None:
            raise ConfigurationError("the sync engine is only there while a run executes.")
        return self._installation

    def unequal_documents(self) -> dict[str, Mapping[str, int]]:
        """Tenant → kind of document → how many are known to be unequal to the shop's record now."""
        state = self.installation.state
        with state.dispatch() as connection:
            every = tenants.list_all(connection)
        found: dict[str, Mapping[str, int]] = {}
        for one in every:
            with state.tenant(one.id) as connection:
                found[one.name] = unequal_documents.count_by_kind(connection, one.id)
        return found

    def of(self, tenant: str) -> TenantEngine:
        """The engine of the tenant of this name.

        Raises:
            ConfigurationError: no such tenant, or it has no store to read.
        """
        if tenant not in self._engines:
            self._engines[tenant] = open_engine(self.installation, tenant)
        return self._engines[tenant]
