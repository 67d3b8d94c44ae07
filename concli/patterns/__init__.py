"""Concurrency patterns, one a file, on the standard library alone."""

from concli.patterns.bounded_buffer import BoundedBuffer, BufferStatistics, Empty, Full, ShutDown
from concli.patterns.producer_consumer import ProducerConsumer
from concli.patterns.resequencer import Resequencer
from concli.patterns.thread_group import ThreadGroup
from concli.patterns.thread_local import ThreadLocal

__all__ = [
    "BoundedBuffer",
    "BufferStatistics",
    "Empty",
    "Full",
    "ProducerConsumer",
    "Resequencer",
    "ShutDown",
    "ThreadGroup",
    "ThreadLocal",
]
