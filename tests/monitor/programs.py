"""Programs to be watched."""

import contextlib
import subprocess
import sys
from collections.abc import Iterator

#: Says so when it is there, and ends when its standard input does.
WAITS = "print(flush=True); input()"
#: Lives until the standard input, which it has from its parent, is closed by whoever watches.
_CHILD = "import sys; print(flush=True); sys.stdin.read()"
#: Tells the id of its child, and ends at once.
LEAVES = f"""
import subprocess, sys
child = subprocess.Popen([sys.executable, "-ISc", {_CHILD!r}], stdout=subprocess.PIPE)
child.stdout.readline()
print(child.pid, flush=True)
child.returncode = 0
"""
#: Does so too, but stays.
FORKS = LEAVES + "import signal; signal.pause()"
#: Has a grandchild whose parent has ended; tells its id and stays.
ORPHANS = f"""
import signal, subprocess, sys
subprocess.run([sys.executable, "-ISc", {LEAVES!r}])
signal.pause()
"""

#: Its first thread ends, another one goes on.
HEADLESS = """
import ctypes, sys, threading
def go_on():
    while "Z" not in open(f"/proc/self/task/{first.native_id}/stat").read(): pass
    print(flush=True)
    sys.stdin.read()
first = threading.main_thread()
threading.Thread(target=go_on).start()
ctypes.CDLL(None).pthread_exit(None)
"""

#: Begins threads and processes without pause, each of which ends at once.
CHURNS = """
import subprocess, sys, threading
def begin_threads():
    while True:
        thread = threading.Thread(target=int)
        thread.start()
        thread.join()
threading.Thread(target=begin_threads, daemon=True).start()
while True:
    subprocess.run(["true"])
    print(flush=True)
"""


@contextlib.contextmanager
def running(program: str, *, in_own_session: bool = False) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a program until the block ends, at the latest."""
    command = [sys.executable, "-ISc", program]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, start_new_session=in_own_session) as process:
        try:
            yield process
        finally:
            process.kill()


def line_of(process: "subprocess.Popen[bytes]") -> bytes:
    assert process.stdout is not None
    return process.stdout.readline()


def tell(process: "subprocess.Popen[bytes]") -> None:
    """Send it a line."""
    assert process.stdin is not None
    process.stdin.write(b"\n")
    process.stdin.flush()
