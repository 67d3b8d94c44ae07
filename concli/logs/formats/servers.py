"""Error logs of Apache httpd 2.4 and nginx, and the logs of PostgreSQL and Redis."""

from concli.logs.formats.regex import regex_format

__all__ = ["APACHE_ERROR", "NGINX_ERROR", "POSTGRESQL", "REDIS"]

APACHE_ERROR = regex_format(
    "apache-error",
    "Apache httpd 2.4 error log",
    b"[Sun Nov 22 16:35:43.123456 2026] [core:error] [pid 1234:tid 5678] [client 192.0.2.7:40130] AH00037: "
    b"Symbolic link not allowed: /srv/www/link",
    rb"\[(?P<timestamp>[A-Z][a-z]{2} [A-Z][a-z]{2} [ 0-9][0-9] [0-9:]{8}(?:\.[0-9]+)? [0-9]{4})\] "
    rb"\[(?:(?P<module>[^\]:\n]*):)?(?P<level>[a-z]+[1-8]?)\]"
    rb"(?: \[pid (?P<pid>[0-9]+)(?::tid (?P<tid>[0-9]+))?\])?(?: \[client (?P<client>[^\]\n]*)\])? "
    rb"(?:(?P<code>AH[0-9]+): )?(?P<message>.*)",
    numbers=("pid", "tid"),
    begins=rb"\[[A-Z][a-z]{2} [A-Z][a-z]{2} [ 0-9][0-9] [0-9:]{8}(?:\.[0-9]+)? [0-9]{4}\] \[[^\]\n]*\]",
)

NGINX_ERROR = regex_format(
    "nginx-error",
    "nginx error log",
    b'2026/11/22 16:34:39 [error] 19589#19589: *29 open() "/srv/www/key" failed (13: Permission denied), '
    b'client: 192.0.2.7, server: www.example.org, request: "GET /key HTTP/1.1"',
    rb"(?P<timestamp>[0-9]{4}/[0-9]{2}/[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}) \[(?P<level>[a-z]+)\] "
    rb"(?P<pid>[0-9]+)#(?P<tid>[0-9]+): (?:\*(?P<connection>[0-9]+) )?(?P<message>.*)",
    numbers=("pid", "tid", "connection"),
)

# What an error has besides, each a line with a head of its own, and by it an entry.
POSTGRESQL = regex_format(
    "postgresql",
    "PostgreSQL, log_line_prefix '%m [%p] ' or '%m [%p] %q%u@%d '",
    b"2026-11-22 16:37:15.219 UTC [21105] clerk@library ERROR:  division by zero\n"
    b"2026-11-22 16:37:15.219 UTC [21105] clerk@library STATEMENT:  SELECT 1\n"
    b"\t       / 0;",
    rb"(?P<timestamp>[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?"
    rb" (?:[A-Z]{1,5}|[+-][0-9:]{2,5})) "
    rb"\[(?P<pid>[0-9]+)\](?::)?(?: \[(?P<number>[0-9]+)-[0-9]+\])? (?:(?P<user>[^@ \n]*)@(?P<database>[^ \n]*) )?"
    rb"(?P<level>[A-Z]+[1-5]?):  (?P<message>.*)",
    numbers=("pid", "number"),
    begins=rb"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)? (?:[A-Z]{1,5}|[+-][0-9:]{2,5}) "
    rb"\[[0-9]+\](?::)?(?: \[[0-9]+-[0-9]+\])? (?:[^@ \n]*@[^ \n]* )?[A-Z]+[1-5]?:  ",
)

REDIS = regex_format(
    "redis",
    "Redis 3 and later",
    b"19743:M 22 Nov 2026 16:34:44.391 # Server initialized",
    rb"(?P<pid>[0-9]+):(?:(?P<role>[A-Z]) |signal-handler \()"
    rb"(?P<timestamp>[0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9:]{8}\.[0-9]{3}|[0-9]{10})"
    rb"(?: (?P<level>[#*.-])|\)) (?P<message>.*)",
    words={b"#": b"WARNING", b"*": b"NOTICE", b"-": b"VERBOSE", b".": b"DEBUG"},
    numbers=("pid",),
)
