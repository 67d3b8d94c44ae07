"""Lines of system logs: after RFC 3164, without a priority as they stand in files, and after RFC 5424."""

from random import Random

from concli.logs.generate.clock import MONTHS, Clock
from concli.logs.generate.events import Event, Words
from concli.logs.generate.layout import Layout, Line, Write

__all__ = ["SYSLOG", "SYSLOG5424"]

_SEVERITIES = {"DEBUG": (7, "DEBUG"), "INFO": (6, "INFO"), "WARNING": (4, "WARNING")}
_SEVERITIES |= {"ERROR": (3, "ERR"), "CRITICAL": (2, "CRIT")}
_FACILITY = 16 * 8  # local0
_PROGRAMS = ("shop", "sshd", "cron", "systemd", "postfix/smtpd", "kernel")


def _syslog(random: Random) -> Write:
    words = Words(random)

    def write(clock: Clock, event: Event) -> Line:
        program, pid, day = words.pick(_PROGRAMS), str(words.number(300, 9000)), clock.day
        message = event.message
        fields: dict[str, object] = {"host": "web-1", "program": program}
        if program == "kernel":  # has no number
            head = program
        else:
            head, fields["pid"] = f"{program}[{pid}]", pid
        text = f"{MONTHS[day.month]} {day.day:>2} {clock.time} web-1 {head}: {message}"
        return Line(text, (0, 15), f"{clock.date}T{clock.time}", "", message, fields)

    return write


def _syslog5424(random: Random) -> Write:
    words = Words(random)

    def write(clock: Clock, event: Event) -> Line:
        program, pid, id_ = words.pick(_PROGRAMS), str(words.number(300, 9000)), f"ID{words.number(1, 99)}"
        severity, level = _SEVERITIES[event.level]
        stamp = f"{clock.date}T{clock.time}.{clock.micro:06d}Z"
        text = f"<{_FACILITY + severity}>1 {stamp} web-1 {program} {pid} {id_} - {event.message}"
        fields: dict[str, object] = {"host": "web-1", "program": program, "pid": pid, "msgid": id_}
        return Line(text, (7, 7 + len(stamp)), stamp, level, event.message, fields)

    return write


SYSLOG = Layout(_syslog, joins=False)
SYSLOG5424 = Layout(_syslog5424, joins=False)
