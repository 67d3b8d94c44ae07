"""Lines whose levels are letters: klog, and Android's logcat."""

from random import Random

from concli.logs.generate.clock import Clock
from concli.logs.generate.events import Event, Words
from concli.logs.generate.layout import Layout, Line, Write

__all__ = ["KLOG", "LOGCAT"]

_KLOG = {"DEBUG": "INFO", "INFO": "INFO", "WARNING": "WARNING", "ERROR": "ERROR", "CRITICAL": "FATAL"}
_LOGCAT = {"DEBUG": "DEBUG", "INFO": "INFO", "WARNING": "WARNING", "ERROR": "ERROR", "CRITICAL": "FATAL"}
_FILES = ("controller.go", "reflector.go", "kubelet_node_status.go", "scheduler.go")
_TAGS = ("ActivityManager", "WindowManager", "PowerManagerService", "ShopSync")


def _klog(random: Random) -> Write:
    words = Words(random)

    def write(clock: Clock, event: Event) -> Line:
        level, thread, number = _KLOG[event.level], words.number(1, 100_000), words.number(20, 1500)
        file = words.pick(_FILES)
        stamp = f"{clock.date[5:7]}{clock.date[8:]} {clock.time}.{clock.micro:06d}"
        text = f"{level[0]}{stamp} {thread:>7} {file}:{number}] {event.message}"
        fields: dict[str, object] = {"thread": thread, "file": file, "line": number}
        return Line(text, (1, 21), f"{clock.date}T{clock.time}.{clock.micro:06d}", level, event.message, fields)

    return write


def _logcat(random: Random) -> Write:
    words = Words(random)

    def write(clock: Clock, event: Event) -> Line:
        level, pid, tid = _LOGCAT[event.level], words.number(300, 9000), words.number(300, 9999)
        tag, millis = words.pick(_TAGS), clock.millis
        text = f"{clock.date[5:]} {clock.time}.{millis} {pid:>5} {tid:>5} {level[0]} {tag}: {event.message}"
        fields: dict[str, object] = {"pid": pid, "tid": tid, "tag": tag}
        return Line(text, (0, 18), f"{clock.date}T{clock.time}.{millis}", level, event.message, fields)

    return write


KLOG = Layout(_klog, joins=True)
LOGCAT = Layout(_logcat, joins=True)
