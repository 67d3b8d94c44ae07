"""The way to a dask cluster: a client, what to call the cluster, and a folder that its workers see."""

import contextlib
import logging
import warnings
from importlib import import_module
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from concli.engines._local_cluster import SILENT, local_cluster, shared_folder
from concli.engines._task import probe
from concli.engines.engine import EngineLost, Settings
from concli.errors import OutputError

__all__ = ["Connection", "connected", "line_of"]

_CONNECT_S = 10  # for a scheduler to answer
_LEAVE_S = 1  # for a farewell


class Connection(NamedTuple):
    """A client; ``where`` it leads to, without any secret; and a folder of this run's own, if all workers see one."""

    client: Any
    where: str
    folder: str | None


def connected(stack: contextlib.ExitStack, workers: int, settings: Settings) -> Connection:
    """Connect to a cluster, or to a local one that is started, until ``stack`` is closed.

    Raises ``EngineLost`` if it can't be used, and says why.
    """
    distributed: Any = import_module("distributed")
    for name in [name for name in logging.root.manager.loggerDict if name.startswith("distributed")]:
        logging.getLogger(name).setLevel(SILENT)
    warnings.simplefilter("ignore", import_module("distributed.versions").VersionMismatchWarning)  # _check tells
    secret, at, host = (settings.scheduler or "the local cluster").rpartition("://")[2].rpartition("@")
    where, secret = (host, secret + at) if at else (settings.scheduler or host, "")
    folder = None
    try:
        cluster: Any = settings.scheduler
        if cluster is None:
            folder = stack.enter_context(shared_folder())  # it outlives the workers
            cluster = stack.enter_context(local_cluster(workers, settings.memory))
        else:
            _knock(cluster)
        # What is on this machine is had from the workers themselves; elsewhere they may be out of our reach.
        direct = True if settings.scheduler is None else None
        client = distributed.Client(cluster, timeout=_CONNECT_S, set_as_default=False, direct_to_workers=direct)
        stack.callback(client.close, timeout=_LEAVE_S)
        _check(client, where)
    except (OSError, ValueError, RuntimeError, TypeError) as error:  # the last is for TLS without certificates
        raise EngineLost(f"{where}: no scheduler answers there: {line_of(error).replace(secret, '')}") from None
    return Connection(client, where, folder or _folder(stack, client, where, settings))


def _folder(stack: contextlib.ExitStack, client: Any, where: str, settings: Settings) -> str | None:
    """Make a folder where all workers of a cluster can write, if there is such a place."""
    base = settings.scratch or settings.beside
    if base is None:
        return None
    try:
        folder = stack.enter_context(TemporaryDirectory(prefix=".concli-", dir=base, ignore_cleanup_errors=True))
    except OSError as error:
        if settings.scratch:
            raise OutputError(base, error) from error
        return None
    blind = [address for address, is_seen in client.run(probe, folder).items() if not is_seen]
    if blind and settings.scratch:
        raise EngineLost(f"{where}: its worker {blind[0]} can't write to {base}; --scratch is to be shared by all")
    return None if blind else folder


def _knock(address: str) -> None:
    """Raise ``OSError`` if nobody there speaks dask's protocol; a client would wait for ever."""
    utils: Any = import_module("distributed.utils")
    connect = import_module("distributed.comm").connect
    arguments = import_module("distributed").Security().get_connection_args("client")

    async def come_and_go() -> None:
        comm = await connect(address, timeout=_CONNECT_S, **arguments)
        await comm.close()

    loop = utils.LoopRunner()  # not asyncio.run: that would swallow an interrupt
    loop.start()
    try:
        utils.sync(loop.loop, come_and_go, callback_timeout=_CONNECT_S)
    finally:
        loop.stop()


def _check(client: Any, where: str) -> None:
    """Raise ``EngineLost`` if the workers can't do our work."""
    ours = client.get_versions()
    for who, theirs in {"its scheduler": ours["scheduler"], **ours["workers"]}.items():
        for name in ("python", "distributed"):
            here, there = (side["packages"][name] for side in (ours["client"], theirs))
            if _series(name, here) != _series(name, there):
                raise EngineLost(
                    f"{where}: {who} has {name} {there}, and here it is {here}; use the same on both sides"
                )
    for who, came in client.run(probe, None, on_error="return").items():
        if isinstance(came, Exception):
            raise EngineLost(f"{where}: its worker {who} can't import concli: {line_of(came)}; install it there")


def _series(name: str, version: str) -> object:
    return version.split(".")[:2] if name == "python" else version


def line_of(error: BaseException) -> str:
    """Return the first line of what an error says."""
    return (str(error).splitlines() or [type(error).__name__])[0]
