"""Sealing: opens only where it was sealed, with the key that sealed it, unchanged."""

import pickle
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines.store.secrets import MultiKey, SecretPlace, decode, encode, key_id_of

OLD, NEW = bytes(range(32)), bytes(range(32, 64))
KEYS = MultiKey({"k1": OLD}, "k1")
BOTH = MultiKey({"k2": NEW, "k1": OLD}, "k2")

places = st.builds(
    SecretPlace, st.uuids(), st.sampled_from(["woocommerce", "quickbooks"]), st.text(max_size=20)
)
texts = st.text(max_size=200)


@given(texts, places)
def test_a_secret_opens_where_it_was_sealed(secret: str, place: SecretPlace) -> None:
    sealed = KEYS.seal(secret, place)

    assert KEYS.open(sealed, place) == secret
    assert sealed.startswith("u1.k1.")


@given(texts, places, places)
def test_a_secret_moved_to_another_place_does_not_open(
    secret: str, place: SecretPlace, other: SecretPlace
) -> None:
    sealed = KEYS.seal(secret, place)

    if place != other:
        with pytest.raises(ConfigurationError, match="connect again"):
            KEYS.open(sealed, other)


@pytest.mark.parametrize(
    "other",
    [
        SecretPlace(UUID(int=2), "woocommerce", "consumer_secret"),
        SecretPlace(UUID(int=1), "quickbooks", "consumer_secret"),
        SecretPlace(UUID(int=1), "woocommerce", "consumer_key"),
    ],
    ids=["tenant", "platform", "name"],
)
def test_tenant_platform_and_name_each_bind_a_secret(other: SecretPlace) -> None:
    sealed = KEYS.seal("hush-hush", SecretPlace(UUID(int=1), "woocommerce", "consumer_secret"))

    with pytest.raises(ConfigurationError, match="connect again"):
        KEYS.open(sealed, other)


def test_places_that_read_the_same_when_joined_stay_apart() -> None:
    sealed = KEYS.seal("hush-hush", SecretPlace(UUID(int=1), "a", '","b'))

    with pytest.raises(ConfigurationError, match="cannot be opened"):
        KEYS.open(sealed, SecretPlace(UUID(int=1), 'a","', "b"))


@given(texts, places, st.data())
def test_a_secret_with_one_changed_bit_does_not_open(
    secret: str, place: SecretPlace, data: st.DataObject
) -> None:
    version, key_id, content = KEYS.seal(secret, place).split(".")
    raw = bytearray(decode(content) or b"")
    bit = data.draw(st.integers(0, len(raw) * 8 - 1))
    raw[bit // 8] ^= 1 << (bit % 8)

    with pytest.raises(ConfigurationError):
        KEYS.open(f"{version}.{key_id}.{encode(bytes(raw))}", place)


@given(texts, places, st.data())
def test_a_secret_with_one_changed_character_does_not_open(
    secret: str, place: SecretPlace, data: st.DataObject
) -> None:
    sealed = KEYS.seal(secret, place)
    position = data.draw(st.integers(0, len(sealed) - 1))
    character = data.draw(st.characters().filter(lambda c: c != sealed[position]))

    with pytest.raises(ConfigurationError):
        KEYS.open(sealed[:position] + character + sealed[position + 1 :], place)


@given(texts, places, st.data())
def test_a_secret_that_was_cut_short_does_not_open(
    secret: str, place: SecretPlace, data: st.DataObject
) -> None:
    sealed = KEYS.seal(secret, place)
    length = data.draw(st.integers(0, len(sealed) - 1))

    with pytest.raises(ConfigurationError):
        KEYS.open(sealed[:length], place)


@given(texts, places)
def test_the_same_secret_never_looks_the_same_twice(secret: str, place: SecretPlace) -> None:
    assert KEYS.seal(secret, place) != KEYS.seal(secret, place)


@given(texts, places)
def test_a_secret_sealed_again_opens_with_the_new_key_alone(
    secret: str, place: SecretPlace
) -> None:
    resealed = BOTH.reseal(KEYS.seal(secret, place), place)

    assert key_id_of(resealed) == "k2"
    assert MultiKey({"k2": NEW}, "k2").open(resealed, place) == secret
    assert BOTH.reseal(resealed, place) == resealed


def test_a_key_that_is_not_given_is_named(place_of_test: SecretPlace) -> None:
    sealed = KEYS.seal("hush-hush", place_of_test)

    with pytest.raises(ConfigurationError, match="'k1', which is not given"):
        MultiKey({"k2": NEW}, "k2").open(sealed, place_of_test)


def test_another_key_with_the_same_id_is_found_by_the_check_value() -> None:
    check_value = KEYS.check_value()

    KEYS.confirm(check_value)
    with pytest.raises(ConfigurationError, match="Wrong key: 'k1'"):
        MultiKey({"k1": NEW}, "k1").confirm(check_value)


def test_a_check_value_does_not_pass_for_a_secret(place_of_test: SecretPlace) -> None:
    with pytest.raises(ConfigurationError):
        KEYS.open(KEYS.check_value(), place_of_test)


def test_keys_show_in_no_text_and_are_not_pickled() -> None:
    shown = f"{BOTH!r} {BOTH!s}"

    assert shown.startswith("MultiKey(ids=['k1', 'k2'], primary='k2')")
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(BOTH)


@pytest.mark.parametrize(
    ("keys", "primary"),
    [({"k1": b"short"}, "k1"), ({"k.1": OLD}, "k.1"), ({"": OLD}, ""), ({"k1": OLD}, "k2")],
)
def test_keys_that_cannot_be_used_are_refused(keys: dict[str, bytes], primary: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        MultiKey(keys, primary)

    assert "short" not in str(caught.value)


@pytest.mark.parametrize(
    "sealed", ["", "hush-hush", "u2.k1.AAAA", "u1.k1", "u1..AAAA", "u1.k1.a.b"]
)
def test_a_value_that_was_never_sealed_is_refused_without_repeating_it(
    sealed: str, place_of_test: SecretPlace
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        KEYS.open(sealed, place_of_test)

    assert "hush-hush" not in str(caught.value)


@pytest.fixture
def place_of_test() -> SecretPlace:
    return SecretPlace(UUID(int=1), "woocommerce", "consumer_secret")
