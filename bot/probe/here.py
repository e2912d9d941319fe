"""What the pod of a probe does: its two words made into an order, its surroundings read, what it saw as one line.

It reads no settings file and knows no secret.
"""

import re

from bot.errors import VolatiError
from bot.platform.trust import trusted
from bot.probe.order import POSTGRES_PORT, TargetUnreadable, Way, read
from bot.probe.postgres import Account
from bot.probe.road import Means
from bot.probe.run import Surroundings, probed
from bot.settings import FromHere

#: The database's host as its secret has it: with its port, as the runbook does, or without.
_PLACE = re.compile(r"(?P<host>[^\s:/@]{1,255}|\[[0-9a-fA-F:.]{2,45}\]):(?P<port>[0-9]{1,5})")
_LAST_PORT = 65_535


async def look(way: str, target: str) -> str:
    """One probe; what it saw as one line of JSON.

    Raises:
        VolatiError: the words are no probe, or leave something open.
    """
    if way not in list(Way):
        raise VolatiError(f"A probe goes by {', '.join(Way)}; not by {way[:20]!r}.")
    try:
        order = read(Way(way), target)
    except TargetUnreadable as error:
        raise VolatiError(str(error)) from error
    if not order.complete:
        raise VolatiError(
            f"{target[:60]!r} leaves its port open, or its scheme: write http://host:port/path or host:port."
        )
    return (await probed(order, surroundings(FromHere()))).line()


def surroundings(given: FromHere) -> Surroundings:
    """What this pod was given."""
    host, port = _place(given.database_host.strip(), given.database_port.strip())
    known = Account()
    account = Account(given.database_user.strip() or known.user, given.database_name.strip() or known.database)
    return Surroundings(host, port, account, Means(trust=trusted(None)))


def _place(host: str, port: str) -> tuple[str, int]:
    """Host and port; the usual port where none is given that is one."""
    found = _PLACE.fullmatch(host)
    if found:
        host, port = found.group("host", "port")
    number = int(port) if port.isdecimal() and 0 < int(port) <= _LAST_PORT else POSTGRES_PORT
    return host.strip("[]"), number
