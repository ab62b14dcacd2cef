"""Every error udsync raises on purpose, grouped by what cures it.

```text
UdsyncError
├─ RetryableError            wait, then the same again
│  ├─ RateLimitedError         the platform asks for a pause
│  └─ PlatformUnavailableError the platform, or the way to it, is down
├─ RecordRejectedError       park this record with its reason, go on with the rest
├─ ConflictError             both sides changed: the policy or an operator decides
├─ OutcomeUnknownError       sent, answer lost: look before sending again
└─ ConfigurationError        stop the run; someone must act
   ├─ AuthorizationError       the platform refuses these credentials
   ├─ LaneBusyError            another sync of this lane runs; wait for it, or stop it
   └─ MappingError             a mapping rule is invalid
```
"""


class UdsyncError(Exception):
    """An error whose message is a sentence that an operator can act on.

    Attributes:
        code: stable, lower-case, for machines and for the failed-records queue.
        platform: `woocommerce`, `quickbooks`, `supabase`, or None for our own side.
        record: what it is about, written `entity/id`, or None.
        cure: the next step in plain words, or None when the message already says it.
        request_id: the platform's own id of the failed request, or None.
    """

    code = "error"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        platform: str | None = None,
        record: str | None = None,
        cure: str | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code
        self.platform = platform
        self.record = record
        self.cure = cure
        self.request_id = request_id

    def name(self, asked: str) -> None:
        """Say in the sentence what was asked for, once: a list and a place in it, or a record."""
        if asked and asked not in self.message:
            self.message = f"{self.message.removesuffix('.')} ({asked})."

    def __str__(self) -> str:
        return f"{self.message} {self.cure}" if self.cure else self.message


class RetryableError(UdsyncError):
    """The same request may succeed later.

    Attributes:
        retry_after: seconds the platform asked for, or None.
    """

    code = "retryable"

    def __init__(self, message: str, *, retry_after: float | None = None, **details: str | None):
        super().__init__(message, **details)
        self.retry_after = retry_after


class RateLimitedError(RetryableError):
    """The platform asks for a pause."""

    code = "rate_limited"


class PlatformUnavailableError(RetryableError):
    """The platform, or the way to it, is down."""

    code = "platform_unavailable"


class RecordRejectedError(UdsyncError):
    """This record cannot go on as it is; the others can."""

    code = "record_rejected"


class ConflictError(UdsyncError):
    """Both sides changed since the last sync."""

    code = "conflict"


class OutcomeUnknownError(UdsyncError):
    """A write was sent and its answer was lost."""

    code = "outcome_unknown"


class LeaseLostError(UdsyncError):
    """This process may not go on: another one may have taken over what it was doing.

    Nothing more is written; what it had under way is found by the next sync.
    """

    code = "lease_lost"


class ConfigurationError(UdsyncError):
    """Nothing of this run can succeed until someone acts."""

    code = "configuration"


class AuthorizationError(ConfigurationError):
    """The platform refuses these credentials."""

    code = "authorization"


class LaneBusyError(ConfigurationError):
    """Another sync of this tenant's lane is running."""

    code = "lane_busy"


class MappingError(ConfigurationError):
    """A mapping rule is invalid; the message names the rule and the reason."""

    code = "mapping_invalid"
