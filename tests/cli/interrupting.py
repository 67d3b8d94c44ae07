"""A command on a terminal that is interrupted once it is at work."""

import os
import pty
import signal
import subprocess
import sys
from collections.abc import Sequence

__all__ = ["interrupted"]


def interrupted(arguments: Sequence[str], env: dict[str, str], *, once_shown: str) -> tuple[int, str]:
    """Send SIGINT once the live table shows that text; return the exit code and what was shown at the end."""
    controller, terminal = pty.openpty()
    command = [sys.executable, "-m", "concli", *arguments]
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=terminal, env=env | {"TERM": "xterm"}
    ) as process:
        os.close(terminal)
        shown = b""
        while once_shown.encode() not in shown:
            shown += os.read(controller, 10_000)
        process.send_signal(signal.SIGINT)
        shown = b""
        while chunk := _read(controller):
            shown += chunk
        code = process.wait(30)
    os.close(controller)
    return code, shown.decode().partition("stopped by SIGINT")[2]


def _read(controller: int) -> bytes:
    try:
        return os.read(controller, 10_000)
    except OSError:  # so a terminal says that nobody writes to it any more
        return b""
