"""What a person does in the books while a sync writes."""

from udsync_pipelines_tests.chaos.kinds import PLACES, Side
from udsync_pipelines_tests.chaos.schedule import Hand, Interference
from udsync_pipelines_tests.chaos.shopping import email_of, name_of
from udsync_pipelines_tests.chaos.world import Place
from udsync_pipelines_tests.scenarios.books_evidence import PREFIX, SALES, Json, by_number

_FAR = "2099-12-31"


def prepare(place: Place, one: Interference) -> bool:
    """Let the person act right before a write; False when there is nothing to act upon."""
    action = _action(place, one)
    if action is None:
        return False
    method, path = PLACES[Side.BOOKS]["any write"]
    place.company.faults.add(
        "act", method=method, path=path, nth=one.nth, when="before", actions=[action]
    )
    return True


def _action(place: Place, one: Interference) -> Json | None:
    match one.hand:
        case Hand.CLOSED:
            return {"action": "close_books", "day": _FAR}
        case Hand.NAMESAKE | Hand.NAMESAKE_WITH_EMAIL:
            return _namesake(place, one)
    return _on_document(place, one)


def _namesake(place: Place, one: Interference) -> Json:
    place.doubled.add(one.about)
    body: Json = {"DisplayName": f"Robin {name_of(one.about)}"}
    if one.hand is Hand.NAMESAKE_WITH_EMAIL:
        body["PrimaryEmailAddr"] = {"Address": email_of(one.about)}
    return {"action": "create", "entity": "Customer", "body": body}


def _on_document(place: Place, one: Interference) -> Json | None:
    order = place.orders[one.about]
    found = by_number(place.company, *SALES).get(f"{PREFIX}-{order}", [])
    if not found:
        return None
    document = found[0]
    place.touched.add(order)
    on_it = {"entity": document["entity"], "record_id": document["Id"]}
    note = {"PrivateNote": f"{document['PrivateNote']} checked"}
    actions: dict[Hand, Json] = {
        Hand.EDITED: {"action": "edit", **on_it, "changes": note},
        Hand.VOIDED: {"action": "void", **on_it},
        Hand.DELETED: {"action": "delete", **on_it},
        Hand.DEPOSITED: {"action": "deposit", "record_ids": [document["Id"]]},
    }
    return actions[one.hand]
