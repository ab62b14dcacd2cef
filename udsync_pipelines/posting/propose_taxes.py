"""Proposing tax codes: sets of the shop's rates against the components of the books' codes."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from decimal import Decimal

from udsync_pipelines.domain.order import LineKind, Order
from udsync_pipelines.posting.company import Company, Regime, TaxCode
from udsync_pipelines.posting.policy import TaxPolicy
from udsync_pipelines.posting.proposal import Confidence, Finding, ShopRate, ShopSide
from udsync_pipelines.posting.tax.united_states import NOT_TAXABLE

_COUNTRY_CODE = 2  # letters, as the shop writes countries
_OUT_OF_SCOPE = ("out of scope", "hors champ", "no vat", "bas excluded")
_ZERO_RATED = ("zero-rated", "zero rated", "détaxé", "0.0% z", "gst free")
_EXEMPT = ("exempt", "exonéré")


def propose_taxes(shop: ShopSide, company: Company) -> tuple[TaxPolicy, list[Finding]]:
    """A tax map with a finding for each set of rates, and the codes of untaxed lines."""
    rates = {rate.id: rate for rate in shop.rates}
    seen = set(shop.rate_sets)
    findings = [
        _unless_unseen(_for_set(found, rates, company), found, seen) for found in rate_sets_of(shop)
    ]
    codes = {
        frozenset(finding.field.removeprefix("taxes.codes.").split("+")): finding.value
        for finding in findings
        if finding.value
    }
    untaxed, scope = _untaxed(company), _out_of_scope(company)
    policy = TaxPolicy(codes, untaxed.value or "", scope.value or "")
    return policy, [*findings, untaxed, scope]


def rate_sets_of(shop: ShopSide) -> list[frozenset[str]]:
    """Sets of rate ids that a line may bear: seen ones and those that the shop's table allows."""
    sets = {found for found in shop.rate_sets if found}
    for rate in shop.rates:
        together = _together_with(rate, shop.rates)
        sets.add(frozenset(each.id for each in together))
        shipped = frozenset(each.id for each in together if each.is_for_shipping)
        if shipped:
            sets.add(shipped)
    return sorted(sets, key=lambda found: (len(found), _in_order(found)))


def observed_rate_sets(orders: Iterable[Order]) -> list[frozenset[str]]:
    """The sets of rate ids on lines of these orders; negative fees are left out, they mix sets."""
    sets = {
        frozenset(tax.rate_id for tax in line.taxes)
        for order in orders
        for line in order.lines
        if not (line.kind is LineKind.FEE and line.total.amount < 0)
    }
    return sorted((found for found in sets if found), key=_in_order)


def _together_with(rate: ShopRate, rates: Sequence[ShopRate]) -> list[ShopRate]:
    """The rate and those of other priorities that apply at its place and class with it."""
    chosen = {rate.priority: rate}
    for other in rates:
        if other.tax_class != rate.tax_class or not _covers(other, rate):
            continue
        held = chosen.get(other.priority)
        if held is None or (other.state and not held.state):
            chosen[other.priority] = other
    chosen[rate.priority] = rate
    return list(chosen.values())


def _covers(wide: ShopRate, place: ShopRate) -> bool:
    return wide.country in ("", place.country) and wide.state in ("", place.state)


def _for_set(found: frozenset[str], rates: dict[str, ShopRate], company: Company) -> Finding:
    field = f"taxes.codes.{'+'.join(_in_order(found))}"
    unknown = [rate for rate in _in_order(found) if rate not in rates]
    if unknown:
        sentence = (
            f"Orders bear the rates {', '.join(_in_order(found))}, and the shop no longer has "
            f"{', '.join(unknown)}: choose the tax code by hand."
        )
        return Finding(field, None, Confidence.OPEN, sentence)
    parts = [rates[rate] for rate in _in_order(found)]
    matching = [code for code in _active(company) if _same_components(parts, code)]
    return _unless_foreign(_chosen(field, parts, matching), parts, company)


def _unless_foreign(finding: Finding, parts: Sequence[ShopRate], company: Company) -> Finding:
    """The tax of another country may have the height of one at home, and is not that tax."""
    foreign = sorted({part.country for part in parts} - {"", company.country.upper()})
    if not (finding.value and foreign and len(company.country) == _COUNTRY_CODE):
        return finding
    sentence = (
        f"{finding.sentence} But it is a tax of {' and '.join(foreign)}, and these books are of "
        f"{company.country}: have this confirmed by whoever files the return, or choose another."
    )
    return replace(finding, confidence=Confidence.CONFIRM, sentence=sentence)


