"""A composed document in sentences, for whoever asks why the books look as they do."""

from udsync_pipelines.posting.company import Company
from udsync_pipelines.posting.documents import (
    Composition,
    DraftKind,
    DraftLineKind,
    PaymentDraft,
    Remedy,
    SalesDraft,
    Skipped,
)

_NAMES = {
    DraftKind.SALES_RECEIPT: "sales receipt",
    DraftKind.INVOICE: "invoice",
    DraftKind.PAYMENT: "payment",
    DraftKind.REFUND_RECEIPT: "refund receipt",
    DraftKind.CREDIT_MEMO: "credit memo",
}


def explain(result: Composition | Skipped, company: Company) -> tuple[str, ...]:
    """Sentences in the order a bookkeeper asks: which documents, what lines, why, what remains."""
    if isinstance(result, Skipped):
        return (f"Nothing is posted. {result.reason}",)
    sentences: list[str] = []
    for document in result.documents:
        if isinstance(document, PaymentDraft):
            sentences.append(_payment(document))
        else:
            sentences += _sale(document, company)
    return (*sentences, *_remedy(result), *result.notes)


def _payment(payment: PaymentDraft) -> str:
    pays = f"invoice {payment.pays_number}" if payment.pays_number else "the invoice"
    return (
        f"A payment of {payment.amount} {payment.currency} on {payment.dated_on}"
        f"{_valued(payment)} covers {pays}; "
        f"its reference is {payment.reference}."
    )


def _sale(document: SalesDraft, company: Company) -> list[str]:
    name = _NAMES[document.kind]
    number = f" {document.number}" if document.number else ""
    due = f", due on {document.due_on}" if document.due_on else ""
    first = (
        f"{name.capitalize()}{number} of {document.dated_on}{due} comes to {document.total} "
        f"{document.currency}: {document.net_total} net and {document.total_tax} tax"
        f"{_valued(document)}."
    )
    return [first, *_lines(document, company)]


def _lines(document: SalesDraft, company: Company) -> list[str]:
    sentences = []
    for line in document.lines:
        code = company.tax_code(line.tax_code)
        taxed = code.name if code else line.tax_code
        units = f"{line.quantity.normalize():f} x " if line.quantity else ""
        label = line.description or line.kind.value
        sentences.append(
            f"{units}{label}: {line.amount}, tax code {taxed}{_why(document, line.kind)}."
        )
    return sentences


def _why(document: SalesDraft, kind: DraftLineKind) -> str:
    if kind is DraftLineKind.GIFT_CARD:
        return ", which is owed to the holder of a gift card or taken from one, and no revenue"
    if kind is DraftLineKind.TIP:
        return ", which is owed to the staff, and no revenue"
    if kind is DraftLineKind.ROUNDING:
        return ", because the order in the shop does not add up by that much"
    if kind is DraftLineKind.REFUND and document.kind in (
        DraftKind.REFUND_RECEIPT,
        DraftKind.CREDIT_MEMO,
    ):
        return ", an amount given back without lines, in proportion to the order's tax codes"
    return ""


def _valued(document: SalesDraft | PaymentDraft) -> str:
    rate = document.exchange_rate
    return f", at an exchange rate of {rate.normalize():f}" if rate is not None else ""


def _remedy(made: Composition) -> list[str]:
    if made.remedy is Remedy.SPLIT:
        times = "One line was" if made.splits == 1 else f"Lines were, {made.splits} times,"
        return [
            f"{times} split in two with the same item and tax code, so that the books' tax, which "
            "they round line by line, equals the shop's."
        ]
    if made.remedy is Remedy.MOVED_CENT:
        cents = "One cent was" if made.moved_cents == 1 else f"{made.moved_cents} cents were"
        return [
            f"{cents} moved between two lines of one tax code, so that the books' tax equals the "
            "shop's."
        ]
    if made.remedy is Remedy.OVERRIDE:
        return ["The shop's tax is sent as it is, since these books keep a tax they are sent."]
    return []
