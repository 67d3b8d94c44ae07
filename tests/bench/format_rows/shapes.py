"""The formats that are measured, and the regular expression that takes each apart in the peers.

They are those of ``concli.logs.formats``, with the same groups, less what the peers' engines do not have: looking
ahead, and repeats that give nothing back. Where concli takes whatever names a line has (logfmt), the peers are told
the names.
"""

from collections.abc import Mapping
from typing import Literal, NamedTuple

__all__ = ["SHAPES", "Kind", "Shape"]

#: How concli reads it: by the vector scanner, by a regular expression or as names and values, as JSON.
Kind = Literal["vector", "regex", "JSON"]


class Shape(NamedTuple):
    """A format: what takes its lines apart (nothing if they are JSON), and a group that every entry has."""

    kind: Kind
    pattern: str = ""
    always: str = "timestamp"


_ISO = r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}"
_STAMP = rf"(?P<timestamp>{_ISO}(?:[.,][0-9]{{1,9}})?(?:Z| ?[+-][0-9]{{2}}:?[0-9]{{2}})?)"
_ZONED = rf"{_ISO}(?:\.[0-9]{{1,9}})?(?:Z|[+-][0-9]{{2}}:[0-9]{{2}})"
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_LEVEL = r"(?P<level>[A-Za-z][A-Za-z0-9_]*)"
_THREAD = r"\[(?P<thread>.*?)\]"
_QUOTED = r'(?:[^"\\]|\\.)*'

_COMMON = (
    r"^(?P<remote_addr>[^ ]+) (?P<ident>[^ ]+) (?P<user>.+?) "
    rf"\[(?P<timestamp>[0-9]{{2}}/{_MONTH}/[0-9]{{4}}:[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}} [+-][0-9]{{4}})\] "
    r'"(?P<message>(?P<method>[^ "]+) (?P<path>(?:[^"\\]|\\.)+) (?P<protocol>HTTP/[0-9](?:\.[0-9])?)'
    rf'|{_QUOTED})" (?P<status>[0-9]{{3}}|-) (?P<bytes>0|[1-9][0-9]*|-)'
)

