"""What still has threads when the interpreter ends: it finishes its work first, as in ``concurrent.futures``."""

import os
import threading
from typing import Protocol

__all__ = ["Crewed", "discharge", "enlist", "interpreter_is_ending"]


class Crewed(Protocol):
    """Something with threads of its own."""

    def end_with_interpreter(self) -> None: ...
    def wait_until_gone(self, timeout: float | None) -> bool: ...


_lock = threading.Lock()  # guards the two below; the interpreter's own ending is no matter of `_sync`
_enlisted: set[Crewed] = set()
_is_ending = False


def interpreter_is_ending() -> RuntimeError:
    """Return what is to be raised, in the standard library's words."""
    return RuntimeError("cannot schedule new futures after interpreter shutdown")


def enlist(crew: Crewed) -> None:
    """Have ``crew`` ended and waited for at exit. Raises ``RuntimeError`` if it is too late for that."""
    with _lock:
        if _is_ending:
            raise interpreter_is_ending()
        _enlisted.add(crew)


def discharge(crew: Crewed) -> None:
    """Forget ``crew``, which has no threads any more."""
    with _lock:
        _enlisted.discard(crew)


def _finish() -> None:
    global _is_ending  # noqa: PLW0603 - the interpreter ends once
    with _lock:
        _is_ending = True
        crews = list(_enlisted)
    for crew in crews:
        crew.end_with_interpreter()
    for crew in crews:
        crew.wait_until_gone(None)


def _forget_after_fork() -> None:
    global _lock  # noqa: PLW0603 - another thread may have held it, which isn't in the child
    _lock = threading.Lock()
    _enlisted.clear()  # nor are the threads


# Not `atexit`: that runs after the interpreter has waited for all threads, idle ones included.
threading._register_atexit(_finish)  # type: ignore[attr-defined]  # noqa: SLF001 - what concurrent.futures uses
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_after_fork)
