"""What Python's own decompressors take alone: ``python decompress.py IN OUT``, which gets the number of bytes."""

import bz2
import gzip
import importlib
import importlib.util
import lzma
import sys
from typing import IO, Any

_BLOCK_BYTES = 1024 * 1024


def _zstd(path: str) -> IO[bytes]:
    module = "compression.zstd" if importlib.util.find_spec("compression") else "zstandard"  # the former since 3.14
    opened: IO[bytes] = importlib.import_module(module).open(path, "rb")
    return opened


_OPEN: dict[str, Any] = {"gz": gzip.open, "bz2": bz2.open, "xz": lzma.open, "zst": _zstd}

total = 0
with _OPEN[sys.argv[1].rpartition(".")[2]](sys.argv[1]) as file:
    while block := file.read(_BLOCK_BYTES):
        total += len(block)
with open(sys.argv[2], "w", encoding="ascii") as output:
    output.write(str(total))
