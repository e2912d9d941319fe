"""Why no node takes a pod: the scheduler's sentence taken apart, reason by reason. Pure."""

from collections.abc import Iterable, Iterator, Sequence

from diagnostics.evidence.cluster.machines import Node
from diagnostics.model import Value

_BEFORE = " are available: "
#: What follows the reasons in newer servers: whether ending other pods would help.
_AFTER = (". preemption: ", ". no new claims to deallocate")
#: The marks that keep pods from the machines of the control plane. They are meant to, and explain nothing.
_CONTROL_PLANE = ("node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master")
_TAINT = "taint"
#: The scheduler's words, and the form that chooses the advice. The first that fits a reason counts.
_FORMS = (
    ("insufficient", "room"),
    ("too many pods", "room"),
    ("volume node affinity", "volume"),
    ("node affinity", "affinity"),
    ("node selector", "affinity"),
    ("were unschedulable", "cordoned"),
    (_TAINT, "taint"),
)


class Refusal(Value, frozen=True):
    """A reason why nodes do not take a pod, in the scheduler's words, and for how many of them it holds."""

    nodes: int
    why: str

    def __str__(self) -> str:
        return f"{self.nodes} {self.why}"

    @property
    def form(self) -> str:
        """The form by which advice is chosen; empty where there is none for it."""
        low = self.why.lower()
        return next((form for said, form in _FORMS if said in low), "")

    @property
    def of_the_control_plane(self) -> bool:
        """Whether it names the mark of the control plane's machines."""
        return any(mark in self.why for mark in _CONTROL_PLANE)


def refusals(sentence: str) -> tuple[Refusal, ...]:
    """The reasons of a sentence such as `0/5 nodes are available: 1 Too many pods, 4 Insufficient cpu.`."""
    told = sentence.partition(_BEFORE)[2]
    for after in _AFTER:
        told = told.partition(after)[0]
    return tuple(_read(told.rstrip(". ")))


def weightiest(some: Sequence[Refusal], nodes: Iterable[Node]) -> Refusal | None:
    """The reason that holds for most nodes; the control plane's own mark only where there is no other."""
    marked = sum(any(taint.key in _CONTROL_PLANE for taint in node.taints) for node in nodes)
    others = [(_others(one, marked), one) for one in some]
    ranked = [(number, one) for number, one in others if number > 0] or [(one.nodes, one) for one in some]
    return max(ranked, key=lambda each: (each[0], -_rank(each[1])))[1] if ranked else None


def _read(told: str) -> Iterator[Refusal]:
    part = ""
    for piece in told.split(", "):
        # A comma within a reason, as in older servers: "had taint {x: }, that the pod didn't tolerate".
        if part and not piece[:1].isdigit():
            part = f"{part}, {piece}"
            continue
        yield from _one(part)
        part = piece
    yield from _one(part)


def _one(part: str) -> Iterator[Refusal]:
    number, _, why = part.partition(" ")
    if number.isdecimal() and why:
        yield Refusal(int(number), why)


def _others(one: Refusal, marked: int) -> int:
    """For how many nodes it holds beside those of the control plane. The newest servers do not name the mark."""
    if one.of_the_control_plane:
        return 0
    return one.nodes - marked if one.form == _TAINT and "{" not in one.why else one.nodes


def _rank(one: Refusal) -> int:
    forms = [form for _, form in _FORMS]
    return forms.index(one.form) if one.form else len(forms)
