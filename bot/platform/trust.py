"""Which certificates are trusted: those of the system's authorities, and of a private one where it is configured."""

import ssl
from pathlib import Path

from bot.settings import SettingsError


def trusted(ca_file: Path | None) -> ssl.SSLContext:
    """What is trusted. A subject is no name (RFC 6125): the platform, in Go, refuses a certificate with that alone.

    Raises:
        SettingsError: the file cannot be used.
    """
    try:
        trust = ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        raise SettingsError(f"ca_file {ca_file} cannot be used: {error}. Give a file with PEM certificates.") from error
    trust.hostname_checks_common_name = False
    return trust
