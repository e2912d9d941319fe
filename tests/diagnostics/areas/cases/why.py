"""Cases of a permission question."""

from diagnostics.evidence.keycloak.kinds import AskedResource, AskedUser, KeycloakDecision, Vote
from tests.diagnostics.areas.cases.authorization import resource
from tests.diagnostics.areas.cases.case import Case

ALICE = AskedUser("alice", found=True, id="alice-id", username="alice", enabled=True)
DISABLED = AskedUser("mallory", found=True, id="m", username="mallory", enabled=False)
NOBODY = AskedUser("nobody", found=False)
BOT = AskedResource("r1", "view", resource())
UNREGISTERED = AskedResource("r9", "view", None)
UNKNOWN_ACTION = AskedResource("r1", "fly", resource())
NO_SCOPES = AskedResource("r1", "view", resource(scopes=()))
YES = Vote("Permission r1", "scope", granted=True, under="")
NO = Vote("Owner r1", "user", granted=False, under="Permission r1")
GRANTED = KeycloakDecision(granted=True, allowed=("view",), votes=(YES,))
DENIED = KeycloakDecision(granted=False, allowed=(), votes=(NO,))
NOTHING_APPLIES = KeycloakDecision(granted=False, allowed=(), votes=())

CASES = (
    Case("why.user-missing", fires=(NOBODY,), silent=(ALICE, DISABLED), says="no user with the name or id nobody"),
    Case("why.user-disabled", fires=(DISABLED,), silent=(ALICE, NOBODY), says="User mallory is disabled"),
    Case("why.resource-missing", fires=(UNREGISTERED,), silent=(BOT, UNKNOWN_ACTION), says="id or name r9"),
    Case("why.action-unknown", fires=(UNKNOWN_ACTION, NO_SCOPES), silent=(BOT, UNREGISTERED), says="has no scope"),
    Case("why.denied", fires=(DENIED, NOTHING_APPLIES), silent=(GRANTED,), says="Keycloak denies it: "),
    Case(
        "why.granted",
        fires=(GRANTED, KeycloakDecision(granted=True, allowed=("view",), votes=())),
        silent=(DENIED, NOTHING_APPLIES),
        says="Keycloak grants it: ",
    ),
)
