"""Which documents an order gets, for every gateway and status, and what they name."""

from datetime import date
from itertools import product

import pytest

from udsync_pipelines.posting.compose import compose_order
from udsync_pipelines.posting.documents import Composition, DraftKind, PaymentDraft, SalesDraft
from udsync_pipelines.posting.policy import ON_ACCOUNT, DocumentForm, GatewayPolicy, PostingPolicy
from udsync_pipelines_tests.posting.books import CANADA, MANY_CURRENCIES, policy
from udsync_pipelines_tests.posting.shop import line, order

RECEIPT, INVOICE = DocumentForm.SALES_RECEIPT, DocumentForm.INVOICE_AND_PAYMENT
R, INV, P = DraftKind.SALES_RECEIPT, DraftKind.INVOICE, DraftKind.PAYMENT
STATUSES = (
    *("pending", "on-hold", "processing", "completed", "refunded", "cancelled", "failed"),
    *("checkout-draft", "shipped"),
)
GATEWAYS = {"stripe": "36", "cod": "37", "bacs": "35", "cheque": "35", "unheard-of": "37", "": "37"}
EARLY = policy(invoice_statuses=frozenset({"on-hold"}))
BY_STATUS = policy(status_forms={"completed": INVOICE, "processing": RECEIPT})
ALL_INVOICED = policy(form=INVOICE)


def kinds(status: str, method: str, rules: PostingPolicy) -> list[DraftKind]:
    sold = order(line("20.00"), status=status, payment_method=method)
    made = compose_order(sold, rules, CANADA)
    return [one.kind for one in made.documents] if isinstance(made, Composition) else []


def expected(status: str, method: str, rules: PostingPolicy) -> list[DraftKind]:
    """The matrix in words: what a bookkeeper would say."""
    is_posted = status in ("processing", "completed", "refunded")
    is_account = method in ("bacs", "cheque") or rules is ALL_INVOICED
    if rules is BY_STATUS and status in ("completed", "processing"):
        is_account = status == "completed"
    if is_posted:
        return [INV, P] if is_account else [R]
    return [INV] if rules is EARLY and status == "on-hold" and is_account else []


@pytest.mark.parametrize(("status", "method"), [*product(STATUSES, GATEWAYS)])
@pytest.mark.parametrize(
    "rules",
    [policy(), EARLY, BY_STATUS, ALL_INVOICED],
    ids=["usual", "invoiced early", "by status", "all invoiced"],
)
def test_every_gateway_and_status_gets_its_documents(
    status: str, method: str, rules: PostingPolicy
) -> None:
    assert kinds(status, method, rules) == expected(status, method, rules)


@pytest.mark.parametrize(("method", "account"), [*GATEWAYS.items()])
def test_money_goes_on_the_account_of_its_gateway_or_on_that_of_all_others(
    method: str, account: str
) -> None:
    made = compose_order(order(line("20.00"), payment_method=method), policy(), CANADA)

    assert isinstance(made, Composition)
    money = made.documents[-1]
    assert money.account_id == account
    assert money.payment_method_id == {"stripe": "2", "cod": "1"}.get(method)


@pytest.mark.parametrize(
    ("currency", "method", "account", "form"),
    [
        ("USD", "stripe", "41", R),
        ("CAD", "stripe", "36", R),
        ("EUR", "stripe", "36", R),
        ("USD", "bacs", "35", INV),
        ("USD", "wise", "42", INV),
        ("CAD", "wise", "37", R),
    ],
)
def test_a_gateways_rules_for_one_currency_come_before_its_own(
    currency: str, method: str, account: str, form: DraftKind
) -> None:
    usual = policy()
    rules = policy(
        gateways={
            **usual.gateways,
            "stripe:USD": GatewayPolicy("41", "2"),
            "wise:USD": GatewayPolicy("42", None, ON_ACCOUNT.form),
        }
    )
    sold = order(line("20.00", currency=currency), currency=currency, payment_method=method)

    made = compose_order(sold, rules, MANY_CURRENCIES)

    assert isinstance(made, Composition)
    assert made.sale.kind is form
    assert made.documents[-1].account_id == account


def test_an_invoice_holds_no_account_and_its_payment_holds_both() -> None:
    made = compose_order(order(line("20.00"), payment_method="bacs"), policy(), CANADA)

    assert isinstance(made, Composition)
    invoice, payment = made.documents
    assert isinstance(invoice, SalesDraft)
    assert isinstance(payment, PaymentDraft)
    assert (invoice.account_id, invoice.payment_method_id) == (None, None)
    assert (payment.account_id, invoice.due_on) == ("35", date(2026, 7, 31))
