"""Draws the bot's own errors as one tree; every other module translates foreign errors into these.

    VolatiError                     anything the bot can explain
    └── StoreError                  its memory (Redis) did not do as asked
        ├── StoreAddressInvalid     the configured address cannot be used
        ├── StoreNameInvalid        a name that may not become part of a key
        ├── StoreUnreachable        nobody answers at the address in time
        ├── StoreBusy               it answers, but is loading or occupied: later
        ├── StoreRefused            it answers no: login, rights, memory full, read-only
        └── EmbeddedStoreError      the server in the data folder
            ├── StoreFolderUnusable     the folder cannot be written
            ├── StoreBinaryMissing      no server for this platform
            └── StoreDidNotStart        the server does not come up, or cannot be ended

Each message names the thing, the value and the remedy. It never holds a secret.
"""

# ruff: noqa: N818 -- the names say what went wrong, so that "except StoreBusy" reads as a sentence


class VolatiError(Exception):
    """Anything that went wrong in a way the bot can explain to a person."""


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
