"""A dask cluster on this machine, for one run: nobody else reaches it, and it ends with the run."""

import contextlib
import logging
import os
import signal
import tempfile
from collections.abc import Iterator
from importlib import import_module
from multiprocessing import resource_tracker
from typing import Any

from concli.engines._child import ENVIRONMENT

__all__ = ["SILENT", "local_cluster", "shared_folder"]

#: The level at which dask's own logs are: what is wrong is told once, by an exception.
SILENT = logging.CRITICAL + 1
_CONFIG = {
    "distributed.worker.profile.enabled": False,  # it looks at all threads a hundred times a second
    # By default workers give freed memory back to the system at once, and to get it again costs a fault for each page.
    "distributed.nanny.pre-spawn-environ": ENVIRONMENT,
}


@contextlib.contextmanager
def local_cluster(workers: int, memory: int | None) -> Iterator[Any]:
    """Start so many worker processes, each with ``memory`` bytes, and end them."""
    distributed: Any = import_module("distributed")
    dask: Any = import_module("dask")
    with _interrupts_held(), dask.config.set(_CONFIG):
        cluster = distributed.LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address=None,
            scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},  # of what it serves besides
            memory_limit=memory,
            silence_logs=SILENT,
        )
    try:
        yield cluster
    finally:
        # What its workers may still be at is of no use to anybody.
        for nanny in cluster.workers.values():
            nanny.auto_restart = False
            with contextlib.suppress(ProcessLookupError, TypeError):  # it has ended, or never begun
                os.kill(nanny.pid, signal.SIGKILL)
        cluster.close()


@contextlib.contextmanager
def shared_folder() -> Iterator[str]:
    """Make a folder in memory, or where temporary files are, and remove it, and what killed runs have left there."""
    diskutils: Any = import_module("distributed.diskutils")
    base = next(folder for folder in ("/dev/shm", tempfile.gettempdir()) if os.access(folder, os.W_OK))  # noqa: S108
    place = os.path.join(base, f"concli-{os.getuid()}")
    os.makedirs(place, mode=0o700, exist_ok=True)
    if os.stat(place).st_uid != os.getuid():  # and whoever it is could put results of their own there
        place = tempfile.mkdtemp(prefix="concli-")
    work = diskutils.WorkSpace(place).new_work_dir(prefix="parts-")
    try:
        yield work.dir_path
    finally:
        work.release()


@contextlib.contextmanager
def _interrupts_held() -> Iterator[None]:
    """Have a terminal's Ctrl-C come when the block is over, and never to the processes that it starts.

    They inherit what is blocked here, by the thread that starts them; whoever gets the interrupt ends them.
    """
    resource_tracker.ensure_running()  # to start that lifts the block
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
