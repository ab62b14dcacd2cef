"""Answers of an emulated company with wrong members: understood, refused or open, never a bug."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random
from typing import Any

import httpx
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from udsync_pipelines.emulators.quickbooks.emulator import CompanyEmulator
from udsync_pipelines.errors import OutcomeUnknownError, RecordRejectedError, UdsyncError
from udsync_pipelines.sync.books.ports import Posted
from udsync_pipelines_tests.connectors.damage import damaged, written
from udsync_pipelines_tests.connectors.quickbooks.companies import Books
from udsync_pipelines_tests.connectors.quickbooks.posting import ADA, FORMS, Company, company_of

SEEDS = st.integers(0, 2**32).map(Random)
NUMBERS = count(1)


class Damaging(httpx.HTTPTransport):
    """The way to a company; answers of status 200 are damaged while there is a `random`."""

    random: Random | None = None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Hand a request on; its answer may be damaged."""
        answer = super().handle_request(request)
        if self.random is None or answer.status_code != httpx.codes.OK:
            return answer
        body = written(damaged(orjson.loads(answer.read()), self.random))
        return httpx.Response(200, headers={"content-type": "application/json"}, content=body)


class DamagedCompany:
    """A company, and the way there on which answers are damaged."""

    def __init__(self, emulator: CompanyEmulator) -> None:
        self.way = Damaging()
        http = httpx.Client(transport=self.way, timeout=5.0)
        self.company = company_of(Books(emulator, http=http))

    def asked(self, question: Callable[[], Any], random: Random) -> Any:
        """What comes of a question whose answers are damaged: a value, or an error of ours."""
        self.way.random = random
        try:
            return question()
        except UdsyncError as error:
            return error
        finally:
            self.way.random = None


@pytest.fixture(scope="module")
def place() -> Iterator[DamagedCompany]:
    with CompanyEmulator(limits_factor=0) as emulator:
        made = DamagedCompany(emulator)
        yield made
        made.company.emulated.close()


def sale_of(company: Company, random: Random) -> Any:
    number = f"WC-{next(NUMBERS)}"
    marker = f"udsync:WC:order/{number}"
    return company.sale(
        random.choice(FORMS), number=number, marker=marker, private_note=f"{marker}\nA sale."
    )


Question = Callable[[Company, Posted, Any], Any]
QUESTIONS: dict[str, Question] = {
    "read": lambda company, posted, _: company.books.read(posted.target_id),
    "standing": lambda company, posted, _: company.books.standing([posted.target_id]),
    "find": lambda company, _, draft: company.books.find(draft, "", company.symbols),
    "names": lambda company, *_: company.books.names(),
    "products": lambda company, *_: company.books.products(),
    "changes": lambda company, *_: company.books.changes(
        datetime.now(UTC) - timedelta(minutes=1), datetime.now(UTC)
    ),
    "lists": lambda company, *_: (
        company.books.renew(timedelta(0)),
        company.books.company(),
    ),
}
WRITES: dict[str, Question] = {
    "create": lambda company, _, draft: company.create(draft),
    "update": lambda company, posted, draft: company.update(draft, posted),
    "withdraw": lambda company, posted, _: company.withdraw(posted),
    "create a customer": lambda company, posted, _: company.create(
        replace(ADA, key=f"customer/{posted.target_id}"), f"Ada {posted.target_id}"
    ),
}


@pytest.mark.parametrize("question", QUESTIONS)
@settings(max_examples=20)
@given(random=SEEDS)
def test_a_question_is_answered_or_refused_by_an_error_of_ours(
    place: DamagedCompany, question: str, random: Random
) -> None:
    draft = sale_of(place.company, random)
    posted = place.company.create(draft)

    found = place.asked(lambda: QUESTIONS[question](place.company, posted, draft), random)

    assert not isinstance(found, OutcomeUnknownError)
    assert "\n" not in str(found) or not isinstance(found, UdsyncError)


@pytest.mark.parametrize("write", WRITES)
@settings(max_examples=20)
@given(random=SEEDS)
def test_a_write_whose_answer_is_damaged_is_never_taken_for_refused(
    place: DamagedCompany, write: str, random: Random
) -> None:
    posted = place.company.create(sale_of(place.company, random))
    draft = sale_of(place.company, random)

    found = place.asked(lambda: WRITES[write](place.company, posted, draft), random)

    assert isinstance(found, Posted | UdsyncError)
    if write == "create" and isinstance(found, RecordRejectedError):
        assert place.company.books.find(draft, "", place.company.symbols) is None
    if write == "create" and isinstance(found, Posted):
        with suppress(RecordRejectedError):
            assert place.company.books.find(draft, "", place.company.symbols) is not None
