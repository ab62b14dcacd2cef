"""Processes that race for one expired access token, some killed while they hold the answer.

Every process does what a run does: it opens the books and asks them something. Time passes for
the company and for what is stored alike, so that the token has ended for both; the company
replaces the refresh token once a day, as Intuit does.
"""

import logging
import os
import random
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from multiprocessing.connection import Connection as Pipe
from multiprocessing.connection import wait
from typing import Any, Self
from uuid import UUID

from pydantic import SecretStr

from udsync_pipelines.connectors.quickbooks.entities import BookEntity
from udsync_pipelines.connectors.quickbooks.query import Query
from udsync_pipelines.connectors.quickbooks.tokens import (
    ACCESS_ENDS,
    ACCESS_RENEWS,
    GRANT_ENDS,
    REFRESH_ENDS,
    moment_text,
)
from udsync_pipelines.emulators.quickbooks import CompanyEmulator
from udsync_pipelines.errors import UdsyncError
from udsync_pipelines.services.books import open_books
from udsync_pipelines.services.consent import NOTICE
from udsync_pipelines.services.installation import Installation, open_installation
from udsync_pipelines.store.repositories import connection_status, connections, sync_log
from udsync_pipelines.store.repositories.credentials import LockedCredentials, Owner
from udsync_pipelines.store.repositories.tenants import Tenant
from udsync_pipelines.store.tables.states import ConnectionState, Platform
from udsync_pipelines_tests.scenarios.processes import PROCESSES
from udsync_pipelines_tests.services.emulated_books import connect_company

RACERS = 8
BETWEEN_ROUNDS = timedelta(hours=6)
"""Longer than an access token lives; every fourth renewal replaces the refresh token."""

KILLS_A_RACE = 4

LATEST_KILL_SECONDS = 0.01
"""Storing what came takes some milliseconds: kills fall before, into and behind the commit."""

_MOMENTS = (ACCESS_RENEWS, ACCESS_ENDS, REFRESH_ENDS, GRANT_ENDS)
_RENEWED = "access token renewed"
_PATIENCE_SECONDS = 900.0  # what a dead process had in flight counts for five minutes
Message = tuple[str, str]


class Racer:
    """A process that opens the books and asks, each time that it is told to."""

    def __init__(self, environment: Mapping[str, str], tenant: str) -> None:
        self.pipe, theirs = PROCESSES.Pipe()
        self._process = PROCESSES.Process(
            target=_race, args=(dict(environment), tenant, theirs), daemon=True
        )
        self._process.start()
        theirs.close()

    def kill(self) -> None:
        """End it as `kill -9` does, and wait for its end."""
        self._process.kill()
        self._process.join()

    def close(self) -> None:
        """End it and let go of it."""
        self.kill()
        self._process.close()
        self.pipe.close()


@dataclass
class Round:
    """How one race went. `answers` are `ok` or an error's code, of those that lived to say it.

    `is_rotated`: the first answer replaced the refresh token; those after it cannot.
    """

    calls: int
    is_rotated: bool
    killed: int
    answers: Sequence[str]
    state: ConnectionState
    notices: int

    @property
    def lost(self) -> int:
        """How many were killed with an answer that was not stored yet."""
        return self.calls - 1 if self.killed else 0

    @property
    def must_end(self) -> bool:
        """Whether the refresh token was replaced in an answer that nobody stored."""
        return self.is_rotated and self.lost > 0

    def broken_promises(self) -> Iterator[str]:
        """What must not be: a second renewal, a connection lost without need, a notice too many."""
        must_end = self.must_end
        # Who comes after one that was killed behind the commit finds the token stored.
        if self.calls != 1 + self.lost or self.lost not in {self.killed, self.killed - 1, 0}:
            yield f"{self.calls} token calls, {self.killed} killed"
        if set(self.answers) != {"needs_consent" if must_end else "ok"}:
            yield f"answers {sorted(set(self.answers))}, the token was lost: {must_end}"
        if (self.state is ConnectionState.NEEDS_CONSENT) is not must_end:
            yield f"the connection is {self.state}, the token was lost: {must_end}"
        if self.notices != int(must_end):
            yield f"{self.notices} notices, the token was lost: {must_end}"


