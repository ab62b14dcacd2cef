"""What holds for every profile: sound ones are deterministic, broken ones never load."""

import copy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from udsync_pipelines.domain.money import Money
from udsync_pipelines.mapping import from_json, load_profile, to_json
from udsync_pipelines.mapping.registry import function_names
from udsync_pipelines_tests.domain.records import order_line, paid_order
from udsync_pipelines_tests.mapping.profiles import profile_form, reasons_against

TEXTS = st.text(max_size=30)
TEXT_SOURCES = [
    "number", "status", "billing.first_name", "billing.city", "customer_id", "meta.po_number",
    "raw.note", "lines.0.name", "lines[kind=shipping].sku", "raw.meta_data[key=a].value",
]  # fmt: skip
TEXT_STEPS: list[Any] = [
    "trim", "upper", "lower", "title", "slug", "strip_html", "normalise_spaces", "unescape_html",
    {"function": "truncate", "limit": 5, "ellipsis": "…"},
    {"function": "replace", "old": "a", "new": "b"},
    {"function": "regex_replace", "pattern": "\\s+", "replacement": "_"},
    {"function": "default", "value": "none"},
    {"function": "split", "separator": "-", "index": 0},
    {"function": "pad", "length": 4, "fill": "0"},
    {"function": "conditional", "matches": "^[A-Z]", "then": "capital"},
]  # fmt: skip
ORIGINS = st.one_of(
    st.fixed_dictionaries({"source": st.sampled_from(TEXT_SOURCES)}),
    st.fixed_dictionaries({"value": TEXTS}),
)
RULES = st.builds(
    lambda origin, steps, extra: {**origin, "apply": steps, **extra},
    ORIGINS,
    st.lists(st.sampled_from(TEXT_STEPS), max_size=4),
    st.sampled_from([{}, {"when": {"source": "status", "in": ["completed", "x"]}}]),
)


def _numbered(rules: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"target": f"t{number}", **rule} for number, rule in enumerate(rules)]


SOUND = st.lists(RULES, min_size=1, max_size=8).map(_numbered).map(lambda r: profile_form(*r))
RAWS = st.fixed_dictionaries(
    {"note": TEXTS, "meta_data": st.lists(st.fixed_dictionaries({"key": TEXTS, "value": TEXTS}))}
)
ORDERS = st.builds(
    lambda number, status, name: paid_order(
        number=number, status=status, lines=(order_line(name=name),)
    ),
    TEXTS,
    st.sampled_from(["completed", "pending"]),
    TEXTS,
)


@given(SOUND, ORDERS, RAWS)
def test_the_same_record_always_gives_the_same_rows(
    form: dict[str, Any], order: Any, raw: dict[str, Any]
) -> None:
    once = load_profile(form).apply(order, raw)

    assert load_profile(copy.deepcopy(form)).apply(order, copy.deepcopy(raw)) == once


@given(SOUND, ORDERS, RAWS)
def test_applying_a_profile_changes_neither_record_nor_raw_json(
    form: dict[str, Any], order: Any, raw: dict[str, Any]
) -> None:
    order_before, raw_before = copy.deepcopy(order), copy.deepcopy(raw)

    load_profile(form).apply(order, raw)

    assert (order, raw) == (order_before, raw_before)


@given(SOUND)
def test_exporting_and_importing_a_profile_is_the_identity(form: dict[str, Any]) -> None:
    profile = load_profile(form)

    imported = from_json(to_json(profile))

    assert imported == profile
    assert imported.version == profile.version
    assert to_json(imported) == to_json(profile)


@given(SOUND, ORDERS, RAWS)
def test_an_imported_profile_gives_the_rows_of_the_original(
    form: dict[str, Any], order: Any, raw: dict[str, Any]
) -> None:
    profile = load_profile(form)

    assert from_json(to_json(profile)).apply(order, raw) == profile.apply(order, raw)


