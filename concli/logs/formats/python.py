"""What Python's ``logging`` writes if nobody sets it up otherwise."""

from concli.logs.formats.regex import regex_format

__all__ = ["PYTHON"]

PYTHON = regex_format(
    "python",
    "Python logging's default: level:logger:message, without a timestamp",
    b"WARNING:root:disk is nearly full",
    rb"(?P<level>DEBUG|INFO|WARNING|ERROR|CRITICAL|NOTSET|Level [0-9]+):(?P<logger>[^:\s]+):(?P<message>.*)",
)
