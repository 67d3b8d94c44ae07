"""Starts programs as ``os.posix_spawn`` does, but lets other threads run meanwhile.

``posix_spawn`` comes back when the child has begun its program, after half a millisecond or so, and that of ``os``
holds the GIL until then: no other thread can start a command, or see that one has ended. Called by ctypes, it doesn't.
"""

import contextlib
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Protocol

__all__ = ["Spawn", "make_spawn"]

_DEFAULTS = [signal.SIGPIPE, signal.SIGXFSZ]  # the interpreter ignores them, and children would

# Of <spawn.h>, the same in glibc and musl.
_SETPGROUP, _SETSIGDEF, _SETSIGMASK = 2, 4, 8
_AMPLE = 1024  # bytes: the largest structure of theirs that is needed here has 336


class Spawn(Protocol):
    """Starts a program in a process group of its own, with signals as a shell has them, and returns its id.

    Its streams are these descriptors; without ``stdin`` there is nothing to read. Raises ``OSError`` if it can't be
    started and ``ValueError`` for a word with a NUL or half a surrogate pair.
    """

    def __call__(self, program: str, words: list[str], stdin: int | None, stdout: int, stderr: int, /) -> int: ...


def make_spawn(env: Mapping[bytes, bytes]) -> Spawn:
    """Return what starts programs in this environment, for any number of threads."""
    if sys.platform == "linux":
        with contextlib.suppress(ImportError, OSError, AttributeError):  # there is no ctypes, or no such C library
            return _ByLibc(env)
    return partial(_by_os, dict(env))


def _by_os(
    env: Mapping[bytes, bytes], program: str, words: list[str], stdin: int | None, stdout: int, stderr: int, /
) -> int:
    source: tuple[Any, ...] = (os.POSIX_SPAWN_DUP2, stdin, 0)
    if stdin is None:
        source = (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0)
    streams = [source, (os.POSIX_SPAWN_DUP2, stdout, 1), (os.POSIX_SPAWN_DUP2, stderr, 2)]
    return os.posix_spawn(program, words, env, file_actions=streams, setpgroup=0, setsigmask=[], setsigdef=_DEFAULTS)


class _ByLibc:
    """The C library's own. What all calls have in common is made once, and only read by them."""

    def __init__(self, env: Mapping[bytes, bytes]) -> None:
        import ctypes  # noqa: PLC0415 - only who runs commands needs it, and it takes a while

        self._ctypes = ctypes
        self._posix_spawn = ctypes.CDLL(None).posix_spawn
        # What takes no time is called with the GIL held: to give it up would cost more.
        self._libc = libc = ctypes.PyDLL(None)
        self._env = self._strings([b"%b=%b" % pair for pair in env.items()])
        self._attributes = self._made(libc.posix_spawnattr_init)
        _check(libc.posix_spawnattr_setpgroup(self._attributes, 0))
        _check(libc.posix_spawnattr_setsigmask(self._attributes, self._signals([])))
        _check(libc.posix_spawnattr_setsigdefault(self._attributes, self._signals(_DEFAULTS)))
        _check(libc.posix_spawnattr_setflags(self._attributes, _SETPGROUP | _SETSIGDEF | _SETSIGMASK))

    def __call__(self, program: str, words: list[str], stdin: int | None, stdout: int, stderr: int, /) -> int:
        path, *argv = map(_encoded, (program, *words))
        pid, libc = self._ctypes.c_int(), self._libc
        streams = self._made(libc.posix_spawn_file_actions_init)
        try:
            if stdin is None:
                _check(libc.posix_spawn_file_actions_addopen(streams, 0, os.fsencode(os.devnull), os.O_RDONLY, 0))
            else:
                _check(libc.posix_spawn_file_actions_adddup2(streams, stdin, 0))
            _check(libc.posix_spawn_file_actions_adddup2(streams, stdout, 1))
            _check(libc.posix_spawn_file_actions_adddup2(streams, stderr, 2))
            place = self._ctypes.byref(pid)
            code = self._posix_spawn(place, path, streams, self._attributes, self._strings(argv), self._env)
            _check(code, program)
        finally:
            libc.posix_spawn_file_actions_destroy(streams)
        return pid.value

    def _made(self, init: Any) -> Any:
        """Return a structure of the C library, and room to spare."""
        structure = self._ctypes.create_string_buffer(_AMPLE)
        _check(init(structure))
        return structure

    def _signals(self, numbers: Sequence[int]) -> Any:
        signals = self._made(self._libc.sigemptyset)
        for number in numbers:
            self._libc.sigaddset(signals, number)
        return signals

    def _strings(self, strings: Sequence[bytes]) -> Any:
        """Return an array of pointers to them, with the null pointer at its end. It keeps them alive."""
        return (self._ctypes.c_char_p * (len(strings) + 1))(*strings)


def _encoded(word: str) -> bytes:
    encoded = os.fsencode(word)
    if b"\0" in encoded:
        raise ValueError("embedded null byte")
    return encoded


def _check(code: int, program: str | None = None) -> None:
    if code:
        raise OSError(code, os.strerror(code), program)
