"""Times, sizes, shares and rates, as people write them.

>>> parse_seconds("1.5s"), parse_bytes("64KiB"), parse_share("1%"), parse_rate("90/min")
(1.5, 65536, 0.01, 1.5)
>>> parse_seconds("fast")
Traceback (most recent call last):
    ...
ValueError: 'fast' is not a time; write 2ms, 50us or 1.5s
"""

import re

__all__ = ["parse_bytes", "parse_rate", "parse_seconds", "parse_share"]

_TIME = re.compile(r"(\d+(?:\.\d*)?|\.\d+)\s*(ns|us|µs|ms|s|min|m|h|d)")
_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?", re.IGNORECASE)
_BYTES = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
_RATE = re.compile(r"(\d+(?:\.\d+)?)\s*([kM]?)(?:\s*/\s*(s|min|h))?")
_TIMES = {"": 1.0, "k": 1e3, "M": 1e6}


def parse_seconds(text: str) -> float:
    """Return the seconds of ``2ms``, ``50us``, ``1.5s``, ``2m`` or ``1h``; raise ``ValueError`` for anything else."""
    match = _TIME.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not a time; write 2ms, 50us or 1.5s")
    return float(match[1]) * _SECONDS[match[2]]


def parse_bytes(text: str) -> int:
    """Return the bytes of ``4096``, ``64k``, ``16MiB`` or ``1GB``, one or more; k, M and G are powers of 1024.

    Raises ``ValueError``.
    """
    match = _SIZE.fullmatch(text.strip())
    size = int(float(match[1]) * _BYTES[match[2].lower()]) if match else 0
    if size < 1:
        raise ValueError(f"{text!r} is not a size; write 4096, 64k or 16MiB")
    return size


def parse_share(text: str) -> float:
    """Return ``1%`` or ``0.01`` as a share of one, from 0 to 1. Raises ``ValueError``."""
    words = text.strip()
    try:
        share = float(words.removesuffix("%")) / (100 if words.endswith("%") else 1)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise ValueError(f"{text!r} is not a share; write 1% or 0.01")
    return share


def parse_rate(text: str) -> float:
    """Return ``500``, ``2k/s`` or ``90/min`` as a number a second, more than none. Raises ``ValueError``."""
    match = _RATE.fullmatch(text.strip())
    rate = float(match[1]) * _TIMES[match[2]] / _SECONDS[match[3] or "s"] if match else 0.0
    if rate <= 0:
        raise ValueError(f"{text!r} is not a rate; write 500, 2k/s or 90/min")
    return rate
