"""Each row of the table of faults, sent by an emulated company to a write and to a read."""

from collections.abc import Iterator

import pytest

from udsync_pipelines.connectors.fault_table import Kind
from udsync_pipelines.connectors.quickbooks.entities import BookEntity
from udsync_pipelines.connectors.quickbooks.fault_rules import (
    Case,
    Fault,
    Rule,
    cases,
    rule_of,
    rules,
)
from udsync_pipelines.connectors.quickbooks.faults import RejectedByBooksError
from udsync_pipelines.connectors.quickbooks.query import Query
from udsync_pipelines.errors import UdsyncError
from udsync_pipelines_tests.connectors.quickbooks.companies import Books
from udsync_pipelines_tests.connectors.quickbooks.fault_cases import FaultCase, fault_cases

CASES = tuple(fault_cases())
STATUS_500 = 500


@pytest.fixture
def struck(shared_books: Books) -> Iterator[Books]:
    """A company whose faults end with the test."""
    yield shared_books
    shared_books.company.faults.clear()


def strike(books: Books, case: FaultCase, path: str) -> None:
    """The company answers so from now on."""
    books.company.faults.add(
        "fault", path=path, times=0, code=case.fault, detail=case.detail, status=case.status
    )


def told(error: UdsyncError) -> UdsyncError:
    """What a refused token became in the end has the refusal itself as its cause."""
    return error.__cause__ if isinstance(error.__cause__, UdsyncError) else error


def rule_behind(case: FaultCase) -> Rule:
    return rule_of(Fault(case.fault, detail=case.detail))


def cure(error: UdsyncError, case: FaultCase) -> str:
    """What the row says to do, with Intuit's id of the request where it asks for it."""
    return rule_behind(case).cure.format(request_id=error.request_id)


def sent(books: Books, path: str) -> int:
    return len(books.company.requests.records(path))


def test_every_row_of_the_table_has_a_case_here_and_no_case_lacks_a_row() -> None:
    rows = {(code, rule.detail) for rule in rules() for code in rule.codes}

    tried = {(case.fault, rule_behind(case).detail) for case in CASES}

    assert tried == rows


def test_the_table_knows_every_code_that_intuit_documents() -> None:
    known = {code for rule in rules() for code in rule.codes}

    assert len(known) >= 105
    assert len(CASES) == len({(case.fault, case.detail) for case in CASES})


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_write_that_is_answered_so_becomes_this_error_after_so_many_requests(
    struck: Books, case: FaultCase
) -> None:
    strike(struck, case, "/customer")
    before = sent(struck, "/customer")

    with pytest.raises(case.error) as caught:
        struck.create(BookEntity.CUSTOMER, {"DisplayName": "Ada Byron"}, record="customer/12")

    assert sent(struck, "/customer") - before == case.writes
    assert caught.value.record == "customer/12" or case.writes > 1
    assert caught.value.request_id == struck.company.requests.records("/customer")[-1].trace
    if rule_behind(case).kind is not Kind.LOST:
        assert told(caught.value).code == case.code
        assert told(caught.value).message.startswith(rule_behind(case).message[:-1])
        assert told(caught.value).cure == cure(caught.value, case)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_read_that_is_answered_so_becomes_this_error_after_so_many_requests(
    struck: Books, case: FaultCase
) -> None:
    strike(struck, case, "/query")
    before = sent(struck, "/query")

    with pytest.raises(case.read_error or case.error) as caught:
        list(struck.client.select(Query(BookEntity.CUSTOMER)))

    assert sent(struck, "/query") - before == case.reads
    assert told(caught.value).code == case.code
    assert told(caught.value).cure == cure(caught.value, case)


@pytest.mark.parametrize("case", [case for case in CASES if case.status == 400], ids=str)
def test_a_fault_with_status_200_is_the_same_refusal_and_writes_nothing(
    struck: Books, case: FaultCase
) -> None:
    struck.company.faults.add("fault_200", path="/customer", code=case.fault, detail=case.detail)

    with pytest.raises(case.error) as caught:
        struck.create(BookEntity.CUSTOMER, {"DisplayName": "Ada Byron"})

    assert caught.value.code == case.code
    assert struck.company.count("Customer") == 0


@pytest.mark.parametrize(
    "case", [one for one in CASES if one.error in {RejectedByBooksError}], ids=str
)
def test_a_rejection_of_a_server_that_fails_says_nothing_about_a_write(
    struck: Books, case: FaultCase
) -> None:
    struck.company.faults.add(
        "fault", path="/customer", code=case.fault, detail=case.detail, status=STATUS_500
    )

    with pytest.raises(UdsyncError) as caught:
        struck.create(BookEntity.CUSTOMER, {"DisplayName": "Ada Byron"})

    assert caught.value.code == cases()[Case.WRITE_UNANSWERED].code


def test_a_code_that_no_table_knows_parks_the_record_with_what_quickbooks_says(
    struck: Books,
) -> None:
    struck.company.faults.add("fault", path="/customer", code="7777", detail="Something new")

    with pytest.raises(RejectedByBooksError, match="Something new") as caught:
        struck.create(BookEntity.CUSTOMER, {"DisplayName": "Ada Byron"})

    assert caught.value.code == "refused"
    assert caught.value.cure == cases()[Case.CODE_UNKNOWN].cure.format(
        request_id=caught.value.request_id
    )
    assert caught.value.request_id == struck.company.requests.records("/customer")[-1].trace