@dataclass
class Race:
    """One connection, and the processes that share it."""

    installation: Installation
    tenant: Tenant
    company: CompanyEmulator
    racers: list[Racer] = field(default_factory=list)

    def __enter__(self) -> Self:
        self.racers = [self._new_racer() for _ in range(RACERS)]
        for racer in self.racers:
            _ready(racer.pipe)
        return self

    def __exit__(self, *_: object) -> None:
        for racer in self.racers:
            racer.close()

    def run(self, *kill_after: float) -> Round:
        """Let the token expire and all processes ask at once.

        The first that has Intuit's answer is killed the first number of seconds later, the next
        one that has an answer the second, and so on.
        """
        self._let_time_pass()
        return self.ask(*kill_after)

    def ask(self, *kill_after: float) -> Round:
        """Let all processes ask at once, with the token as it is."""
        calls, notices = self._calls(), self._notices()
        answers, rotated, killed = self._answers(list(kill_after))
        self._replace(killed)
        return Round(
            calls=self._calls() - calls,
            is_rotated=rotated,
            killed=len(killed),
            answers=answers,
            state=self._state(),
            notices=self._notices() - notices,
        )

    def connect_again(self) -> None:
        """Give consent anew and connect the company, as a person does with `udsync connect`."""
        consent = self.company.control.connect()
        connect_company(self.installation, self.tenant, self.company, str(consent["refresh_token"]))

    def _answers(self, kill_after: list[float]) -> tuple[list[str], bool, list[Racer]]:
        """What those say who live to say it; whether the token was replaced; who was killed."""
        answers: list[str] = []
        renewed: list[bool] = []
        killed: list[Racer] = []
        waiting = {racer.pipe: racer for racer in self.racers}
        for racer in self.racers:
            racer.pipe.send("ask")
        while waiting:
            ready = wait(list(waiting), _PATIENCE_SECONDS)
            assert ready, "the processes do not answer"
            for pipe in ready:
                assert isinstance(pipe, Pipe)
                kind, said = _received(pipe)
                if kind == "renewed":
                    renewed.append(said == "True")
                    if kill_after:
                        time.sleep(kill_after.pop(0))
                        waiting[pipe].kill()
                        killed.append(waiting[pipe])
                        del waiting[pipe]
                else:
                    answers.append(said)
                    del waiting[pipe]
        return answers, any(renewed), killed

    def _replace(self, killed: Sequence[Racer]) -> None:
        new = [self._new_racer() for _ in killed]
        for gone, racer in zip(killed, new, strict=True):
            gone.close()
            self.racers[self.racers.index(gone)] = racer
            _ready(racer.pipe)

    def _new_racer(self) -> Racer:
        settings = self.installation.settings
        url = settings.database_url
        environment = {
            "UDSYNC_HOME": str(settings.home),
            "UDSYNC_DATABASE_URL": url.get_secret_value() if url else "",
            "UDSYNC_LIMITS_FACTOR": str(settings.limits_factor),
        }
        return Racer(environment, self.tenant.name)

    def _let_time_pass(self) -> None:
        self.company.clock.advance(BETWEEN_ROUNDS.total_seconds())

        def older(held: Mapping[str, SecretStr]) -> Mapping[str, SecretStr]:
            return {
                name: moment_text(_moment(held[name]) - BETWEEN_ROUNDS)
                for name in _MOMENTS
                if name in held
            }

        self._credentials().renew(older)

    def _credentials(self) -> LockedCredentials:
        owner = Owner(self.tenant.id, Platform.QUICKBOOKS, self._connection_id())
        return LockedCredentials(self.installation.state, owner, self.installation.keys)

    def _connection_id(self) -> UUID:
        with self.installation.state.tenant(self.tenant.id) as transaction:
            return connections.default(transaction, self.tenant.id, Platform.QUICKBOOKS).id

    def _calls(self) -> int:
        return self.company.requests.counts().get("POST /oauth2/v1/tokens/bearer", 0)

    def _notices(self) -> int:
        with self.installation.state.tenant(self.tenant.id) as transaction:
            lines = sync_log.list_problems(transaction, self.tenant.id, 10_000)
        return sum(line.event == NOTICE for line in lines)

    def _state(self) -> ConnectionState:
        with self.installation.state.tenant(self.tenant.id) as transaction:
            (status,) = connection_status.list_all(transaction, self.tenant.id)
        return status.state


