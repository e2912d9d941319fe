"""What the error of a connection says: why, in words, and by the name the library itself has for it."""

import errno
import os
import socket
import ssl
from collections.abc import Iterator

from diagnostics.evidence.http import CERTIFICATE_REFUSED

#: OpenSSL's numbers (X509_V_ERR_…) of the refusals that are told apart; the others are about trust.
_VERIFY_CODES = {9: "CERT_NOT_YET_VALID", 10: "CERT_HAS_EXPIRED", 62: "HOSTNAME_MISMATCH", 64: "IP_ADDRESS_MISMATCH"}
_LOOKUPS = {number: name for name, number in vars(socket).items() if name.startswith("EAI_")}


def root(error: BaseException) -> BaseException:
    """The error that says most: libraries wrap the system's own in theirs, and several in a group."""
    return next((one for one in _chain(error) if code(one)), error)


def words(error: BaseException) -> str:
    """Why, in words; the name of the error's type when it has none."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message or str(error)
    if isinstance(error, ssl.SSLError) and error.reason:
        return error.reason.lower().replace("_", " ")  # its own text names a line of Python's source beside it
    if isinstance(error, ConnectionResetError) and error.errno is None:
        return "the connection was closed"  # asyncio has no words for it
    if isinstance(error, OSError) and error.strerror:
        own = isinstance(error, socket.gaierror) or not code(error)
        return error.strerror if own else os.strerror(error.errno or 0)  # asyncio puts its own words there
    return str(error) or type(error).__name__


def code(error: BaseException) -> str:
    """The library's own name for it, such as ECONNREFUSED; empty when it has none."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _VERIFY_CODES.get(error.verify_code, CERTIFICATE_REFUSED)
    if isinstance(error, ssl.SSLError):
        return error.reason or "SSL_ERROR"
    if isinstance(error, socket.gaierror):
        return _LOOKUPS.get(error.errno or 0, "EAI_FAIL")
    return errno.errorcode.get(error.errno or 0, "") if isinstance(error, OSError) else ""


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        if isinstance(error, BaseExceptionGroup):
            yield from error.exceptions
        error = error.__cause__ or error.__context__
