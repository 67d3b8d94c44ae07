"""What a worker needs to build the function that does units: ``make``, its arguments, and where their modules are."""

import importlib
import importlib.util
import io
import os
import pickle
import sys
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any, NamedTuple

from concli.engines._message import Message, pack
from concli.engines._regions import Regions
from concli.errors import UsageError

__all__ = ["Setup", "loads", "packed", "setup_for", "unsendable"]

_MAIN = "__main__"


class Setup(NamedTuple):
    """How to build it, in plain values.

    ``files`` are the modules that can't be imported by their names, each with its file: the script that runs, and
    functions that a user gave as a file. ``body`` is the pickle of ``make`` and its arguments.
    """

    files: dict[str, str]
    body: bytes

    def register(self) -> None:
        """Have modules found in their files, from now on; units need them as well."""
        _files.update(self.files)

    def build(self) -> Callable[[Any], Any]:
        """Return what ``make(*args)`` returns; raises what it raises, and what finding it raises."""
        make, args = loads(self.body)
        function: Callable[[Any], Any] = make(*args)
        return function


def setup_for(make: Callable[..., Any], args: tuple[Any, ...]) -> Setup:
    """Pack ``make`` and its arguments. Raises ``UsageError`` if they can't be sent."""
    name = getattr(make, "__qualname__", repr(make))
    try:
        body = pack((make, args)).body if not _is_interactive(make) else b""
    except Exception as error:
        raise unsendable(name, error) from error
    if not body:
        raise UsageError(f"{name} can't be sent to a worker: it was defined at a prompt; put it into a file")
    return Setup(_files_of_modules(), body)


def packed(unit: object, regions: Regions | None = None, *, refers: bool = False) -> Message:
    """Take a unit apart; see ``pack``. Raises ``UsageError`` if it can't be sent."""
    try:
        return pack(unit, regions, refers=refers)
    except Exception as error:
        raise unsendable(f"a unit, {type(unit).__qualname__},", error) from error


def unsendable(what: str, error: Exception) -> UsageError:
    """Return an error that says in one line why something can't be sent."""
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    if "<lambda>" in reason:
        reason = "a lambda has no name to find it by; use a function at the top level of a module"
    elif "<locals>" in reason:
        reason = f"{reason}: define it at the top level of a module, and not in a function"
    elif "cannot pickle" in reason:
        reason = f"{reason}: let the worker make its own"
    return UsageError(f"{what} can't be sent to a worker: {reason}")


def loads(body: bytes, buffers: Sequence[Any] = ()) -> Any:
    """Unpickle what a parent has sent."""
    return _Unpickler(io.BytesIO(body), buffers=buffers).load()


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str, /) -> Any:
        if module in _files:
            _import_file(module, _files[module])
        return super().find_class(module, name)


_files: dict[str, str] = {}  # those of the setups so far; set before units come
_loaded: set[str] = set()


def _import_file(name: str, path: str) -> None:
    """Import a file under that name; the parent's script in the place of this process's own, but not as a script."""
    if name in _loaded:
        return
    spec = importlib.util.spec_from_file_location("__mp_main__" if name == _MAIN else name, path)
    if spec is None or spec.loader is None:
        raise ModuleNotFoundError(f"{path} is no Python file", name=name)
    module = importlib.util.module_from_spec(spec)
    before = sys.modules.get(name)
    sys.modules[name] = sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        if before is None:
            del sys.modules[name]
        else:
            sys.modules[name] = before
        raise
    _loaded.add(name)


def _files_of_modules() -> dict[str, str]:
    """Return the modules of this process that a worker with its ``sys.path`` would not find, with their files."""
    sys.modules.setdefault("__mp_main__", sys.modules[_MAIN])  # results may be of classes of the script
    folders = {os.path.abspath(folder) for folder in sys.path}
    files = {}
    for name, module in sys.modules.copy().items():
        path = getattr(module, "__file__", None)
        if not isinstance(module, ModuleType) or not path or not path.endswith(".py"):
            continue
        folder, base = os.path.split(path)
        if name == _MAIN or (
            "." not in name and base != "__init__.py" and not (folder in folders and base == f"{name}.py")
        ):
            files[name] = path
    return files


def _is_interactive(make: Callable[..., Any]) -> bool:
    return getattr(make, "__module__", None) == _MAIN and not hasattr(sys.modules[_MAIN], "__file__")
