"""Proposing again keeps what people chose and asks only for what no longer works."""

from dataclasses import replace
from datetime import date

from udsync_pipelines.posting.policy import GatewayPolicy, PostingPolicy
from udsync_pipelines.posting.policy_fields import with_field
from udsync_pipelines.posting.proposal import (
    Confidence,
    Finding,
    Proposal,
    ShopGateway,
    ShopSide,
)
from udsync_pipelines.posting.propose import propose
from udsync_pipelines.posting.repropose import chosen_by_hand, keep_choices
from udsync_pipelines_tests.posting.books import CANADA, POLICY

SIDE = ShopSide("America/Edmonton", (), (ShopGateway("stripe"), ShopGateway("cod")))


def again(current: PostingPolicy, side: ShopSide = SIDE) -> Proposal:
    return keep_choices(propose(side, CANADA), current, CANADA)


def finding(proposal: Proposal, field: str) -> Finding:
    return next(each for each in proposal.findings if each.field == field)


def test_an_unchanged_world_proposes_the_policy_in_force() -> None:
    proposal = again(POLICY)

    assert proposal.policy == POLICY
    assert proposal.open == ()


def test_decisions_that_no_platform_knows_are_kept() -> None:
    chosen = replace(POLICY, prefix="AB", start_on=date(2026, 1, 1), due_days=7)

    proposal = again(chosen)

    assert proposal.policy == chosen
    assert finding(proposal, "start_on").sentence == (
        "Orders since 2026-01-01 are posted, as chosen before."
    )


def test_another_choice_than_the_proposed_one_stays_chosen() -> None:
    chosen = with_field(POLICY, "gateways.stripe.account_id", "35")

    proposal = again(chosen)

    kept = finding(proposal, "gateways.stripe.account_id")
    assert proposal.policy == chosen
    assert (kept.value, kept.confidence) == ("35", Confidence.CERTAIN)
    assert kept.sentence == "Stays 35, as chosen before."


def test_a_choice_that_the_books_no_longer_offer_is_proposed_anew() -> None:
    stale = with_field(POLICY, "items.shipping", "404")

    proposal = again(stale)

    replaced = finding(proposal, "items.shipping")
    assert proposal.policy == POLICY
    assert replaced.confidence is Confidence.CONFIRM
    assert replaced.sentence.startswith("The former choice, 404, no longer works. Lines for")


def test_a_choice_that_nothing_can_replace_is_cleared_and_asked_for() -> None:
    stale = with_field(POLICY, "gateways.stripe.payment_method_id", "404")
    nameless = replace(CANADA, payment_methods=())

    proposal = keep_choices(propose(SIDE, nameless), stale, nameless)

    asked = finding(proposal, "gateways.stripe.payment_method_id")
    assert proposal.policy.gateways["stripe"] == GatewayPolicy("36", None)
    assert (asked.value, asked.confidence) == (None, Confidence.OPEN)


def test_an_item_that_was_made_inactive_is_created_under_its_usual_name() -> None:
    stale = with_field(POLICY, "items.fees", "404")
    fewer = replace(CANADA, items=tuple(item for item in CANADA.items if item.name != "Fees"))

    proposal = keep_choices(propose(SIDE, fewer), stale, fewer)

    created = finding(proposal, "items.fees")
    assert proposal.policy.items.fees == ""
    assert (created.creates, created.confidence) == ("Fees", Confidence.CONFIRM)


def test_a_gateway_that_is_new_in_the_shop_is_added() -> None:
    fewer = replace(POLICY, gateways={"*": GatewayPolicy("37")})

    proposal = again(fewer)

    assert proposal.policy.gateways["stripe"] == GatewayPolicy("36", "2")
    assert proposal.policy.gateways["*"] == GatewayPolicy("37")


def test_a_store_that_moved_to_another_zone_is_asked_about() -> None:
    proposal = again(POLICY, replace(SIDE, timezone="Europe/London"))

    moved = finding(proposal, "timezone")
    assert proposal.policy.timezone == "America/Edmonton"
    assert (moved.value, moved.confidence) == ("America/Edmonton", Confidence.CONFIRM)
    assert moved.sentence.endswith("the store is in Europe/London.")


def test_an_edited_proposal_is_no_longer_open_where_a_person_chose() -> None:
    asked = Finding("items.fees", None, Confidence.OPEN, "Choose.", ("8",))
    unread = Finding("taxes.codes", None, Confidence.CONFIRM, "Sync first.")
    numbers = Finding("company.custom_numbers", None, Confidence.OPEN, "Turn it on.")

    after = chosen_by_hand((asked, unread, numbers), POLICY)

    assert (after[0].value, after[0].confidence) == ("2", Confidence.CERTAIN)
    assert after[1:] == (unread, numbers)


def test_an_edited_proposal_is_open_where_a_person_cleared_a_choice() -> None:
    sure = Finding("items.fees", "2", Confidence.CERTAIN, "It is named for them.")
    same = Finding("items.shipping", "1", Confidence.CERTAIN, "It is named for them.")

    after = chosen_by_hand((sure, same), with_field(POLICY, "items.fees", ""))

    assert (after[0].value, after[0].confidence) == (None, Confidence.OPEN)
    assert after[1] == same