SHAPES: Mapping[str, Shape] = {
    "base": Shape("vector", rf"^(?P<timestamp>{_ISO}) \[(?P<level>[A-Za-z0-9_]+)\] (?P<message>.*)"),
    "asctime": Shape(
        "vector",
        rf"^(?P<timestamp>{_ISO}(?:[,.][0-9]{{1,9}})?) - (?:(?P<logger>[^ ]+) - )?"
        r"(?P<level>[A-Z][A-Z0-9_]*|Level [0-9]+) - (?P<message>.*)",
    ),
    "syslog": Shape(
        "vector",
        rf"^(?:<(?P<priority>[0-9]{{1,3}})>)?"
        rf"(?P<timestamp>{_MONTH} [ 0-3][0-9] [0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}|{_ZONED}) "
        r"(?P<host>[^ ]+) (?:(?P<program>[^ :\[\]]+)(?:\[(?P<pid>[^\]]*)\])?:(?: |$))?(?P<message>.*)",
    ),
    "syslog5424": Shape(
        "vector",
        rf"^<(?P<priority>[0-9]{{1,3}})>1 (?P<timestamp>{_ZONED}) (?P<host>[^ ]+) (?P<program>[^ ]+) (?P<pid>[^ ]+) "
        r"(?P<msgid>[^ ]+) (?P<data>-|(?:\[(?:[^\]\\]|\\.)*\])+)(?: |$)(?P<message>.*)",
    ),
    "common": Shape("vector", _COMMON),
    "combined": Shape(
        "vector",
        rf'{_COMMON} "(?P<referer>{_QUOTED})" "(?P<user_agent>{_QUOTED})"(?: (?P<extra>.*))?',
    ),
    "log4j": Shape("vector", rf"^{_STAMP} +{_LEVEL} +{_THREAD} +(?P<logger>[^ ]+) +- (?P<message>.*)"),
    "logback": Shape("vector", rf"^{_STAMP} +{_THREAD} +{_LEVEL} +(?P<logger>[^ ]+) +- (?P<message>.*)"),
    "hadoop": Shape("vector", rf"^{_STAMP} +{_LEVEL} +(?:{_THREAD} +)?(?P<logger>[^ ]+?): (?P<message>.*)"),
    "spark": Shape(
        "vector",
        r"^(?P<timestamp>[0-9]{2}/[0-9]{2}/[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]{1,9})?) +"
        rf"{_LEVEL} +(?P<logger>[^ ]+?): (?P<message>.*)",
    ),
    "zookeeper": Shape("vector", rf"^{_STAMP} (?:\[myid:(?P<myid>.*?)\] )?- +{_LEVEL} +{_THREAD} +- (?P<message>.*)"),
    "python": Shape(
        "regex",
        r"^(?P<level>DEBUG|INFO|WARNING|ERROR|CRITICAL|NOTSET|Level [0-9]+):(?P<logger>[^:\s]+):(?P<message>.*)",
        "level",
    ),
    "general": Shape(
        "regex",  # concli's knows many more shapes of timestamps than what the peers are told
        r"^[\[<(]?(?P<timestamp>[0-9]{4}[-/.][0-9]{2}[-/.][0-9]{2}[T_: ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]+)?)"
        r"[\]>)]?[:,;|]?[ \t]*(?:(?P<level>INFO|DEBUG|WARN(?:ING)?|ERROR|CRITICAL|FATAL|TRACE|NOTICE)\b[:,]? ?)?"
        r"(?P<message>.*)",
    ),
    "apache-error": Shape(
        "regex",
        r"^\[(?P<timestamp>[A-Z][a-z]{2} [A-Z][a-z]{2} [ 0-9][0-9] [0-9:]{8}(?:\.[0-9]+)? [0-9]{4})\] "
        r"\[(?:(?P<module>[^\]:]*):)?(?P<level>[a-z]+[1-8]?)\](?: \[pid (?P<pid>[0-9]+)(?::tid (?P<tid>[0-9]+))?\])?"
        r"(?: \[client (?P<client>[^\]]*)\])? (?:(?P<code>AH[0-9]+): )?(?P<message>.*)",
    ),
    "nginx-error": Shape(
        "regex",
        r"^(?P<timestamp>[0-9]{4}/[0-9]{2}/[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}) \[(?P<level>[a-z]+)\] "
        r"(?P<pid>[0-9]+)#(?P<tid>[0-9]+): (?:\*(?P<connection>[0-9]+) )?(?P<message>.*)",
    ),
    "postgresql": Shape(
        "regex",
        rf"^(?P<timestamp>{_ISO}(?:\.[0-9]+)? (?:[A-Z]{{1,5}}|[+-][0-9:]{{2,5}})) \[(?P<pid>[0-9]+)\]:?"
        r"(?: \[(?P<number>[0-9]+)-[0-9]+\])? (?:(?P<user>[^@ ]*)@(?P<database>[^ ]*) )?"
        r"(?P<level>[A-Z]+[1-5]?):  (?P<message>.*)",
    ),
    "redis": Shape(
        "regex",
        r"^(?P<pid>[0-9]+):(?:(?P<role>[A-Z]) |signal-handler \()"
        r"(?P<timestamp>[0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9:]{8}\.[0-9]{3}|[0-9]{10})"
        r"(?: (?P<level>[#*.-])|\)) (?P<message>.*)",
    ),
    "klog": Shape(
        "regex",
        r"^(?P<level>[IWEF])(?P<timestamp>[0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}) +(?P<thread>[0-9]+) "
        r"(?P<file>[^:\]]+):(?P<line>[0-9]+)\] ?(?P<message>.*)",
    ),
    "logcat": Shape(
        "regex",
        r"^(?P<timestamp>(?:[0-9]{4}-)?[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3,9}(?: [+-][0-9]{4})?) +"
        r"(?:(?P<uid>[a-z][a-z0-9_]*) +)?(?P<pid>[0-9]+) +(?P<tid>[0-9]+) (?P<level>[VDIWEFAS]) "
        r"(?P<tag>[^ :]*(?: +[^ :]+)*) *: ?(?P<message>.*)",
    ),
    "cri": Shape(
        "regex",
        rf"^(?P<timestamp>{_ZONED}) (?P<stream>stdout|stderr) [FP](?::[^ ]*)? (?P<message>.*)",
    ),
    "logfmt": Shape(
        "regex",
        rf'^time=(?P<timestamp>[^ ]+) level=(?P<level>[^ ]+) msg=(?:"(?P<message>{_QUOTED})"|[^ "]*)'
        r"(?: logger=(?P<logger>[^ ]+))?(?: took=(?P<took>[^ ]+))?",
    ),
    "json": Shape("JSON"),
    "journald": Shape("JSON"),
    "docker": Shape("JSON"),
}
