"""What a piece of advice is: a step for a person, with places that are filled in for the platform."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Advice:
    """A step for a person. Places such as `{url}`, listed in `diagnostics.remedies`, are filled in in both texts."""

    text: str
    command: str = ""
