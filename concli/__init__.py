"""Python concurrency patterns that do real work."""

__version__ = "0.1.0"
