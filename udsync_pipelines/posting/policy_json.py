"""A posting policy as JSON and back, with errors that name the field and the reason."""

import json
from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import date
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from enum import StrEnum
from typing import TypeAlias, TypeVar

from udsync_pipelines.posting.policy import (
    SCHEMA,
    AutomatedTaxRule,
    BundleRule,
    ClosedPeriodRule,
    CustomerCreation,
    CustomerStrategy,
    DateBasis,
    DocumentForm,
    ExchangeRatePolicy,
    GatewayPolicy,
    GiftCardPolicy,
    GuestWithoutEmail,
    ItemPolicy,
    NewItemPolicy,
    PostingPolicy,
    RateDirection,
    RateSource,
    RefundForm,
    TaxPolicy,
    TipPolicy,
    invalid,
    version_of,
)

Json: TypeAlias = bool | int | str | list["Json"] | dict[str, "Json"] | None
Choice = TypeVar("Choice", bound=StrEnum)
_SCHEMA_FIELD = "schema"


def policy_to_json(policy: PostingPolicy) -> dict[str, Json]:
    """The policy as JSON values: amounts as text, sets sorted, so that equal policies are equal."""
    return {
        _SCHEMA_FIELD: SCHEMA,
        "form": policy.form.value,
        "status_forms": {name: form.value for name, form in sorted(policy.status_forms.items())},
        "posting_statuses": [*sorted(policy.posting_statuses)],
        "invoice_statuses": [*sorted(policy.invoice_statuses)],
        "date_basis": policy.date_basis.value,
        "timezone": policy.timezone,
        "start_on": policy.start_on.isoformat() if policy.start_on else None,
        "closed_period": policy.closed_period.value,
        "gateways": {name: _gateway_json(rules) for name, rules in sorted(policy.gateways.items())},
        "items": {part.name: getattr(policy.items, part.name) for part in fields(ItemPolicy)},
        "new_items": {
            part.name: getattr(policy.new_items, part.name) for part in fields(NewItemPolicy)
        },
        "taxes": _taxes_json(policy.taxes),
        "gift_cards": {
            "item": policy.gift_cards.item,
            "sold": [*policy.gift_cards.sold],
            "redeemed": [*policy.gift_cards.redeemed],
        },
        "tips": {"item": policy.tips.item, "lines": [*policy.tips.lines]},
        "bundles": policy.bundles.value,
        "exchange_rates": {
            "source": policy.exchange_rates.source.value,
            "oldest_days": policy.exchange_rates.oldest_days,
            "order_field": policy.exchange_rates.order_field,
            "order_field_is": policy.exchange_rates.order_field_is.value,
        },
        "customer_strategy": policy.customer_strategy.value,
        "guest_without_email": policy.guest_without_email.value,
        "customer_creation": policy.customer_creation.value,
        "prefix": policy.prefix,
        "number_pattern": policy.number_pattern,
        "refund_form": policy.refund_form.value,
        "due_days": policy.due_days,
        "rounding_limit": str(policy.rounding_limit),
        "moved_cents_limit": policy.moved_cents_limit,
        "untaxed_share_limit": str(policy.untaxed_share_limit),
        "allow_override": policy.allow_override,
        "automated_tax": policy.automated_tax.value,
    }


def policy_from_json(values: object) -> PostingPolicy:
    """The policy of JSON values; what is left out has its default.

    Raises:
        ConfigurationError: a field is unknown or wrong; the message names it and says why.
    """
    given = dict(_mapping("JSON", values))
    schema = given.pop(_SCHEMA_FIELD, SCHEMA)
    if schema != SCHEMA:
        raise invalid(_SCHEMA_FIELD, f"is {schema!r}, and this version reads {SCHEMA} only")
    _refuse_unknown("", given, _READERS)
    read = {name: _READERS[name](name, value) for name, value in given.items()}
    return PostingPolicy(**read)  # type: ignore[arg-type]  # each reader gives its field's type


def policy_from_text(text: str) -> PostingPolicy:
    """The policy of a JSON text.

    Raises:
        ConfigurationError: it is no JSON, or as `policy_from_json`.
    """
    try:
        values = json.loads(text, parse_float=Decimal)
    except json.JSONDecodeError as error:
        reason = f"is no JSON: line {error.lineno}, column {error.colno}, {error.msg}"
        raise invalid("text", reason) from error
    except RecursionError as error:
        raise invalid("text", "is nested too deeply") from error
    return policy_from_json(values)


