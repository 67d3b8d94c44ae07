"""All formats there are, in the order in which they are preferred where several fit."""

from collections.abc import Iterator
from importlib import import_module

from concli.errors import UsageError
from concli.logs.formats.format import Format

__all__ = ["all_formats", "built_in", "by_name", "names"]

# By name, where each is; it is imported when it is asked for. The base format is first, because it is found at
# once then, and those that are a special case of another before it.
_PLACES = {
    "base": "base.BASE",
    "asctime": "asctime.ASCTIME",
    "cri": "cri.CRI",
    "combined": "access.COMBINED",
    "common": "access.COMMON",
    "syslog": "syslog.SYSLOG",
    "syslog5424": "syslog.SYSLOG5424",
    "docker": "json_lines.DOCKER",
    "journald": "json_lines.JOURNALD",
    "journald-export": "journal_export.JOURNALD_EXPORT",
    "json": "json_lines.JSON",
    "postgresql": "servers.POSTGRESQL",
    "nginx-error": "servers.NGINX_ERROR",
    "apache-error": "servers.APACHE_ERROR",
    "redis": "servers.REDIS",
    "klog": "letters.KLOG",
    "logcat": "letters.LOGCAT",
    "logcat-brief": "letters.LOGCAT_BRIEF",
    "zookeeper": "log4j.ZOOKEEPER",
    "spark": "log4j.SPARK",
    "logback": "log4j.LOGBACK",
    "log4j": "log4j.LOG4J",
    "hadoop": "log4j.HADOOP",
    "python": "python.PYTHON",
    "logfmt": "logfmt.LOGFMT",
    "general": "general.GENERAL",
}


def names() -> list[str]:
    """Return the names of all formats, in order."""
    return list(_PLACES)


def all_formats() -> Iterator[Format]:
    """Yield all formats in order, each imported only when it is its turn."""
    return map(by_name, _PLACES)


def by_name(name: str) -> Format:
    """Return a format; ``UsageError`` names those that are called nearly so.

    >>> by_name("redis").title
    'Redis 3 and later'
    """
    found = built_in(name)
    if found is None:
        import difflib  # noqa: PLC0415 - start-up counts

        near = difflib.get_close_matches(name.lower(), _PLACES, 3, 0.5)
        hint = f"did you mean {' or '.join(near)}" if near else "`concli logs formats` lists them"
        raise UsageError(f"no format is called {name!r}; {hint}")
    return found


def built_in(name: str) -> Format | None:
    """Return a format, None if none is called so."""
    module, _, constant = _PLACES.get(name, "").partition(".")
    return getattr(import_module(f"concli.logs.formats.{module}"), constant) if module else None
