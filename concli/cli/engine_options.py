"""The options that say where the work of a job is done: in threads, in other processes, on other machines."""

import os
import re
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from concli.cli.options import file_names
from concli.cli.quantities import byte_size

if TYPE_CHECKING:
    from concli.engines.choose import Work
    from concli.engines.engine import Engine

__all__ = ["Placement", "engine_options"]

_NAMES = ["threads", "processes", "dask", "auto"]


class Placement(NamedTuple):
    """What was said of the engine. ``memory`` is in bytes a worker, ``scratch`` a folder."""

    name: str
    scheduler: str | None
    memory: int | None
    scratch: str | None

    def engine(
        self, workers: int, work: Callable[[], "Work"], output: str | None = None
    ) -> tuple["Engine", dict[str, object]]:
        """Return the engine, and what the report is to say of it; ``work`` is looked at if it is to be chosen.

        ``output`` is the path of the job's, if it has one. Raises ``UsageError``.
        """
        from concli.engines.choose import choose  # noqa: PLC0415 - help must not wait for it
        from concli.engines.engine import Settings  # noqa: PLC0415
        from concli.engines.registry import engine_named  # noqa: PLC0415

        name, why = self.name, None
        settings = Settings(self.memory, self.scheduler, self.scratch, _folder_of(output))
        if name == "auto":
            name, why = choose(work(), workers=workers)
            if name == "threads":
                settings = Settings()  # there is nobody whom they could bound
        engine = engine_named(name, workers, settings)
        return engine, {"engine": engine.name, "engine_why": why, "scheduler": _without_password(self.scheduler)}


def _folder_of(output: str | None) -> str | None:
    """Return where a file is written to, if it is one."""
    if output is None or output == "-" or (os.path.exists(output) and not os.path.isfile(output)):
        return None
    return os.path.dirname(os.path.abspath(output))


def _without_password(address: str | None) -> str | None:
    """Leave out who one is, between :// and @."""
    return address and re.sub(r"^([^/]*//)?.*@", r"\1", address)


def engine_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options, of which the command gets a ``placement``."""

    @wraps(command)
    def with_options(
        *, engine: str, scheduler: str | None, worker_memory: int | None, scratch: str | None, **values: Any
    ) -> Any:
        return command(placement=Placement(engine, scheduler, worker_memory, scratch), **values)

    for option in reversed(
        [
            click.option(
                "--engine",
                metavar="|".join(_NAMES),
                default="threads",
                show_default=True,
                envvar="CONCLI_ENGINE",
                help="Where the work is done, --threads at a time: in threads, in worker processes, past the GIL, or "
                "on a dask cluster. auto takes threads or processes, and says why.",
            ),
            click.option(
                "--scheduler",
                metavar="ADDRESS",
                envvar="CONCLI_SCHEDULER",
                help="With --engine dask: the cluster's, as tcp://HOST:PORT.  [default: a cluster on this machine]",
            ),
            click.option(
                "--scratch",
                metavar="DIR",
                shell_complete=file_names,
                envvar="CONCLI_SCRATCH",
                help="With --scheduler: a folder that all workers see, for large results on their way.  [default: "
                "beside the output, if they see that; else through the network]",
            ),
            click.option(
                "--worker-memory",
                metavar="SIZE",
                callback=byte_size,
                envvar="CONCLI_WORKER_MEMORY",
                help="What a worker of this machine may allocate: 500MiB, 2GiB.  [default: its share of the machine's "
                "memory, or 1 GiB]",
            ),
        ]
    ):
        with_options = option(with_options)
    return with_options