@given(st.decimals(-(10**12), 10**12, places=4))
def test_an_amount_travels_through_a_profile_to_the_last_digit(amount: Any) -> None:
    profile = load_profile(profile_form({"target": "total", "source": "total.amount"}))

    rows = profile.apply(paid_order(total=Money(amount, "EUR")), {})

    assert rows["orders"][0]["total"] is amount


NOT_NAMES = st.text(st.sampled_from("abcdefgh_"), min_size=1).filter(
    lambda name: name not in function_names()
)
UNKNOWN_FIELDS = st.text(st.sampled_from("abcdefgh_"), min_size=1).filter(
    lambda name: not hasattr(paid_order(), name)
)
NO_PATH = st.sampled_from(["", "a..b", ".a", "a[", "a[=]", "a b"]) | st.integers() | st.none()
NO_CHAIN = st.sampled_from([5, "trim", {}, [5], [None], [["trim"]], [{}], [{"function": 5}]])
BREAKS: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.fixed_dictionaries({"source": UNKNOWN_FIELDS}),
    st.fixed_dictionaries({"source": NO_PATH}),
    st.fixed_dictionaries({"value": st.floats() | st.none() | st.lists(TEXTS) | st.binary()}),
    st.fixed_dictionaries({"source": st.just("id"), "value": TEXTS}),
    st.fixed_dictionaries({"sources": st.just(["id", "number"])}),
    st.fixed_dictionaries({"source": st.just("id"), "apply": NO_CHAIN}),
    st.fixed_dictionaries({"source": st.just("id"), "apply": st.lists(NOT_NAMES, min_size=1)}),
    st.fixed_dictionaries({"source": st.just("id"), "when": st.integers() | TEXTS | st.just({})}),
    st.fixed_dictionaries({"source": st.just("id"), "required": st.integers() | TEXTS}),
    st.builds(
        lambda name, argument: {"source": "id", "apply": [{"function": name, argument: 1}]},
        st.sampled_from(sorted(function_names())),
        st.text(st.sampled_from("xyz"), min_size=1),
    ),
    st.builds(
        lambda length: {"source": "id", "apply": [{"function": "left", "length": length}]},
        st.floats() | TEXTS | st.none() | st.booleans() | st.integers(max_value=0),
    ),
)


@given(SOUND, BREAKS, st.integers(0, 8))
def test_a_profile_with_one_broken_rule_is_always_refused(
    form: dict[str, Any], broken: dict[str, Any], place: int
) -> None:
    ((block,),) = form["directions"].values()
    rules = [*block["rules"][:place], {"target": "broken", **broken}, *block["rules"][place:]]

    refused = reasons_against(profile_form(*rules))

    assert "(broken)" in refused
    assert all("(broken)" in line for line in refused.splitlines())


@given(SOUND, st.sampled_from(["known", "owned", "duplicate"]), st.data())
def test_a_rule_for_a_target_that_is_not_its_own_is_always_refused(
    form: dict[str, Any], why: str, data: st.DataObject
) -> None:
    ((block,),) = form["directions"].values()
    targets = [rule["target"] for rule in block["rules"]]
    victim = data.draw(st.sampled_from(targets))
    if why == "duplicate":
        form = profile_form(*block["rules"], {"target": victim, "value": 1})
    known = {"orders": [name for name in targets if why != "known" or name != victim]}

    refused = reasons_against(form, known, [victim] if why == "owned" else [])

    assert f"({victim})" in refused


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=10,
)
KEYS = ["target", "source", "sources", "value", "apply", "when", "required", "note"]


@given(st.lists(st.dictionaries(st.sampled_from(KEYS), JSON) | JSON), JSON, JSON)
def test_whatever_is_loaded_is_a_profile_or_a_mapping_error(
    rules: list[Any], each: Any, chain: Any
) -> None:
    junk = {"target": "t", "source": "id", "apply": chain, "when": each}
    form = profile_form(*rules, junk, each=each)

    refused = reasons_against(form)

    assert refused.startswith("profile order")


@given(JSON, JSON)
def test_any_data_is_a_profile_or_a_mapping_error(entity: Any, directions: Any) -> None:
    assert reasons_against({"entity": entity, "directions": directions}).startswith("profile")