@dataclass
class Campaign:
    """Many races with a kill in each, and what they came to."""

    race: Race
    chance: random.Random
    counts: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)

    def run(self, kills: int) -> None:
        """Race until so many processes were killed between Intuit's answer and our commit."""
        while self.counts["killed before the commit"] < kills:
            latest = [self.chance.uniform(0.0, LATEST_KILL_SECONDS) for _ in range(KILLS_A_RACE)]
            self._judge(self.race.run(*latest))
            if self.counts["races"] % 10 == 0:
                self._judge(self.race.run())

    def _judge(self, done: Round) -> None:
        self.broken += done.broken_promises()
        self.counts["races"] += 1
        self.counts["token calls"] += done.calls
        self.counts["killed before the commit"] += done.lost
        self.counts["killed after the commit"] += done.killed - done.lost
        if not done.must_end:
            return
        self.counts["connections lost with a replaced token"] += 1
        storm = self.race.ask()
        self.counts["token calls after the notice"] += storm.calls
        self.broken += [f"asked again: {storm}"] if storm.calls or storm.notices else []
        self.race.connect_again()


@contextmanager
def open_race(installation: Installation, tenant: Tenant, **options: Any) -> Iterator[Race]:
    """A connected company, and the processes that will race."""
    with ExitStack() as stack:
        company = stack.enter_context(
            CompanyEmulator(**{"double_use_revokes": True, "limits_factor": 0, **options})
        )
        connect_company(installation, tenant, company)
        yield stack.enter_context(Race(installation, tenant, company))


class _Teller(logging.Handler):
    """Tells that Intuit has answered, at the moment at which the answer is only in memory."""

    def __init__(self, pipe: "Pipe[Any, Any]") -> None:
        super().__init__()
        self._pipe = pipe

    def emit(self, record: logging.LogRecord) -> None:
        if record.getMessage() == _RENEWED:
            self._pipe.send(("renewed", str(record.__dict__["is_rotated"])))


def _race(environment: dict[str, str], tenant_name: str, pipe: "Pipe[Any, Any]") -> None:
    os.environ.update(environment)
    watched = logging.getLogger("udsync_pipelines.connectors.quickbooks.oauth")
    watched.setLevel(logging.INFO)
    watched.addHandler(_Teller(pipe))
    with open_installation() as installation:
        tenant = installation.tenant(tenant_name)
        pipe.send(("ready", ""))
        while pipe.recv() == "ask":
            pipe.send(("answer", _asked(installation, tenant)))


def _asked(installation: Installation, tenant: Tenant) -> str:
    """What a run comes to that opens the books now."""
    with installation.state.tenant(tenant.id) as transaction:
        connection = connections.default(transaction, tenant.id, Platform.QUICKBOOKS)
    try:
        with open_books(installation, tenant, connection) as books:
            books.client.count(Query(BookEntity.CUSTOMER))
    except UdsyncError as error:
        return error.code
    return "ok"


def _received(pipe: "Pipe[Any, Any]") -> Message:
    kind, said = pipe.recv()
    return kind, said


def _ready(pipe: "Pipe[Any, Any]") -> None:
    assert _received(pipe) == ("ready", "")


def _moment(stored: SecretStr) -> datetime:
    return datetime.fromisoformat(stored.get_secret_value())
