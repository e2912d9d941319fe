"""Draws the bot's own errors as one tree; every other module translates foreign errors into these.

    VolatiError                     anything the bot can explain
    ├── PagerError                  PagerDuty did not do as asked
    │   ├── PagerLater              the same call may work later
    │   │   ├── PagerUnreachable    nobody answers in time, or it fails itself
    │   │   └── PagerBusy           too many calls: it says how long to wait
    │   │       └── PagerPaced      too many for our own pace: it was not asked
    │   ├── PagerRefused            the same call will fail again until somebody changes something
    │   │   ├── PagerKeyRefused     the key, or its rights
    │   │   └── PagerNotFound       there is no such incident
    │   └── PagerUnreadable         what answers does not speak as PagerDuty does
    ├── StoreError                  its memory (Redis) did not do as asked
    │   ├── StoreAddressInvalid     the configured address cannot be used
    │   ├── StoreNameInvalid        a name that may not become part of a key
    │   ├── StoreUnreachable        nobody answers at the address in time
    │   ├── StoreBusy               it answers, but is loading or occupied: later
    │   ├── StoreRefused            it answers no: login, rights, memory full, read-only
    │   └── EmbeddedStoreError      the server in the data folder
    │       ├── StoreFolderUnusable     the folder cannot be written
    │       ├── StoreBinaryMissing      no server for this platform
    │       └── StoreDidNotStart        the server does not come up, or cannot be ended
    ├── IncidentError               an incident
    │   ├── IncidentUnknown         there is none of this id
    │   └── IncidentRefused         what was to happen may not happen now
    └── ActError                    a guarded act
        ├── CannotAct               no plan can be made, or a confirmed one is not begun
        ├── Stale                   the platform is not as it was planned for
        ├── StepFailed              a step came to no good end
        ├── WriteRefused            the platform answered no: nothing was changed
        │   └── Conflict            the version or uid that a write carried is not the newest
        └── WriteUncertain          no answer to a write: it may have happened

Each message names the thing, the value and the remedy. It never holds a secret.
"""

# ruff: noqa: N818 -- the names say what went wrong, so that "except StoreBusy" reads as a sentence


class VolatiError(Exception):
    """Anything that went wrong in a way the bot can explain to a person."""


class PagerError(VolatiError):
    """PagerDuty did not do as asked."""


class PagerLater(PagerError):
    """The same call may work later."""


class PagerUnreachable(PagerLater):
    """Nobody answers within the deadline, or PagerDuty fails itself (5xx). What was sent may have arrived."""


class PagerBusy(PagerLater):
    """PagerDuty takes no more calls for now; `wait_seconds` is how long, as it says or as we guess."""

    def __init__(self, message: str, wait_seconds: float) -> None:
        super().__init__(message)
        self.wait_seconds = wait_seconds


class PagerPaced(PagerBusy):
    """The pace that we keep ourselves holds it back: PagerDuty was not asked, and takes what goes before."""


class PagerRefused(PagerError):
    """PagerDuty answers no; the same call will fail again until somebody changes something."""


class PagerKeyRefused(PagerRefused):
    """The key is not taken, or may not do this."""


class PagerNotFound(PagerRefused):
    """There is no such thing at PagerDuty."""


class PagerUnreadable(PagerError):
    """Something answers that does not speak as PagerDuty does, such as a proxy's page."""


class StoreError(VolatiError):
    """The bot's memory did not do as asked."""


class StoreAddressInvalid(StoreError):
    """The configured Redis address cannot be used as it stands."""


class StoreNameInvalid(StoreError, ValueError):
    """A name or a number given to the store that may not become part of a key."""


class StoreUnreachable(StoreError):
    """Nobody answers at the address within the deadline."""


class StoreBusy(StoreError):
    """The server answers, but cannot serve just now; the same call may work later."""


class StoreRefused(StoreError):
    """The server answers no; the same call will fail again until somebody changes something."""


class EmbeddedStoreError(StoreError):
    """The embedded server, which lives in the data folder, cannot serve."""


class StoreFolderUnusable(EmbeddedStoreError):
    """The data folder cannot be written: not a folder, no permission, or no space."""


class StoreBinaryMissing(EmbeddedStoreError):
    """There is no embedded server for this platform."""


class StoreDidNotStart(EmbeddedStoreError):
    """The embedded server did not come up, or an earlier one could not be ended."""


class IncidentError(VolatiError):
    """Something about an incident did not go as wanted; the message is for whoever wanted it."""


class IncidentUnknown(IncidentError):
    """There is no incident of this id, or none any more."""


class IncidentRefused(IncidentError):
    """What was to happen to an incident may not happen now, and why."""


class ActError(VolatiError):
    """A guarded act did not go as wanted."""


class CannotAct(ActError):
    """No plan can be made, or a plan may not be carried out; the message says why, and what to do instead."""


class Stale(ActError):
    """The platform is not as it was when the plan was made.

    Args:
        differences: each in words, with what was and what is.
    """

    def __init__(self, differences: tuple[str, ...]) -> None:
        super().__init__("; ".join(differences))
        self.differences = differences


class StepFailed(ActError):
    """A step came to no good end; the message says what the platform shows."""


class WriteRefused(ActError):
    """The platform answered no to a write, and changed nothing.

    Args:
        status: its HTTP status.
        detail: one sentence with the thing, what the platform said, and the remedy.
    """

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


class Conflict(WriteRefused):
    """The version or uid that a write carried is not the newest: somebody else wrote meanwhile."""


class WriteUncertain(ActError):
    """A write got no answer that can be used: it may have happened, and must be looked at."""
