"""What a piece of advice is: a step for a person, with places that are filled in for this platform."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Advice:
    """A step for a person. Places such as `{url}` and `{name}`, listed in remedies.py, are filled in in all texts.

    `act` are the words of the bot's own command for the same, where it can do it under guard.
    """

    text: str
    command: str = ""
    act: str = ""


#: Never `--all`: it has every certificate issued anew, and Let's Encrypt issues five of the same names in a week.
RENEW = Advice(
    "Have this one certificate renewed, and no other: each renewal counts against the issuer's limits. Which one it is "
    "stands beside its secret in kubectl get certificates -A.",
    "cmctl renew {certificate} -n {certificate namespace}",
)
