"""Single fields of a posting policy by their path, as `gateways.stripe.account_id`.

Paths are those of the JSON form, but for tax codes, which are named by their rates:
`taxes.codes.1+2`. A gateway's own id may hold dots and colons (`stripe:USD`).
"""

from collections.abc import Iterator
from dataclasses import fields
from difflib import get_close_matches
from typing import TypeAlias

from udsync_pipelines.posting.policy import GatewayPolicy, PostingPolicy, invalid
from udsync_pipelines.posting.policy_json import Json, policy_from_json, policy_to_json

_Object: TypeAlias = dict[str, Json]

_GATEWAY_PARTS = tuple(part.name for part in fields(GatewayPolicy))
_NOTHING = frozenset({"", "none", "null"})
_FLAGS = {"true": True, "yes": True, "false": False, "no": False}
_NULLABLE = frozenset({"start_on", "gateways"})
_REFERENCES = frozenset({"items", "new_items", "taxes", "gift_cards", "tips"})


def field_of(policy: PostingPolicy, path: str) -> Json:
    """What the policy holds at this path; None where it holds nothing.

    Raises:
        ConfigurationError: there is no such field.
    """
    owner, name = _place(_values_of(policy), path)
    return owner.get(name)


def with_field(policy: PostingPolicy, path: str, text: str) -> PostingPolicy:
    """The policy with another value at this path, written as a person types it.

    Lists are separated by commas. An empty text clears a field; it removes a gateway
    (`gateways.stripe`), the form of a status (`status_forms.on-hold`) or a set of rates.

    Raises:
        ConfigurationError: there is no such field, or the text is no value for it; the message
            names the field and the reason.
    """
    values = _values_of(policy)
    owner, name = _place(values, path)
    if _is_entry(path) and text.strip().lower() in _NOTHING:
        owner.pop(name, None)
    elif isinstance(owner.get(name), dict) or (path.startswith("gateways.") and _is_entry(path)):
        raise invalid(path, f"has fields of its own: set one of them, as {path}.{_part_of(path)}")
    else:
        owner[name] = _value(path, owner.get(name), text.strip())
    return _policy_of(values)


def paths_of(policy: PostingPolicy) -> tuple[str, ...]:
    """The paths of all fields that the policy holds, in the order of its JSON form."""
    return tuple(_paths(_values_of(policy)))


def _paths(values: _Object, before: str = "") -> Iterator[str]:
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _paths(value, f"{before}{name}.")
        else:
            yield f"{before}{name}"


def _values_of(policy: PostingPolicy) -> _Object:
    """The JSON form with tax codes named by their rates, and without its schema."""
    values = policy_to_json(policy)
    values.pop("schema")
    codes = {_key(rates): code for rates, code in policy.taxes.codes.items()}
    values["taxes"] = {**_object(values["taxes"]), "codes": dict(codes)}
    return values


def _policy_of(values: _Object) -> PostingPolicy:
    taxes = _object(values["taxes"])
    codes: list[Json] = [
        {"rates": [*rates.split("+")], "code": code}
        for rates, code in _object(taxes["codes"]).items()
    ]
    return policy_from_json({**values, "taxes": {**taxes, "codes": codes}})


def _place(values: _Object, path: str) -> tuple[_Object, str]:
    """The object that holds, or may hold, the field of this path, and its name there."""
    section, _, rest = path.partition(".")
    if section in values and not rest:
        return values, section
    if section == "gateways" and rest:
        return _place_in_gateways(_object(values["gateways"]), rest)
    if path.startswith("taxes.codes.") and all(rates := _split(path)):
        return _object(_object(values["taxes"])["codes"]), _key(rates)
    owner = values.get(section)
    if isinstance(owner, dict) and rest and (section == "status_forms" or rest in owner):
        return owner, rest
    raise _unknown(values, path)


def _place_in_gateways(gateways: _Object, rest: str) -> tuple[_Object, str]:
    gateway, _, part = rest.rpartition(".")
    if not gateway or part not in _GATEWAY_PARTS:
        return gateways, rest
    rules = gateways.setdefault(gateway, dict.fromkeys(_GATEWAY_PARTS))
    return _object(rules), part


def _unknown(values: _Object, path: str) -> Exception:
    near = get_close_matches(path, [*_paths(values), *values], n=1)
    return invalid(path, f"is not known{f'; did you mean {near[0]}' if near else ''}")


def _is_entry(path: str) -> bool:
    """True when the path names an entry that the shop's own names allow, and not a part of it."""
    if path.startswith("gateways."):
        return path.rpartition(".")[2] not in _GATEWAY_PARTS
    return path.startswith(("status_forms.", "taxes.codes."))


def _part_of(path: str) -> str:
    return _GATEWAY_PARTS[0] if path.startswith("gateways.") else "NAME"


def _value(path: str, current: Json, text: str) -> Json:
    section = path.partition(".")[0]
    if isinstance(current, list):
        return [part.strip() for part in text.split(",") if part.strip()]
    if isinstance(current, bool):
        return _FLAGS.get(text.lower(), text)
    if isinstance(current, int):
        return int(text) if text.isascii() and text.isdecimal() else text
    if section in _NULLABLE:
        return text if text.lower() not in _NOTHING else None
    return "" if section in _REFERENCES and text.lower() in _NOTHING else text


def _split(path: str) -> list[str]:
    return [rate.strip() for rate in path.removeprefix("taxes.codes.").split("+")]


def _key(rates: frozenset[str] | list[str]) -> str:
    return "+".join(sorted(set(rates), key=lambda rate: (len(rate), rate)))


def _object(value: Json) -> _Object:
    if not isinstance(value, dict):
        raise TypeError("this part of a policy's JSON form is an object")
    return value
