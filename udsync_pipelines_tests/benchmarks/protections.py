"""The protections of a sync, each with a change that removes it and the tests that then fail.

`find` occurs exactly once in the file; with `replace` in its place the protection is gone. Tests
are named `file::test` below `udsync_pipelines_tests/`.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Protection:
    """What keeps something from happening, and how to take it away."""

    name: str
    prevents: str
    file: str
    find: str
    replace: str
    tests: tuple[str, ...]


_POSTER = "udsync_pipelines/sync/books/carrying_out.py"
_LEASES = "udsync_pipelines/store/lane_leases.py"
_BOOKS = "udsync_pipelines/connectors/quickbooks/books.py"
_ENGINE = "udsync_pipelines/sync/engine.py"

_LOST = "sync/books/test_lost_answers.py::test_"
_INTERRUPTED = "sync/books/test_interrupted.py::test_"
_LEASED = "store/repositories/test_lane_leases.py::test_"
_QUICKBOOKS = "connectors/quickbooks/test_books.py::test_"
_RENEWAL = "connectors/quickbooks/test_shared_renewal.py::test_"
_APPROVAL = "sync/test_approval.py::test_"

PROTECTIONS = (
    Protection(
        "lost answers are looked up",
        "a document that arrived counts as missing",
        _POSTER,
        "        if not self._look_up(write):\n",
        "        if write:\n",
        (f"{_LOST}a_write_that_arrived_without_an_answer_is_found_at_once",),
    ),
    Protection(
        "what a dead process had sent is looked up before it is sent again",
        "a document is written twice",
        _POSTER,
        "        elif not self._look_up(write):\n",
        "        else:\n",
        (f"{_INTERRUPTED}a_load_that_died_looks_before_it_sends_again",),
    ),
    Protection(
        "the intent is recorded before the request",
        "nobody knows of a write whose process died",
        _POSTER,
        "        self.ledger.send(write)\n",
        "",
        (f"{_INTERRUPTED}a_sync_that_died_is_followed_by_one_that_looks_first",),
    ),
    Protection(
        "the visibility horizon",
        "a document that the books show late is written twice",
        _POSTER,
        "return not is_open and self.ledger.sent_longer_than(write, self.horizon)",
        "return not is_open",
        (f"{_LOST}before_the_books_must_show_it_nothing_is_sent_again",),
    ),
    Protection(
        "a repeated answer is read back",
        "an order counts as posted though its document was deleted",
        _POSTER,
        "if write.key not in self._keys.unanswered or is_lasting or must_go:",
        "if write:",
        (f"{_LOST}what_was_deleted_before_its_answer_came_again_is_a_question",),
    ),
    Protection(
        "the answer is compared with the order",
        "a document of another amount counts as right",
        _POSTER,
        "problem = problem or self._problem(write, posted)",
        "problem = problem or None",
        (
            "sync/books/test_changes.py::test_an_answer_that_differs_parks_the_order_with_both_figures",
        ),
    ),
    Protection(
        "a load ends when a newer sync has taken over",
        "two syncs write the same records",
        _POSTER,
        "if any(one.state is IntentState.SUPERSEDED for one in writes):",
        "if not batch:",
        (f"{_INTERRUPTED}a_load_is_refused_once_a_newer_sync_has_taken_over",),
    ),
    Protection(
        "one request id for all attempts",
        "books that remember ids write twice",
        "udsync_pipelines/sync/books/writes.py",
        "    parts: tuple[str, ...] = (\n        account,\n",
        "    parts: tuple[str, ...] = (\n        str(write.id),\n        account,\n",
        ("sync/books/test_writes.py::test_a_request_id_is_the_same_on_every_attempt_of_any_plan",),
    ),
    Protection(
        "the version is checked before an update",
        "what a person changed in the books is written over",
        _BOOKS,
        "        if held.version != version:\n"
        '            raise _conflict("it was changed by hand or by another program.")\n'
        "        named",
        "        named",
        (f"{_QUICKBOOKS}what_a_person_changed_voided_or_deleted_is_a_conflict",),
    ),
    Protection(
        "a document is ours only with our marker",
        "somebody else's document of the same number is taken for the sale",
        _BOOKS,
        "ours = [row for row in found if lookup.carries(row, draft.marker)]",
        "ours = list(found)",
        (f"{_QUICKBOOKS}a_number_that_someone_else_has_used_is_refused_with_a_cure",),
    ),
    Protection(
        "of several documents of one number none is chosen",
        "a duplicate goes unnoticed",
        _BOOKS,
        "        if len(found) > 1:\n",
        "        if not found:\n",
        (f"{_QUICKBOOKS}several_documents_of_one_number_are_left_to_a_person",),
    ),
    Protection(
        "a lane has one holder",
        "two syncs of a tenant run at once",
        _LEASES,
        "    WHERE held.expires_at <= now()\n        OR",
        "    WHERE true\n        OR",
        (f"{_LEASED}a_lane_that_another_process_syncs_is_refused_in_one_line",),
    ),
    Protection(
        "each transaction checks the fencing number",
        "a process that lost its lane goes on recording",
        _LEASES,
        "        if found < len(held):\n",
        "        if not held:\n",
        (f"{_LEASED}whoever_lost_a_lane_is_refused_each_transaction",),
    ),
    Protection(
        "each single statement checks the fencing number",
        "a process that lost its lane settles a write",
        _LEASES,
        "guard = (_GUARD, self._numbers(held)) if held else None",
        "guard = None",
        (f"{_LEASED}one_statement_of_whoever_lost_a_lane_is_refused_and_does_nothing",),
    ),
    Protection(
        "a lease ends by the holder's own clock",
        "a process that was stopped sends when it wakes up",
        _LEASES,
        "            if self._clock() >= lease.valid_until:\n",
        "            if not lease:\n",
        (f"{_LEASED}a_stopped_holder_may_not_send_although_nobody_took_over_yet",),
    ),
    Protection(
        "the lease is checked right before a write leaves",
        "a write that waited for its turn leaves after the lane is lost",
        "udsync_pipelines/services/books_client.py",
        '        if call.is_write:\n            request.extensions["trace"] = self._leaving\n',
        "",
        ("services/test_books.py::test_a_write_that_may_not_leave_any_more_is_not_sent",),
    ),
    Protection(
        "renewing a token holds the connection's row",
        "several processes spend one refresh token",
        "udsync_pipelines/store/repositories/credentials.py",
        "            _lock(connection, self.owner)\n            held",
        "            held",
        (f"{_RENEWAL}eight_processes_renew_one_expired_token_exactly_once",),
    ),
    Protection(
        "a refused refresh token is remembered",
        "every process asks again with a dead token",
        "udsync_pipelines/connectors/quickbooks/oauth.py",
        "return {REFUSED: SecretStr(fingerprint(tokens.refresh_token))} if dead else {}",
        "return {REFUSED: SecretStr('')} if dead else {}",
        (f"{_RENEWAL}a_dead_token_is_asked_for_once_by_all_processes_together",),
    ),
    Protection(
        "a consent that has ended is news once",
        "every sync gives the same notice again",
        "udsync_pipelines/store/repositories/connection_status.py",
        "            where=IntegrationStatus.state != state,\n",
        "",
        (
            "services/test_books.py::"
            "test_the_end_of_a_consent_gives_notice_once_however_many_find_it",
        ),
    ),
    Protection(
        "a page and its bookmark are one transaction",
        "a crash loses a page for ever",
        "udsync_pipelines/store/repositories/archive.py",
        "            if purpose:\n"
        "                self._move_bookmark(connection, page, plan_id, purpose)\n",
        "        if purpose:\n"
        "            with self.database.tenant(self.tenant_id) as connection:\n"
        "                self._move_bookmark(connection, page, plan_id, purpose)\n",
        (
            "store/repositories/test_archive.py::test_a_bookmark_that_cannot_be_stored_leaves_no_page",
        ),
    ),
    Protection(
        "a receipt and its binding are one transaction",
        "a settled write without a binding is posted again",
        "udsync_pipelines/store/repositories/write_ledger.py",
        "        self.database.once(\n            self.tenant_id,\n            SETTLE_AND_BIND,\n",
        "        self._move(write, \"state = 'settled'\", {})\n"
        "        self.database.once(\n            self.tenant_id,\n            SETTLE_AND_BIND,\n",
        (
            "store/repositories/test_settled_writes.py::"
            "test_a_binding_that_cannot_be_stored_leaves_the_write_unsettled",
        ),
    ),
    Protection(
        "a plan is carried out only as it was approved",
        "something else is written than what was shown",
        _ENGINE,
        "        if self._hash(plan.id) != plan.plan_hash:\n",
        "        if not plan:\n",
        (f"{_APPROVAL}a_plan_that_was_changed_after_approval_is_refused",),
    ),
    Protection(
        "a plan is carried out only when it was approved",
        "something is written that nobody has allowed",
        _ENGINE,
        "        if not (is_open and plan.is_approved):\n",
        "        if not is_open:\n",
        ("sync/test_interrupted.py::test_a_plan_that_failed_before_it_was_approved_is_not_loaded",),
    ),
)
