"""Events: numbering and wrapping them, and handing them to the courier."""

from playground.slack.core import Core
from playground.slack.delivery import Courier, EventRecord
from playground.slack.payloads import event_callback
from playground.slack.shapes import Json


async def bring_event(core: Core, courier: Courier, event: Json) -> EventRecord:
    """Bring an event of any type the app subscribed to; returns after the first attempt."""
    if event["type"] not in core.switches.events:
        return unheard()
    number = len(courier.events) + 1
    return await courier.bring_event(event_callback(core.app, event, number, core.clock.now()))


def unheard() -> EventRecord:
    """The record of an event the app is not told of."""
    return EventRecord("", done=True)
