"""A stage that calls a Python function: ``py:module:function`` or ``py:./file.py:function``."""

import importlib
import importlib.util
import inspect
import os
import sys
import traceback
from collections.abc import Callable
from types import ModuleType
from typing import Any

from concli.errors import UsageError

__all__ = ["Function"]


class Function:
    """A function, found by its module's name or its file; its ``function`` is what to call.

    The module is looked for as ``python -m`` does, the working directory first; a file is loaded once, with its
    folder in front of the places for modules. A function may be an attribute of something: ``module:Class.method``.

    >>> Function("math:sqrt")(9.0)
    3.0

    ``module`` is the name under which a file is loaded, so that it is the same in all processes; by default that of
    the file, if no other module has it. Raises ``UsageError`` for what can't be found, raises when it is imported, or
    can't be called.
    """

    kills_at_timeout = False  # a thread can't be killed

    def __init__(self, target: str, module: str | None = None) -> None:
        place, _, name = target.rpartition(":")
        if not place or not name:
            raise UsageError(f"py:{target}: write py:MODULE:FUNCTION or py:./FILE.py:FUNCTION")
        found: Any = _import(target, place, module)
        self.module: str = found.__name__
        for part in name.split("."):
            try:
                found = getattr(found, part)
            except AttributeError:
                raise UsageError(f"py:{target}: there is no {name!r} in {place}") from None
        if not callable(found):
            raise UsageError(f"py:{target}: {name} is a {type(found).__name__}, which can't be called")
        if inspect.iscoroutinefunction(found):
            raise UsageError(f"py:{target}: {name} is async; give a function that runs it, with asyncio.run")
        self.function: Callable[[Any], Any] = found
        self._name = name

    def __call__(self, item: Any) -> Any:
        """Return what the function returns."""
        return self.function(item)

    def describe(self, item: Any) -> str:
        """Return the call as it would be written."""
        return f"{self._name}({item!r})"

    def cancel(self) -> None:
        """Do nothing: a call that goes on can't be ended."""


def _import(target: str, place: str, name: str | None) -> ModuleType:
    """Return the module, imported; whatever it raises on the way is a wrong usage."""
    is_file = place.endswith(".py") or os.sep in place
    if is_file and not os.path.isfile(place):
        raise UsageError(f"py:{target}: there is no file {place}")
    try:
        return _load(os.path.realpath(place), name) if is_file else _named(place)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a module can raise anything
        if isinstance(error, ModuleNotFoundError) and not is_file and _is_or_holds(error.name, place):
            raise UsageError(f"py:{target}: there is no module {error.name!r} here or in Python's path") from None
        said = " ".join(traceback.format_exception_only(error)[-1].split())
        raise UsageError(f"py:{target}: importing {place} raised {said}{_where(error)}") from None


def _is_or_holds(missing: str | None, place: str) -> bool:
    return missing is not None and f"{place}.".startswith(f"{missing}.")


def _where(error: BaseException) -> str:
    """Return the place of the last line that is not the import system's own."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "importlib" not in frame.filename]
    if len(frames) < 2 or isinstance(error, SyntaxError):  # what is left are our own; a syntax error names its place
        return f" (line {error.lineno})" if isinstance(error, SyntaxError) else ""
    return f" ({frames[-1].filename}, line {frames[-1].lineno})"


def _named(name: str) -> ModuleType:
    _put_first(os.getcwd())
    return importlib.import_module(name)


def _load(path: str, name: str | None) -> ModuleType:
    folder, stem = os.path.dirname(path), os.path.basename(path).removesuffix(".py")
    for each in (stem, path) if name is None else (name,):
        known = sys.modules.get(each)
        if known is not None and getattr(known, "__file__", None) == path:
            return known
    _put_first(folder)
    # Under its own name, so that others can import it as well, unless another module has that name.
    name = name or (path if stem in sys.modules else stem)
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError("not a Python file: its name ends otherwise")
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _put_first(folder: str) -> None:
    if folder not in sys.path:
        sys.path.insert(0, folder)
