"""What the service refuses, in its own words: codes, messages and both forms of a fault."""

from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

MESSAGES = {
    "500": "Unsupported Operation",
    "600": "Duplicate Request ID",
    "610": "Object Not Found",
    "620": "Transaction cannot be linked",
    "700": "Invalid parent reference",
    "1040": "Batch request exceeds the maximum number of items",
    "1050": "Invalid content type",
    "2010": "Request has invalid or unsupported property",
    "2020": "Required param missing, need to supply the required value for the API",
    "2030": "Invalid ID",
    "2040": "Invalid String",
    "2050": "String length is either shorter or longer than supported by specification",
    "2060": "Invalid date format",
    "2090": "Invalid number value",
    "2130": "Invalid Request ID format",
    "2170": "Invalid Enumeration",
    "2210": "Invalid Email Address format in the request",
    "2220": "Invalid currency",
    "2230": "Invalid boolean",
    "2500": "Invalid Reference Id",
    "3000": "Invalid custom field",
    "3001": "message=ThrottleExceeded; errorCode=003001; statusCode=429",
    "3100": "message=ApplicationAuthorizationFailed; errorCode=003100; statusCode=403",
    "3200": "message=AuthenticationFailed; errorCode=003200; statusCode=401",
    "4000": "Error parsing query",
    "4001": "Invalid query",
    "4002": "Error processing query",
    "5010": "Stale Object Error",
    "5020": "Permission Denied Error",
    "5030": "Feature Not Supported Error",
    "6000": "A business validation error has occurred while processing your request",
    "6070": "Amount calculation incorrect in the request",
    "6080": "A name is required",
    "6090": "Discount line is incomplete",
    "6100": "Invalid Line TaxCode in the request",
    "6140": "Duplicate Document Number Error",
    "6150": "ParentRef is required",
    "6170": "TxnTaxDetail is not allowed when GlobalTaxCalculation is NotApplicable",
    "6180": "Nesting is too deep",
    "6190": "Invalid Company Status",
    "6200": "Account Period Closed",
    "6210": "Account Period Closed",
    "6220": "Delete List Has Balance Error",
    "6240": "Duplicate Name Exists Error",
    "6270": "Transaction date is prior to start date for inventory item",
    "6420": "Email address is required",
    "6430": "Invalid account type used",
    "6520": "Quantity is required for an inventory item",
    "6540": "Deposited Transaction cannot be changed",
    "10000": "An application error has occurred while processing your request",
}
_NOT_RECORDED = "An error of which no recording is known"
INACTIVE = (
    "Something you're trying to use has been made inactive. Check the fields with "
    "accounts, customers, items, vendors or employees."
)


@dataclass(frozen=True, slots=True)
class Problem:
    """One error of a fault."""

    code: str
    detail: str
    element: str = ""

    def document(self) -> Json:
        """Return the error as an application fault has it."""
        return {
            "Message": MESSAGES.get(self.code, _NOT_RECORDED),
            "Detail": self.detail,
            "code": self.code,
            "element": self.element,
        }


class RefusedError(Exception):
    """The service refuses a request; becomes a fault with this status."""

    def __init__(
        self, *problems: Problem, status: int = 400, kind: str = "ValidationFault"
    ) -> None:
        super().__init__("; ".join(f"{one.code}: {one.detail}" for one in problems))
        self.problems = problems
        self.status = status
        self.kind = kind

    @property
    def code(self) -> str:
        """The code of the first error."""
        return self.problems[0].code

    def fault(self) -> Json:
        """Return the application's form."""
        return {"Error": [one.document() for one in self.problems], "type": self.kind}


class GatewayRefusedError(RefusedError):
    """The gateway refuses before the application is reached: keys in small letters."""

    def gateway_fault(self, milliseconds: int) -> Json:
        """Return the gateway's form; its time is in milliseconds since 1970."""
        errors = [
            {
                "message": MESSAGES[one.code],
                "detail": one.detail or None,
                "code": one.code,
                "element": None,
            }
            for one in self.problems
        ]
        fault = {"error": errors, "type": self.kind}
        if self.status == 403:  # noqa: PLR2004
            return {"fault": fault}
        return {
            "warnings": None,
            "intuitObject": None,
            "fault": fault,
            "report": None,
            "queryResponse": None,
            "batchItemResponse": [],
            "attachableResponse": [],
            "syncErrorResponse": None,
            "requestId": None,
            "time": milliseconds,
            "status": None,
            "cdcresponse": [],
        }


def refuse(code: str, detail: str, element: str = "") -> RefusedError:
    """Return a refusal with one error."""
    return RefusedError(Problem(code, detail, element))


def business(reason: str) -> RefusedError:
    """Return a 6000: what the books do not allow."""
    return refuse("6000", f"Business Validation Error: {reason}")


def missing(name: str) -> RefusedError:
    """Return a 2020: a required member is absent."""
    return refuse("2020", f"Required parameter {name} is missing in the request", name)


def not_found() -> RefusedError:
    """Return a 610: the object does not exist, or is inactive."""
    return refuse("610", f"Object Not Found : {INACTIVE}")


def unsupported(operation: str) -> RefusedError:
    """Return a 500: there is no such operation."""
    return refuse("500", f"Operation {operation} is not supported.")


def throttled() -> RefusedError:
    """Return a 429 of the application's form, as the gateway sends it."""
    detail = "The request limit was reached.  Try again later"
    return RefusedError(Problem("3001", detail), status=429, kind="SERVICE")


def unauthorized(token: str) -> GatewayRefusedError:
    """Return a 401: the access token is unknown or has expired."""
    problem = Problem("3200", f"Token expired: {token}")
    return GatewayRefusedError(problem, status=401, kind="AUTHENTICATION")


def forbidden() -> GatewayRefusedError:
    """Return a 403: the token is not for this company."""
    return GatewayRefusedError(Problem("3100", ""), status=403, kind="SERVICE")


def application_error(text: str = "An unexpected error occurred.") -> RefusedError:
    """Return a 500 of the application."""
    problem = Problem("10000", f"System Failure Error: {text}")
    return RefusedError(problem, status=500, kind="SystemFault")