def policy_version(policy: PostingPolicy) -> str:
    """The policy's version: 16 hexadecimal digits that change with any decision in it."""
    return version_of(policy_to_json(policy))


def _gateway_json(rules: GatewayPolicy) -> Json:
    return {
        "account_id": rules.account_id,
        "payment_method_id": rules.payment_method_id,
        "form": rules.form.value if rules.form else None,
    }


def _taxes_json(taxes: TaxPolicy) -> Json:
    codes: list[Json] = [
        {"rates": [*sorted(rates)], "code": code}
        for rates, code in sorted(taxes.codes.items(), key=lambda entry: sorted(entry[0]))
    ]
    return {"codes": codes, "untaxed": taxes.untaxed, "out_of_scope": taxes.out_of_scope}


def _mapping(name: str, value: object) -> Mapping[str, object]:
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise invalid(name, f"must be an object with named values, not {_shown(value)}")
    return value


def _refuse_unknown(where: str, given: Mapping[str, object], known: Mapping[str, object]) -> None:
    for name in given:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f"; did you mean {where}{near[0]}" if near else ""
            raise invalid(f"{where}{name}", f"is not known{hint}")


def _text(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise invalid(name, f"must be text, not {_shown(value)}")
    return value


def _text_or_none(name: str, value: object) -> str | None:
    return None if value is None else _text(name, value)


def _flag(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise invalid(name, f"must be true or false, not {_shown(value)}")
    return value


def _whole(name: str, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise invalid(name, f"must be a whole number, not {_shown(value)}")
    return value


def _amount(name: str, value: object) -> Decimal:
    try:
        amount = Decimal(str(value)) if isinstance(value, str | int | Decimal) else None
    except InvalidOperation:
        amount = None
    if amount is None or isinstance(value, bool) or not amount.is_finite():
        raise invalid(name, f'must be an amount written as text ("0.05"), not {_shown(value)}')
    return amount


def _day_or_none(name: str, value: object) -> date | None:
    if value is None:
        return None
    try:
        return date.fromisoformat(_text(name, value))
    except ValueError as error:
        raise invalid(name, f"must be a day as 2026-01-31, not {_shown(value)}") from error


def _choice(kind: type[Choice]) -> Callable[[str, object], Choice]:
    def read(name: str, value: object) -> Choice:
        known = [entry.value for entry in kind]
        if value not in known:
            raise invalid(name, f"must be {_or(known)}, not {_shown(value)}")
        return kind(str(value))

    return read


def _statuses(name: str, value: object) -> frozenset[str]:
    if not isinstance(value, list | tuple):
        raise invalid(name, f"must be a list of order statuses, not {_shown(value)}")
    return frozenset(_text(f"{name}[{place}]", status) for place, status in enumerate(value))


def _status_forms(name: str, value: object) -> dict[str, DocumentForm]:
    read = _choice(DocumentForm)
    return {key: read(f"{name}.{key}", form) for key, form in _mapping(name, value).items()}


def _gateways(name: str, value: object) -> dict[str, GatewayPolicy]:
    return {key: _gateway(f"{name}.{key}", rules) for key, rules in _mapping(name, value).items()}


def _gateway(name: str, value: object) -> GatewayPolicy:
    given = _mapping(name, value)
    _refuse_unknown(f"{name}.", given, {part.name: None for part in fields(GatewayPolicy)})
    form = given.get("form")
    return GatewayPolicy(
        account_id=_text_or_none(f"{name}.account_id", given.get("account_id")),
        payment_method_id=_text_or_none(
            f"{name}.payment_method_id", given.get("payment_method_id")
        ),
        form=None if form is None else _choice(DocumentForm)(f"{name}.form", form),
    )


def _items(name: str, value: object) -> ItemPolicy:
    given = _mapping(name, value)
    _refuse_unknown(f"{name}.", given, {part.name: None for part in fields(ItemPolicy)})
    return ItemPolicy(**{key: _text(f"{name}.{key}", item) for key, item in given.items()})


def _new_items(name: str, value: object) -> NewItemPolicy:
    given = _mapping(name, value)
    _refuse_unknown(f"{name}.", given, {part.name: None for part in fields(NewItemPolicy)})
    return NewItemPolicy(**{key: _text(f"{name}.{key}", text) for key, text in given.items()})


def _texts(name: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list | tuple):
        raise invalid(name, f"must be a list of texts, not {_shown(value)}")
    return tuple(_text(f"{name}[{place}]", each) for place, each in enumerate(value))


def _gift_cards(name: str, value: object) -> GiftCardPolicy:
    given = _mapping(name, value)
    _refuse_unknown(f"{name}.", given, {part.name: None for part in fields(GiftCardPolicy)})
    return GiftCardPolicy(
        item=_text(f"{name}.item", given.get("item", "")),
        sold=_texts(f"{name}.sold", given.get("sold", [])),
        redeemed=_texts(f"{name}.redeemed", given.get("redeemed", [])),
    )


def _tips(name: str, value: object) -> TipPolicy:
    given = _mapping(name, value)
    _refuse_unknown(f"{name}.", given, {part.name: None for part in fields(TipPolicy)})
    return TipPolicy(
        item=_text(f"{name}.item", given.get("item", "")),
        lines=_texts(f"{name}.lines", given.get("lines", [])),
    )


def _exchange_rates(name: str, value: object) -> ExchangeRatePolicy:
    given = _mapping(name, value)
    _refuse_unknown(f"{name}.", given, _RATE_READERS)
    read = {key: _RATE_READERS[key](f"{name}.{key}", each) for key, each in given.items()}
    return ExchangeRatePolicy(**read)  # type: ignore[arg-type]  # each reader gives its field's type


def _taxes(name: str, value: object) -> TaxPolicy:
    given = _mapping(name, value)
    _refuse_unknown(f"{name}.", given, {part.name: None for part in fields(TaxPolicy)})
    entries = given.get("codes", [])
    if not isinstance(entries, list | tuple):
        raise invalid(f"{name}.codes", 'must be a list of {"rates": […], "code": "…"}')
    codes: dict[frozenset[str], str] = {}
    for place, entry in enumerate(entries):
        rates, code = _tax_entry(f"{name}.codes[{place}]", entry)
        if rates in codes:
            raise invalid(f"{name}.codes[{place}]", "maps a set of rates that is mapped already")
        codes[rates] = code
    return TaxPolicy(
        codes=codes,
        untaxed=_text(f"{name}.untaxed", given.get("untaxed", "")),
        out_of_scope=_text(f"{name}.out_of_scope", given.get("out_of_scope", "")),
    )


def _tax_entry(name: str, value: object) -> tuple[frozenset[str], str]:
    entry = _mapping(name, value)
    _refuse_unknown(f"{name}.", entry, {"rates": None, "code": None})
    rates = entry.get("rates")
    if not isinstance(rates, list | tuple) or not rates:
        raise invalid(f"{name}.rates", "must be a list of the shop's rate ids, one at least")
    read = frozenset(_text(f"{name}.rates[{place}]", rate) for place, rate in enumerate(rates))
    return read, _text(f"{name}.code", entry.get("code"))


def _or(values: list[str]) -> str:
    return " or ".join(values) if len(values) <= 2 else ", ".join(values[:-1]) + f" or {values[-1]}"  # noqa: PLR2004 - a comma needs three


def _shown(value: object) -> str:
    text = json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= 40 else f"{text[:39]}…"  # noqa: PLR2004 - enough to recognise it


_RATE_READERS: dict[str, Callable[[str, object], object]] = {
    "source": _choice(RateSource),
    "oldest_days": _whole,
    "order_field": _text,
    "order_field_is": _choice(RateDirection),
}
_READERS: dict[str, Callable[[str, object], object]] = {
    "form": _choice(DocumentForm),
    "status_forms": _status_forms,
    "posting_statuses": _statuses,
    "invoice_statuses": _statuses,
    "date_basis": _choice(DateBasis),
    "timezone": _text,
    "start_on": _day_or_none,
    "closed_period": _choice(ClosedPeriodRule),
    "gateways": _gateways,
    "items": _items,
    "new_items": _new_items,
    "taxes": _taxes,
    "gift_cards": _gift_cards,
    "tips": _tips,
    "bundles": _choice(BundleRule),
    "exchange_rates": _exchange_rates,
    "customer_strategy": _choice(CustomerStrategy),
    "guest_without_email": _choice(GuestWithoutEmail),
    "customer_creation": _choice(CustomerCreation),
    "prefix": _text,
    "number_pattern": _text,
    "refund_form": _choice(RefundForm),
    "due_days": _whole,
    "rounding_limit": _amount,
    "moved_cents_limit": _whole,
    "untaxed_share_limit": _amount,
    "allow_override": _flag,
    "automated_tax": _choice(AutomatedTaxRule),
}
