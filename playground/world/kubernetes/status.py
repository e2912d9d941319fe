"""What the API server says when it does not do something: `Status` objects, worded as a real one words them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from playground.world.kubernetes.kinds import Kind, Thing

NOT_FOUND_PAGE = "404 page not found\n"  # what an address outside of every API group gets, in plain text


@dataclass(frozen=True)
class FieldFault:
    """One thing that is wrong with an object: the field's path, what kind of wrong, and the words for it."""

    field: str
    reason: str
    message: str

    @classmethod
    def invalid(cls, field: str, value: Any, detail: str) -> "FieldFault":  # noqa: ANN401 any JSON
        """It has a value that it may not have."""
        return cls(field, "FieldValueInvalid", f"Invalid value: {msgspec.json.encode(value).decode()}: {detail}")

    @classmethod
    def required(cls, field: str, detail: str = "") -> "FieldFault":
        """It is missing."""
        return cls(field, "FieldValueRequired", f"Required value: {detail}" if detail else "Required value")

    @classmethod
    def forbidden(cls, field: str, detail: str) -> "FieldFault":
        """It may not be set, or not be changed."""
        return cls(field, "FieldValueForbidden", f"Forbidden: {detail}")


class RefusalError(Exception):
    """The request is not done. `code` is HTTP's; the rest is the body's."""

    def __init__(
        self, code: int, reason: str, message: str, details: Thing | None = None, retry_after_s: int | None = None
    ) -> None:
        """`details` None leaves them out; `retry_after_s` goes into the header of that name."""
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.details = details
        self.retry_after_s = retry_after_s

    @property
    def status(self) -> Thing:
        """The body."""
        body: Thing = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure"}
        body["message"] = self.message
        if self.reason:
            body["reason"] = self.reason
        if self.details is not None:
            body["details"] = self.details
        return {**body, "code": self.code}

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers that go with it."""
        return {"Retry-After": str(self.retry_after_s)} if self.retry_after_s is not None else {}


class NoSuchPageError(Exception):
    """The address belongs to no API group: plain text, no Status."""


def success(kind: Kind, name: str, uid: str) -> Thing:
    """What a deletion that is over is told with."""
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "details": {**named(kind, name), "uid": uid},
    }


def named(kind: Kind, name: str = "", *, by_kind: bool = False) -> Thing:
    """The details that say which object is meant; `by_kind` for those places where the kind's name is used."""
    details: Thing = {"name": name} if name else {}
    if kind.group:
        details["group"] = kind.group
    return {**details, "kind": kind.kind if by_kind else kind.plural}


def not_found(kind: Kind, name: str) -> RefusalError:
    """There is no such object."""
    return RefusalError(404, "NotFound", f'{kind.qualified} "{name}" not found', named(kind, name))


def no_such_resource() -> RefusalError:
    """There is no such kind, or it has no such part."""
    return RefusalError(404, "NotFound", "the server could not find the requested resource", {})


def not_allowed() -> RefusalError:
    """That kind cannot be asked in this way."""
    words = "the server does not allow this method on the requested resource"
    return RefusalError(405, "MethodNotAllowed", words, {})


def bad_request(message: str) -> RefusalError:
    """The request is not understood."""
    return RefusalError(400, "BadRequest", message)


def unauthorized() -> RefusalError:
    """Nobody knows who asks."""
    return RefusalError(401, "Unauthorized", "Unauthorized")


def conflict(kind: Kind, name: str, message: str, *, by_kind: bool = False) -> RefusalError:
    """It is no longer what it was thought to be."""
    details = {"name": name, "kind": kind.kind} if by_kind else named(kind, name)
    return RefusalError(409, "Conflict", message, details)


def already_exists(kind: Kind, name: str, message: str) -> RefusalError:
    """The name is taken."""
    return RefusalError(409, "AlreadyExists", message, named(kind, name))


def expired(message: str) -> RefusalError:
    """What was asked for has been forgotten."""
    return RefusalError(410, "Expired", message)


def unsupported_media_type() -> RefusalError:
    """The body is of no form that is understood."""
    return RefusalError(415, "UnsupportedMediaType", "415: Unsupported Media Type", {})


def not_acceptable() -> RefusalError:
    """The answer would be of no form that the asker understands."""
    words = "only the following media types are accepted: application/json"
    return RefusalError(406, "NotAcceptable", words, {})


def rejected() -> RefusalError:
    """A JSON patch did not apply."""
    return RefusalError(422, "Invalid", "the server rejected our request due to an error in our request", {})


def invalid(kind: Kind, name: str, faults: Sequence[FieldFault]) -> RefusalError:
    """The object breaks rules; each is a cause."""
    told = [f"{fault.field}: {fault.message}" for fault in faults]
    words = told[0] if len(told) == 1 else f"[{', '.join(told)}]"
    causes = [{"reason": fault.reason, "message": fault.message, "field": fault.field} for fault in faults]
    one = f"{kind.kind}.{kind.group}" if kind.group else kind.kind
    details = {**named(kind, name, by_kind=True), "causes": causes}
    return RefusalError(422, "Invalid", f'{one} "{name}" is invalid: {words}', details)


def too_large_version(asked: int, current: str) -> RefusalError:
    """The version that is asked for has not happened."""
    causes = [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}]
    words = f"Timeout: Too large resource version: {asked}, current: {current}"
    return RefusalError(504, "Timeout", words, {"causes": causes, "retryAfterSeconds": 1}, retry_after_s=1)


def too_many_requests(retry_after_s: int) -> RefusalError:
    """The server has too much to do."""
    words = "Too many requests, please try again later."
    return RefusalError(
        429, "TooManyRequests", words, {"retryAfterSeconds": retry_after_s}, retry_after_s=retry_after_s
    )


def eviction_refused(budget: str, needs: int, healthy: int) -> RefusalError:
    """A disruption budget does not let the pod go."""
    detail = f"The disruption budget {budget} needs {needs} healthy pods and has {healthy} currently"
    return _eviction_refused(detail)


def eviction_unsettled(budget: str) -> RefusalError:
    """The controller has not yet looked at the budget as it is now."""
    error = _eviction_refused(f"The disruption budget {budget} is still being processed by the server.")
    return RefusalError(429, error.reason, error.message, {**(error.details or {}), "retryAfterSeconds": 10}, 10)


def _eviction_refused(detail: str) -> RefusalError:
    words = "Cannot evict pod as it would violate the pod's disruption budget."
    causes = [{"reason": "DisruptionBudget", "message": detail}]
    return RefusalError(429, "TooManyRequests", words, {"causes": causes})


def internal_error(message: str) -> RefusalError:
    """Something broke inside."""
    details = {"causes": [{"message": message}]}
    return RefusalError(500, "InternalError", f"Internal error occurred: {message}", details)


def unavailable() -> RefusalError:
    """An aggregated API does not answer."""
    words = "the server is currently unable to handle the request"
    return RefusalError(503, "ServiceUnavailable", words, {})
