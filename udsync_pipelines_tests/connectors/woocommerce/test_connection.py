"""What is in the way of reading a store, told apart."""

import socket
import ssl
from collections.abc import Callable
from zoneinfo import ZoneInfo

import httpx
import pytest

from udsync_pipelines.connectors.woocommerce.connection import StoreFacts, check_connection
from udsync_pipelines.errors import ConfigurationError, UdsyncError
from udsync_pipelines_tests.connectors.woocommerce.recordings import Handler, client, response

Answers = dict[str, Callable[[httpx.Request], httpx.Response]]

INDEX = "meta/wp_json_root_namespaces"
STATUS = "system_status/fields_version_only"


def store(**instead: str | httpx.Response | Exception) -> Handler:
    """A store in good order, except for some answers: index, root, orders, probe, status."""
    answers: dict[str, str | httpx.Response | Exception] = {
        "index": INDEX,
        "root": httpx.Response(200, content=b"<html>My shop</html>"),
        "orders": "orders/list_fields",
        "probe": "errors/auth_bad_key",
        "status": STATUS,
        **instead,
    }

    def answer(request: httpx.Request) -> httpx.Response:
        found = answers[_part(request)]
        if isinstance(found, Exception):
            raise found
        return response(found) if isinstance(found, str) else found

    return answer


def _part(request: httpx.Request) -> str:
    if "consumer_key" in request.url.params:
        return "probe"
    if request.url.path.endswith("/wp-json/"):
        return "index"
    if request.url.path.endswith("/orders"):
        return "orders"
    return "status" if request.url.path.endswith("/system_status") else "root"


def check(**instead: str | httpx.Response | Exception) -> StoreFacts:
    return check_connection(client(store(**instead)))


def fault(**instead: str | httpx.Response | Exception) -> UdsyncError:
    with pytest.raises(UdsyncError) as caught:
        check(**instead)
    assert "\n" not in str(caught.value)
    return caught.value


def caused_by(cause: Exception) -> httpx.ConnectError:
    error = httpx.ConnectError("failed")
    error.__cause__ = cause
    return error


def index(**changed: object) -> httpx.Response:
    return httpx.Response(200, json={**response(INDEX).json(), **changed})


def test_a_good_store_tells_who_it_is() -> None:
    facts = check()

    assert facts.url == "https://shop.example"
    assert (facts.name, facts.home) == ("Rig Store", "https://127.0.0.1:8765")
    assert (facts.version, facts.wordpress_version) == ("11.0.1", "7.0.4")
    assert facts.currency == "CAD"
    assert facts.uses_hpos
    assert facts.order_datastore.endswith("OrdersTableDataStore")
    assert (facts.timezone, facts.gmt_offset) == ("America/Edmonton", -7)
    assert facts.zone == ZoneInfo("America/Edmonton")


@pytest.mark.parametrize("name", ["", "Nowhere/Nothing"])
def test_a_site_without_a_place_has_a_fixed_offset(name: str) -> None:
    facts = check(index=index(timezone_string=name, gmt_offset=5.75))

    assert str(facts.zone) == "UTC+05:45"


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (caused_by(socket.gaierror(-2, "unknown")), "host_not_found"),
        (caused_by(ConnectionRefusedError()), "connection_refused"),
        (caused_by(ssl.SSLCertVerificationError("self-signed")), "certificate_untrusted"),
        (httpx.ConnectTimeout("slow"), "timeout"),
        (httpx.ConnectError("no route to host"), "unreachable"),
    ],
)
def test_an_unreachable_host_is_named_with_its_cause(failure: Exception, code: str) -> None:
    error = fault(index=failure)

    assert error.code == code
    assert "shop.example" in str(error)


def test_a_site_that_is_no_wordpress_is_said_to_be_none() -> None:
    error = fault(index=httpx.Response(404, content=b"<html>Not here</html>"))

    assert error.code == "wordpress_missing"
    assert "sub-directory" in str(error)


def test_a_page_in_place_of_the_index_is_no_wordpress_either() -> None:
    assert fault(index=httpx.Response(200, content=b"<html></html>")).code == "wordpress_missing"


def test_plain_permalinks_are_told_from_a_wrong_address() -> None:
    page = httpx.Response(404, content=b"<html>Not here</html>")

    error = fault(index=page, root=response(INDEX))

    assert error.code == "permalinks_plain"
    assert "Permalinks" in str(error)


def test_a_wordpress_without_woocommerce_is_said_to_lack_it() -> None:
    assert fault(index=index(namespaces=["wp/v2"])).code == "woocommerce_missing"


def test_maintenance_mode_asks_to_wait() -> None:
    assert fault(index="errors/wordpress_maintenance_mode").code == "maintenance"


def test_a_redirect_names_the_address_to_connect() -> None:
    moved = httpx.Response(301, headers={"Location": "https://www.shop.example/wp-json/"})

    error = fault(index=moved)

    assert error.code == "redirected"
    assert "www.shop.example" in str(error)


def test_a_closed_rest_api_is_told_from_a_firewall() -> None:
    closed = {"code": "rest_cannot_access", "message": "Only users.", "data": {"status": 401}}

    by_plugin = fault(index=httpx.Response(401, json=closed))
    by_firewall = fault(index=httpx.Response(403, content=b"<html>Denied</html>"))

    assert by_plugin.code == "rest_api_closed"
    assert by_firewall.code == "blocked"


def test_a_wrong_secret_is_told_from_an_unknown_key() -> None:
    assert fault(orders="errors/auth_bad_secret").code == "secret_wrong"
    assert fault(orders="errors/auth_bad_key").code == "key_unknown"


def test_a_lost_header_is_told_from_an_unknown_key() -> None:
    # Asked with the key in the address and a false secret, the store blames the secret.
    error = fault(orders="errors/auth_none", probe="errors/auth_bad_secret")

    assert error.code == "header_stripped"


def test_the_probe_for_a_lost_header_never_sends_the_secret() -> None:
    addresses: list[str] = []
    answer = store(orders="errors/auth_none")

    def listening(request: httpx.Request) -> httpx.Response:
        addresses.append(str(request.url))
        return answer(request)

    with pytest.raises(ConfigurationError):
        check_connection(client(listening))

    assert any("ck_test" in address for address in addresses)
    assert not any("cs_secret" in address for address in addresses)


def test_a_proxy_that_hides_https_is_told_from_an_unknown_key() -> None:
    error = fault(
        index=index(home="http://shop.example"), orders="errors/auth_basic_over_plain_http"
    )

    assert error.code == "https_unnoticed"
    assert "X-Forwarded-Proto" in str(error)


def test_a_write_only_key_is_said_to_lack_read_permission() -> None:
    refused = {
        "code": "woocommerce_rest_authentication_error",
        "message": "The API key provided does not have read permissions.",
        "data": {"status": 401},
    }

    assert fault(orders=httpx.Response(401, json=refused)).code == "key_cannot_read"


def test_a_user_without_rights_is_told_to_be_a_shop_manager() -> None:
    refused = {"code": "woocommerce_rest_cannot_view", "message": "No.", "data": {"status": 403}}

    assert fault(orders=httpx.Response(403, json=refused)).code == "user_lacks_rights"
