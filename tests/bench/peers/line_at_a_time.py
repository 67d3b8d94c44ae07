"""The job as it is usually written: ``python line_at_a_time.py IN OUT``.

One thread reads and puts line after line into a queue, two match them with a regular expression, one
writes. The lines come out in no certain order.
"""

import queue
import re
import sys
import threading

_ENTRY = re.compile(r"(\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}) \[(\w+)\] (.*)", re.ASCII)
_PARSERS = 2

lines: queue.Queue[str | None] = queue.Queue(maxsize=1000)
entries: queue.Queue[tuple[str, str, str] | None] = queue.Queue(maxsize=1000)


def read(path: str) -> None:
    with open(path, encoding="utf-8", errors="replace", newline="\n") as file:
        for line in file:
            lines.put(line)
    for _ in range(_PARSERS):
        lines.put(None)


def parse() -> None:
    while (line := lines.get()) is not None:
        if entry := _ENTRY.match(line):
            entries.put((entry[1], entry[2], entry[3]))
    entries.put(None)


def write(path: str) -> None:
    running = _PARSERS
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        while running:
            entry = entries.get()
            if entry is None:
                running -= 1
            else:
                timestamp, level, message = entry
                file.write(f"{timestamp} [{level}] {message}\n")


threads = [
    threading.Thread(target=read, args=(sys.argv[1],)),
    *(threading.Thread(target=parse) for _ in range(_PARSERS)),
    threading.Thread(target=write, args=(sys.argv[2],)),
]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
