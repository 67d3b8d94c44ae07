"""The engines by their names."""

from collections.abc import Callable
from importlib import import_module

from concli.engines.engine import Engine, Settings
from concli.errors import UsageError

__all__ = ["ENGINES", "engine_named"]

#: Where the class of each is. An engine is imported when it is asked for.
ENGINES = {
    "threads": "concli.engines.threads:Threads",
    "processes": "concli.engines.processes:Processes",
    "dask": "concli.engines.dask:Dask",
}


def engine_named(name: str, workers: int, settings: Settings = Settings()) -> Engine:  # noqa: B008 - it is frozen
    """Return the engine of that name, or the one that ``MODULE:CLASS`` says.

    Raises ``UsageError`` if there is none, if it needs something that is not installed, and for a setting that it has
    no use for.
    """
    module, _, attribute = ENGINES.get(name, name).partition(":")
    if not attribute:
        raise UsageError(f"there is no engine {name!r}; take {', '.join(ENGINES)}, or one of your own as MODULE:CLASS")
    try:
        make: Callable[[int, Settings], Engine] = getattr(import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise UsageError(f"there is no engine {name!r}: {error}") from error
    return make(workers, settings)
