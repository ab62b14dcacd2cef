"""A decision answers exactly the question that it was taken about."""

from dataclasses import replace

import pytest

from udsync_pipelines.sync.decisions import Choice, Question, Standing, fingerprint

ABOUT = fingerprint(["order", "document"])
QUESTION = Question("changed_in_books", (Choice("overwrite", "It is written again."),), ABOUT)
DECIDED = Standing("changed_in_books", ABOUT, "overwrite")


def test_a_decision_answers_the_question_it_was_taken_about() -> None:
    assert DECIDED.answer_to(QUESTION) == "overwrite"


@pytest.mark.parametrize(
    "standing",
    [
        replace(DECIDED, choice=None),
        replace(DECIDED, kind="voided_in_books"),
        replace(DECIDED, about=fingerprint(["order", "document", "edited"])),
        replace(DECIDED, choice="recreate"),
    ],
    ids=["undecided", "another question", "another state", "no such choice"],
)
def test_what_was_decided_about_something_else_is_no_answer(standing: Standing) -> None:
    assert standing.answer_to(QUESTION) is None


def test_fingerprints_tell_where_one_part_ends_and_the_next_begins() -> None:
    assert fingerprint(["ab", "c"]) != fingerprint(["a", "bc"])
