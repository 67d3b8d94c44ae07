"""The logs that are read: made by concli, the same for the same seed, and some of them compressed."""

import os
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

from tests.bench.timing import CommandError

__all__ = ["COMPRESSORS", "compress", "log_path", "make_logs"]

#: What compresses, by the ending; xz at a level at which it does not take longer than all the rest.
COMPRESSORS = {
    "gz": ("gzip", "-6", "-c"),
    "bz2": ("bzip2", "-9", "-c"),
    "xz": ("xz", "-2", "-c"),
    "zst": ("zstd", "-3", "-q", "-c"),
}


def log_path(folder: str, name: str) -> str:
    """Return where the log of a format is."""
    return os.path.join(folder, f"{name}.log")


def make_logs(
    concli: Sequence[str], folder: str, names: Iterable[str], size: int, traces: str, seed: int
) -> dict[str, int]:
    """Make a log of each format, two at a time; return how many bytes each has."""

    def make(name: str) -> tuple[str, int]:
        path = log_path(folder, name)
        how = ("--size", str(size), "--traces", traces, "--seed", str(seed), "-q", "-o", path)
        _run((*concli, "logs", "generate", "--format", name, *how))
        return name, os.path.getsize(path)

    with ThreadPoolExecutor(2) as pool:
        return dict(pool.map(make, names))


def compress(path: str) -> list[str]:
    """Compress a file by all there is to do it with; return the endings."""
    endings = [ending for ending, argv in COMPRESSORS.items() if shutil.which(argv[0])]
    for ending in endings:
        with open(f"{path}.{ending}", "wb") as output:
            _run((*COMPRESSORS[ending], path), output)
    return endings


def _run(argv: Sequence[str], output: object = subprocess.DEVNULL) -> None:
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.PIPE, check=False)  # type: ignore[call-overload] # a file
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines() or ["it said nothing"]
        raise CommandError(f"{argv[0]}: exit code {done.returncode}: {said[-1]}")