def _unless_unseen(
    finding: Finding, found: frozenset[str], seen: Collection[frozenset[str]]
) -> Finding:
    """A set that no order bears needs no decision before one does."""
    if finding.confidence is not Confidence.OPEN or found in seen:
        return finding
    sentence = f"{finding.sentence} No order read so far bears it; one that does will be parked."
    return replace(finding, confidence=Confidence.CONFIRM, sentence=sentence)


def _chosen(field: str, parts: Sequence[ShopRate], codes: Sequence[TaxCode]) -> Finding:
    shown = " with ".join(f"{part.name} {_plain(part.percent)} %" for part in parts)
    where = _place(parts)
    choices = tuple(code.id for code in codes)
    if not codes:
        sentence = f"No tax code of the books has the rates of {shown}{where}: add or choose one."
        return Finding(field, None, Confidence.OPEN, sentence)
    if len(codes) == 1:
        sentence = f"{shown}{where} is {codes[0].name}: the only tax code with these rates."
        return Finding(field, codes[0].id, Confidence.CERTAIN, sentence, choices)
    named = [code for code in codes if _speaks_of(code, parts)]
    if len(named) == 1:
        sentence = f"{shown}{where} is {named[0].name}: of {len(codes)} codes with these rates, "
        sentence += "its name fits."
        return Finding(field, named[0].id, Confidence.LIKELY, sentence, choices)
    listed = ", ".join(code.name for code in codes)
    sentence = f"{shown}{where} could be {listed}: all have these rates, so choose one."
    return Finding(field, None, Confidence.OPEN, sentence, choices)


def _same_components(parts: Sequence[ShopRate], code: TaxCode) -> bool:
    shop = sorted((part.percent, part.is_compound) for part in parts if part.percent)
    books = sorted((part.percent, part.is_compound) for part in code.components if part.percent)
    return shop == books and bool(shop or code.components)


def _speaks_of(code: TaxCode, parts: Sequence[ShopRate]) -> bool:
    if code.is_untaxed:
        return any(word in code.name.casefold() for word in _ZERO_RATED)
    words = set(code.name.upper().replace("/", " ").replace("-", " ").split())
    states = {part.state.upper() for part in parts if part.state}
    return bool(states) and states <= words


def _untaxed(company: Company) -> Finding:
    found = _named(company, _ZERO_RATED) or _named(company, _EXEMPT)
    choices = tuple(code.id for code in _active(company) if code.is_untaxed)
    field = "taxes.untaxed"
    marker = company.tax_code(NOT_TAXABLE)
    if company.regime is not Regime.GLOBAL and marker is not None:
        sentence = f"Lines without tax are marked {NOT_TAXABLE}, as books in the United States do."
        return Finding(field, marker.id, Confidence.CERTAIN, sentence, choices)
    if found is None and len(choices) == 1:
        found = company.tax_code(choices[0])
    if found is None:
        sentence = "No tax code for lines without tax was recognised: choose one."
        return Finding(field, None, Confidence.OPEN, sentence, choices)
    sentence = (
        f"Lines without tax are proposed as {found.name}. Zero-rated and exempt sales show on the "
        "tax return, out of scope ones do not: have this confirmed by whoever files it."
    )
    return Finding(field, found.id, Confidence.CONFIRM, sentence, choices)


def _out_of_scope(company: Company) -> Finding:
    found = _named(company, _OUT_OF_SCOPE)
    choices = tuple(code.id for code in _active(company) if code.is_untaxed)
    field = "taxes.out_of_scope"
    if found is None:
        sentence = "Rounding lines take the code of lines without tax: no other was recognised."
        return Finding(field, None, Confidence.LIKELY, sentence, choices)
    sentence = f"Rounding lines take {found.name}, which stays off the tax return."
    return Finding(field, found.id, Confidence.CERTAIN, sentence, choices)


def _named(company: Company, words: Sequence[str]) -> TaxCode | None:
    found = [
        code
        for code in _active(company)
        if code.is_untaxed and any(word in code.name.casefold() for word in words)
    ]
    return found[0] if len(found) == 1 else None


def _active(company: Company) -> list[TaxCode]:
    return [code for code in company.tax_codes if code.is_active]


def _place(parts: Sequence[ShopRate]) -> str:
    states = {"-".join(name for name in (part.country, part.state) if name) for part in parts}
    named = sorted(state for state in states if state)
    return f" ({', '.join(named)})" if named else ""


def _in_order(rates: Iterable[str]) -> list[str]:
    return sorted(rates, key=lambda rate: (len(rate), rate))


def _plain(percent: Decimal) -> str:
    return f"{percent.normalize():f}"
