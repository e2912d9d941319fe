"""A stage for guarded acts: a simulated cluster, its API server, hands on it, and plans that are done step by step.

Time stands still until `pass_by`: what the controllers do meanwhile is done in an instant.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.actions.act import Act, Did, Doing, Later
from bot.actions.hands import Hands, Kind, Ref
from bot.actions.plan import Plan, Request, Requester
from bot.clients.kubernetes import Address, KubernetesHands
from diagnostics.context import ClusterExpected
from diagnostics.evidence.cluster.names import Name
from playground.world.kubernetes.cluster import World
from playground.world.kubernetes.frozen import Frozen, draft
from playground.world.kubernetes.kinds import Thing, kind_named
from playground.world.kubernetes.server import Asked, SimulatedKubernetes

SPACE = "volaticloud"
BACKEND = "volaticloud-backend"
EVERYWHERE = (SPACE, "keycloak", "ingress-nginx", "monitoring", "etcd-system")
WRITES = {"PATCH", "PUT", "DELETE", "POST"}
LOOKS_AT_MOST = 1_000
BACKEND_REF = Ref(Kind.DEPLOYMENT, Name(SPACE, BACKEND))


@dataclass(frozen=True)
class WorldClock:
    """The cluster's own time, for whoever acts in it."""

    world: World

    def now(self) -> datetime:
        """The time of day there."""
        return self.world.clock.now()

    def monotonic(self) -> float:
        """Seconds there."""
        return self.world.clock.now_s


@dataclass
class Stage:
    """What a test of an act has at hand."""

    world: World
    server: SimulatedKubernetes
    hands: Hands
    looks: list[str] = field(default_factory=list)

    def pass_by(self, seconds: float = 60.0) -> None:
        """Let time pass, and the controllers live through it."""
        self.world.pass_by(seconds)

    def found(self, kind: str, name: str, namespace: str = SPACE) -> Frozen:
        """A thing that is there."""
        thing = self.world.store.read(kind_named(kind), namespace, name)
        assert thing is not None, f"there is no {kind} {namespace}/{name}"
        return thing

    def change(self, kind: str, name: str, change: Callable[[Thing], object], namespace: str = SPACE) -> None:
        """Change a thing behind everybody's back."""
        thing = draft(self.found(kind, name, namespace))
        change(thing)
        self.world.store.replace(kind_named(kind), thing)

    def delete(self, kind: str, name: str, namespace: str = SPACE) -> None:
        """Delete a thing behind everybody's back, and all that it owns."""
        self.world.store.delete(kind_named(kind), namespace, name)
        self.pass_by()

    def pods(self, app: str = BACKEND) -> dict[str, Frozen]:
        """The pods of an app that are not leaving, by name."""
        every = self.world.store.listed(kind_named("Pod"))
        return {
            one["metadata"]["name"]: one
            for one in every
            if one["metadata"]["labels"].get("app") == app and "deletionTimestamp" not in one["metadata"]
        }

    def writes(self) -> list[Asked]:
        """What was written for good, since the last time that `server.asked` was cleared."""
        return [
            one
            for one in self.server.asked
            if one.method in WRITES and "dryRun" not in one.query and "reviews" not in one.path
        ]

    async def planned(self, act: Act, target: str = BACKEND, **settings: str) -> Plan:
        """A plan of an act, as it is proposed now."""
        draft_ = await act.propose(Request(act.name, self.hands.environment, target, settings), self.hands)
        return Plan("p1", act.name, self.hands.environment, Requester("U1"), self.hands.clock.now(), draft_)

    def doing(self, plan: Plan, step: int = 0, **more: Any) -> Doing:
        """A step about to be done."""
        now = self.hands.clock.now()
        return Doing(plan, step, now, more.pop("since", now), **more)

    async def step(self, act: Act, plan: Plan, step: int) -> Did:
        """A step done to its end, time passing in between."""
        since = self.hands.clock.now()
        for look in range(LOOKS_AT_MOST):
            done = await act.do(self.doing(plan, step, since=since, again=look > 0), self.hands)
            if isinstance(done, Did):
                return done
            assert isinstance(done, Later)
            self.looks.append(done.text)
            self.pass_by(done.seconds)
        raise AssertionError(f"step {step} came to no end: {self.looks[-1]}")

    async def carried_out(self, act: Act, plan: Plan) -> list[str]:
        """What each step said, all of them done."""
        said = [(await self.step(act, plan, step)).text for step in range(len(plan.draft.steps))]
        self.pass_by()
        return said


@asynccontextmanager
async def stage(role: str = "admin", namespaces: tuple[str, ...] = EVERYWHERE) -> AsyncIterator[Stage]:
    """A cluster at rest, and hands on it with a role's rights."""
    world = World(seed=1)
    world.pass_by(1)
    async with SimulatedKubernetes(world.store, world.kubelets, refuses=world.refuses) as server:
        expected = ClusterExpected(namespaces=namespaces, kubectl="kubectl --context volati")
        async with KubernetesHands.opened(Address(server.kubeconfig(role)), tuple) as cluster:
            yield Stage(world, server, Hands("production", expected, WorldClock(world), cluster))
