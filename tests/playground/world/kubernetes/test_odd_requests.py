"""Whatever is sent, the simulated API server answers or refuses; it does not break."""

import base64
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from playground.world.kubernetes.patching import JSON_PATCH, MERGE, STRATEGIC, patched
from playground.world.kubernetes.protobuf import UnreadableError, decoded
from playground.world.kubernetes.selectors import field_selector, label_selector
from playground.world.kubernetes.status import RefusalError
from tests.playground.world.kubernetes.clients import DEPLOYMENTS, PODS, Client, client, stocked
from tests.playground.world.kubernetes.fakes import DEPLOYMENT, POD, deployment, pod, stored

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text("ab=,!()/", max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["metadata", "name", "spec", "containers", "env", "$patch", "ports", "x"]), inner
        )
    ),
    max_leaves=8,
)
SELECTORS = st.text("ab=!,() <>innot-._/", max_size=14)


@given(SELECTORS)
def test_selectors(text: str) -> None:
    """Parses a selector, and then it chooses, or refuses it."""
    for made in (label_selector, lambda told: field_selector(POD, told)):
        try:
            assert made(text)({"metadata": {"name": "a", "labels": {"a": "b"}}}) in {True, False}
        except RefusalError as refused:
            assert refused.code == 400  # noqa: PT017 one or the other


@given(JSON, st.sampled_from([MERGE, STRATEGIC, JSON_PATCH, "application/json"]))
def test_patches(patch: Any, form: str) -> None:
    """Applies a patch to an object, or refuses it."""
    try:
        assert isinstance(patched(deployment(), form, msgspec.json.encode(patch)), dict)
    except RefusalError as refused:
        assert refused.code in {400, 415, 422}  # noqa: PT017 one or the other


@given(st.binary(max_size=40))
def test_protobuf(body: bytes) -> None:
    """Reads a message, or says that it cannot."""
    try:
        assert isinstance(decoded(b"k8s\0" + body), dict)
    except UnreadableError:
        return


async def answered(asker: Client, bodies: list[Any]) -> set[int]:
    seen = set()
    for body in bodies:
        for method, path in (
            ("POST", DEPLOYMENTS),
            ("POST", PODS),
            ("PUT", f"{DEPLOYMENTS}/backend"),
            ("PUT", f"{PODS}/one"),
        ):
            seen.add((await asker.ask(method, path, body)).status)
        for path in (
            f"{DEPLOYMENTS}/backend",
            f"{PODS}/one",
            f"{DEPLOYMENTS}/backend/scale",
            f"{PODS}/one/ephemeralcontainers",
        ):
            for form in ("merge-patch", "strategic-merge-patch"):
                seen.add((await asker.patch(path, body, form)).status)
        seen.add((await asker.ask("DELETE", f"{PODS}/one", body)).status)
        seen.add((await asker.ask("POST", f"{PODS}/one/eviction", body)).status)
        seen.add((await asker.ask("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", body)).status)
    return seen


# Each example starts a server: few of them, and none is made smaller.
@settings(max_examples=10, deadline=None, phases=[Phase.generate], suppress_health_check=[HealthCheck.too_slow])
@given(bodies=st.lists(JSON, min_size=1, max_size=2))
def test_bodies(bodies: list[Any]) -> None:
    """Answers every body with what it did or with a refusal, never with a break."""
    import asyncio  # noqa: PLC0415 hypothesis runs functions, not coroutines

    async def run() -> set[int]:
        store = stocked()
        stored(store, POD, pod())
        stored(store, DEPLOYMENT, deployment())
        async with client(store) as asker:
            return await answered(asker, bodies)

    assert asyncio.run(run()) <= {200, 201, 400, 404, 409, 422}


@pytest.mark.parametrize(
    "token",
    ["", "x", "%00", "====", base64.b64encode(b"{}").decode(), base64.b64encode(b'{"rv":"x","start":"a/b"}').decode()],
)
async def test_tokens_of_pages(token: str) -> None:
    """Refuses a token that is none."""
    async with client(stocked()) as asker:
        answer = await asker.get(f"{PODS}?limit=1&continue={token}")
    assert answer.status == (400 if token else 200)
