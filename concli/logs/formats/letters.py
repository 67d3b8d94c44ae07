"""Formats whose levels are single letters: klog, as of Kubernetes and glog, and Android's logcat."""

from concli.logs.formats.regex import regex_format

__all__ = ["KLOG", "LOGCAT", "LOGCAT_BRIEF"]

_KLOG_LEVELS = {b"I": b"INFO", b"W": b"WARNING", b"E": b"ERROR", b"F": b"FATAL"}
_ANDROID_LEVELS = {
    b"V": b"VERBOSE",
    b"D": b"DEBUG",
    b"I": b"INFO",
    b"W": b"WARNING",
    b"E": b"ERROR",
    b"F": b"FATAL",
    b"A": b"ASSERT",
    b"S": b"SILENT",
}

KLOG = regex_format(
    "klog",
    "klog and glog, as Kubernetes writes it",
    b'I1122 16:35:43.123456    1234 controller.go:116] "Starting workers" count=5',
    rb"(?P<level>[IWEF])(?P<timestamp>[0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}) +(?P<thread>[0-9]+) "
    rb"(?P<file>[^:\]\n]+):(?P<line>[0-9]+)\] ?(?P<message>.*)",
    words=_KLOG_LEVELS,
    numbers=("thread", "line"),
    begins=rb"[IWEF](?P<month>[0-9]{2})[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6} +[0-9]+ [^:\]\n]+:[0-9]+\]",
    month="month",
)

LOGCAT = regex_format(
    "logcat",
    "Android logcat -v threadtime",
    b"11-22 16:35:43.123  1234  5678 I ActivityManager: Displayed com.example/.Main: +350ms",
    rb"(?P<timestamp>(?:[0-9]{4}-)?[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3,9}(?: [+-][0-9]{4})?) +"
    rb"(?:(?P<uid>[a-z][a-z0-9_]*) +)?(?P<pid>[0-9]+) +(?P<tid>[0-9]+) (?P<level>[VDIWEFAS]) "
    rb"(?P<tag>[^ :\n]*+(?: ++[^ :\n]++)*+) *+: ?(?P<message>.*)",
    words=_ANDROID_LEVELS,
    numbers=("pid", "tid"),
    begins=rb"(?:[0-9]{4}-)?(?P<month>[0-9]{2})-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3,9}(?: [+-][0-9]{4})? +"
    rb"(?:[a-z][a-z0-9_]* +)?[0-9]+ +[0-9]+ [VDIWEFAS] [^:\n]*+:",
    month="month",
)

LOGCAT_BRIEF = regex_format(
    "logcat-brief",
    "Android logcat -v brief, or -v time",
    b"I/ActivityManager( 1234): Displayed com.example/.Main: +350ms",
    rb"(?:(?P<timestamp>[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}) )?"
    rb"(?P<level>[VDIWEFAS])/(?P<tag>[^ (\n]*+(?: ++[^ (\n]++)*+) *+\( *+(?P<pid>[0-9]+)\): ?(?P<message>.*)",
    words=_ANDROID_LEVELS,
    numbers=("pid",),
    begins=rb"(?:(?P<month>[0-9]{2})-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3} )?[VDIWEFAS]/[^(\n]*+\( *[0-9]+\):",
    month="month",
)
