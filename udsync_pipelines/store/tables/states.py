"""The closed lists of words that columns may hold; each is checked by the database too."""

from enum import StrEnum


class Platform(StrEnum):
    """Where a connection leads."""

    WOOCOMMERCE = "woocommerce"
    QUICKBOOKS = "quickbooks"
    SUPABASE = "supabase"


class ConnectionState(StrEnum):
    """What the last check of a connection found."""

    UNCHECKED = "unchecked"
    HEALTHY = "healthy"
    FAILING = "failing"
    NEEDS_CONSENT = "needs_consent"


class Lane(StrEnum):
    """What one sync handles; at most one sync of a lane runs per tenant."""

    ORDERS = "orders"
    PRODUCTS = "products"
    CUSTOMERS = "customers"


class Trigger(StrEnum):
    """What asked for a sync."""

    MANUAL = "manual"
    SCHEDULE = "schedule"
    WEBHOOK = "webhook"
    BACKFILL = "backfill"


class IntentKind(StrEnum):
    """A batch of records, one write in the books, or a record that is parked."""

    BATCH = "batch"
    RECORD = "record"
    PARKED = "parked"


class Operation(StrEnum):
    """What an intent would do on the target."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    LOAD = "load"
    LINK = "link"
    NONE = "none"


class LogLevel(StrEnum):
    """How much a line of the sync log matters."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class ConflictPolicy(StrEnum):
    """Who wins when both sides changed."""

    SOURCE_WINS = "source_wins"
    TARGET_WINS = "target_wins"
    NEWEST_WINS = "newest_wins"
    MANUAL = "manual"


class ConflictState(StrEnum):
    """How far a conflict has come."""

    OPEN = "open"
    DECIDED = "decided"
    APPLIED = "applied"
    SUPERSEDED = "superseded"


class QuestionState(StrEnum):
    """How far a question to a person has come."""

    OPEN = "open"
    DECIDED = "decided"
    DISMISSED = "dismissed"


class ScheduleMode(StrEnum):
    """What a schedule reads."""

    FULL = "full"
    INCREMENTAL = "incremental"


class WebhookState(StrEnum):
    """Whether the platform still delivers."""

    ACTIVE = "active"
    PAUSED = "paused"
    DISABLED = "disabled"
    MISSING = "missing"


class DeliveryState(StrEnum):
    """How far a received delivery has come."""

    PENDING = "pending"
    CLAIMED = "claimed"
    DONE = "done"
    IGNORED = "ignored"
    FAILED = "failed"


class ProfileState(StrEnum):
    """Whether mapping rules are in use."""

    DRAFT = "draft"
    ACTIVE = "active"
    RETIRED = "retired"


class PostingPolicyState(StrEnum):
    """Whether a posting policy is in use."""

    PROPOSED = "proposed"
    ACTIVE = "active"
    RETIRED = "retired"


class RateOrigin(StrEnum):
    """Where an exchange rate is from: the books' own list, or an operator's table."""

    BOOKS = "books"
    TABLE = "table"


class Role(StrEnum):
    """What the holder of an API key may do."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"


class ReconciliationState(StrEnum):
    """Whether a day is proven to the cent."""

    PROVEN = "proven"
    EXPLAINED = "explained"
    OPEN = "open"
