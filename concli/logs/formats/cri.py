"""What a container says, as Kubernetes' container runtimes wrap it."""

import re

import numpy as np

from concli.logs.chunk import Chunk
from concli.logs.entries import Scan
from concli.logs.formats._partials import join_partials
from concli.logs.formats.format import Format, Reading
from concli.logs.formats.regex import Layout, RegexScanner

__all__ = ["CRI"]

_LAYOUT = Layout(
    re.compile(
        rb"(?P<timestamp>[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(?:\.[0-9]+)?(?:Z|[+-][0-9]{2}:[0-9]{2})) "
        rb"(?P<stream>stdout|stderr) (?P<tag>[FP])(?::[^ \n]*)? (?P<message>.*)"
    ),
    "not cri",
    joins=False,
)


class _CriScanner:
    """Joins partial lines with those that they go on in; the tag is then of no more use."""

    def __init__(self, reading: Reading) -> None:
        self._scanner = RegexScanner(reading, _LAYOUT)

    def scan(self, chunk: Chunk) -> Scan:
        scan = self._scanner.scan(chunk)
        fields = dict(scan.entries.fields)
        tags = fields.pop("tag", None)
        scan = scan._replace(entries=scan.entries._replace(fields=fields))
        if tags is None or not tags.starts.size:
            return scan
        return join_partials(scan, np.frombuffer(tags.buffer, np.uint8)[tags.starts] == ord("P"))


CRI = Format(
    "cri",
    "CRI, as Kubernetes keeps what containers say",
    b"2026-11-22T16:35:43.123456789Z stdout P listening on\n2026-11-22T16:35:43.123456789Z stdout F  8731",
    re.compile(
        rb"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(?:\.[0-9]+)?(?:Z|[+-][0-9]{2}:[0-9]{2}) (?:stdout|stderr) [FP][: ]"
    ),
    _CriScanner,
    ("stream",),
    joins=False,
)
