"""What redaction costs: 150,000 short distinct strings, as a big cluster has names, and 10 MB of log lines.

python benchmarks/redaction.py
"""

import random
import time

from diagnostics.redaction import KnownSecret, Redactor

NAMES = 150_000
LOG_BYTES = 10_000_000
KNOWN = (
    KnownSecret("client secret", "vJ3kq9ZtLw82mXbR5nTy7PdF"),
    KnownSecret("admin secret", "kk8Zt-Lw82mXbR5nTy7PdFss"),
    KnownSecret("bot token", "xoxb-123456789012-abcdefABCDEF"),
    KnownSecret("database password", "hunter2"),
    KnownSecret("redis password", "correct horse battery 9 staple"),
)


def names(chance: random.Random) -> list[str]:
    """Pods, ids, addresses, images and nodes, each once."""
    found: list[str] = []
    for number in range(NAMES // 5):
        found += (
            f"volaticloud-bot-{chance.getrandbits(36):09x}-{chance.getrandbits(20):05x}",
            f"{chance.getrandbits(32):08x}-{chance.getrandbits(16):04x}-4a6b-9c8d-{chance.getrandbits(48):012x}",
            f"10.{number // 65_536}.{number // 256 % 256}.{number % 256}",
            f"ghcr.io/volaticloud/volaticloud:v1.{number}",
            f"node-{chance.getrandbits(24):06x}-{number}.example.com",
        )
    return found


def log_lines(chance: random.Random) -> list[str]:
    """Lines of a backend's log, none with a secret."""
    found: list[str] = []
    size = 0
    while size < LOG_BYTES:
        found.append(
            f'2026-11-25T22:{chance.randrange(60):02}:{chance.randrange(60):02}Z level=info msg="request done" '
            f"method=POST path=/gateway/v1/query status=200 took={chance.randrange(900)}ms "
            f"bot={chance.getrandbits(32):08x} user=u{chance.randrange(10_000)}"
        )
        size += len(found[-1]) + 1
    return found


def measured(what: str, thing: list[str], redactor: Redactor) -> None:
    """Print the processor time that a value takes."""
    began = time.process_time()
    redactor.value(thing)
    took = time.process_time() - began
    print(f"{what}: {took:.2f} s, {took / len(thing) * 1e6:.1f} µs each")


if __name__ == "__main__":
    chance = random.Random(1)  # noqa: S311 the same names at every run
    redactor = Redactor(KNOWN, ordinary=("volaticloud",))
    lines = log_lines(chance)
    measured(f"{NAMES:,} short distinct strings", names(chance), redactor)
    measured(f"{LOG_BYTES // 1_000_000} MB of log in {len(lines):,} lines", lines, redactor)
    measured("the same as one text", ["\n".join(lines)], redactor)
