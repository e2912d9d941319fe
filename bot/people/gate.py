"""Asks of every request whether it may go on: at once from what is known, and in its job once the person is looked up.

It counts and logs each refusal. What may be done is decided in bot/people/access.py, and told to people by a view.
"""

from collections import Counter
from dataclasses import replace

import structlog

from bot.people.access import RIGHTS, Allowed, Denied, OwnRights, Read, Reason, Rules, Standing, Who, decide, grants
from bot.people.directory import People
from bot.slack.asker import Asker

_log = structlog.get_logger()


class Gate:
    """The one place that requests pass."""

    def __init__(self, people: People, rules: Rules) -> None:
        self.denials: Counter[Reason] = Counter()
        self._people = people
        self._rules = rules

    def at_once(self, asker: Asker, what: str) -> Denied | None:
        """The refusal that is sure already, before the acknowledgement; None: go on, and ask again in the job.

        It never waits. Who is not known by now is taken for a full member here: the job finds out.
        """
        who = self._who(asker)
        if who.seen is not Read.FRESH:
            who = replace(who, standing=Standing.MEMBER, seen=Read.FRESH)
        return self._refusal(who, asker, what)

    async def for_the_job(self, asker: Asker, what: str) -> Denied | None:
        """The refusal, or None for yes, before anything is posted or done. It waits for Slack 1.5 s at most."""
        if asker.proven(self._rules.team) is None:
            await self._people.look_up(asker.person)
        return self._refusal(self._who(asker), asker, what)

    async def could(self, person: str, what: str, asker: Asker) -> Denied | None:
        """The refusal that another person would get where somebody asks, counted for nobody. It waits as the above."""
        await self._people.look_up(person)
        answer = decide(self._people.who(person), what, asker.channel, self._rules)
        return None if isinstance(answer, Allowed) else answer

    def name(self, person: str) -> str:
        """What a person is called, as far as that is known."""
        return self._people.name(person)

    def rights(self, asker: Asker) -> OwnRights:
        """What this person may do where Volati listens, from what is known; for `whoami`, after `for_the_job`."""
        who = self._who(asker)
        anywhere = replace(self._rules, channels=frozenset())
        snapshot = self._people.groups.snapshot
        return OwnRights(
            who=who,
            grants=grants(who, self._rules),
            may=frozenset(what for what in RIGHTS if isinstance(decide(who, what, "", anywhere), Allowed)),
            channels=tuple(sorted(self._rules.channels)),
            handles=snapshot.handles if snapshot else {},
            groups_on=snapshot.on if snapshot else None,
            trouble=self._people.groups.trouble,
        )

    def _who(self, asker: Asker) -> Who:
        """What is known; what the request itself proves comes first."""
        proven = asker.proven(self._rules.team)
        who = replace(self._people.who(asker.person), doubtful=asker.doubtful(self._rules.team))
        return who if proven is None else replace(who, standing=proven, seen=Read.FRESH)

    def _refusal(self, who: Who, asker: Asker, what: str) -> Denied | None:
        answer = decide(who, what, asker.channel, self._rules)
        if isinstance(answer, Allowed):
            return None
        self.denials[answer.reason] += 1
        _log.info("refused", who=asker.person, what=what, where=asker.channel, reason=str(answer.reason))
        return answer
