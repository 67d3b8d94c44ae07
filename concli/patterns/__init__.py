"""Concurrency patterns, one a file, on the standard library alone.

A pattern is loaded when it is first asked for, so that a program that needs two does not wait for all.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from concli.patterns.barrier import Barrier as Barrier
    from concli.patterns.barrier import BarrierStatistics as BarrierStatistics
    from concli.patterns.barrier import BrokenBarrierError as BrokenBarrierError
    from concli.patterns.bounded_buffer import BoundedBuffer as BoundedBuffer
    from concli.patterns.bounded_buffer import BufferStatistics as BufferStatistics
    from concli.patterns.bounded_buffer import Empty as Empty
    from concli.patterns.bounded_buffer import Full as Full
    from concli.patterns.bounded_buffer import ShutDown as ShutDown
    from concli.patterns.channel import Channel as Channel
    from concli.patterns.channel import ChannelStatistics as ChannelStatistics
    from concli.patterns.channel import UndeliveredError as UndeliveredError
    from concli.patterns.future import CancelledError as CancelledError
    from concli.patterns.future import Future as Future
    from concli.patterns.future import InvalidStateError as InvalidStateError
    from concli.patterns.future import Promise as Promise
    from concli.patterns.future import gather as gather
    from concli.patterns.future import race as race
    from concli.patterns.mailbox import DeadLetter as DeadLetter
    from concli.patterns.mailbox import DeadLetters as DeadLetters
    from concli.patterns.mailbox import Mailbox as Mailbox
    from concli.patterns.mailbox import MailboxStatistics as MailboxStatistics
    from concli.patterns.mailbox import Message as Message
    from concli.patterns.mailbox import MessageType as MessageType
    from concli.patterns.mailbox import Policy as Policy
    from concli.patterns.mailbox import Reason as Reason
    from concli.patterns.monitor_object import Counter as Counter
    from concli.patterns.monitor_object import MonitorCondition as MonitorCondition
    from concli.patterns.monitor_object import MonitorObject as MonitorObject
    from concli.patterns.monitor_object import MonitorStatistics as MonitorStatistics
    from concli.patterns.producer_consumer import ProducerConsumer as ProducerConsumer
    from concli.patterns.resequencer import Resequencer as Resequencer
    from concli.patterns.rwlock import RWLock as RWLock
    from concli.patterns.rwlock import RWLockStatistics as RWLockStatistics
    from concli.patterns.sharded_counter import Shard as Shard
    from concli.patterns.sharded_counter import ShardedCounter as ShardedCounter
    from concli.patterns.sharded_counter import ShardedCounterStatistics as ShardedCounterStatistics
    from concli.patterns.task import PipelineStatistics as PipelineStatistics
    from concli.patterns.task import Stage as Stage
    from concli.patterns.task import StageStatistics as StageStatistics
    from concli.patterns.task import Task as Task
    from concli.patterns.task import TaskStatus as TaskStatus
    from concli.patterns.task import TooManyFailuresError as TooManyFailuresError
    from concli.patterns.task_pipeline import TaskPipeline as TaskPipeline
    from concli.patterns.thread_group import ThreadGroup as ThreadGroup
    from concli.patterns.thread_local import ThreadAttributes as ThreadAttributes
    from concli.patterns.thread_local import ThreadLocal as ThreadLocal
    from concli.patterns.thread_logger import OperationStatistics as OperationStatistics
    from concli.patterns.thread_logger import ThreadLogger as ThreadLogger
    from concli.patterns.thread_logger import ThreadLoggerStatistics as ThreadLoggerStatistics
    from concli.patterns.thread_logger import ThreadOperations as ThreadOperations
    from concli.patterns.thread_pool import BrokenThreadPool as BrokenThreadPool
    from concli.patterns.thread_pool import PoolStatistics as PoolStatistics
    from concli.patterns.thread_pool import ThreadPool as ThreadPool
    from concli.patterns.thread_safe_dict import ThreadSafeDict as ThreadSafeDict
    from concli.patterns.worker import Worker as Worker
    from concli.patterns.worker import WorkerStatistics as WorkerStatistics

# Where each name is to be found; the imports above say the same to type checkers.
_HOMES = {
    "Barrier": "barrier",
    "BarrierStatistics": "barrier",
    "BoundedBuffer": "bounded_buffer",
    "BrokenBarrierError": "barrier",
    "BrokenThreadPool": "thread_pool",
    "BufferStatistics": "bounded_buffer",
    "CancelledError": "future",
    "Channel": "channel",
    "ChannelStatistics": "channel",
    "Counter": "monitor_object",
    "DeadLetter": "mailbox",
    "DeadLetters": "mailbox",
    "Empty": "bounded_buffer",
    "Full": "bounded_buffer",
    "Future": "future",
    "InvalidStateError": "future",
    "Mailbox": "mailbox",
    "MailboxStatistics": "mailbox",
    "Message": "mailbox",
    "MessageType": "mailbox",
    "MonitorCondition": "monitor_object",
    "MonitorObject": "monitor_object",
    "MonitorStatistics": "monitor_object",
    "OperationStatistics": "thread_logger",
    "PipelineStatistics": "task",
    "Policy": "mailbox",
    "PoolStatistics": "thread_pool",
    "ProducerConsumer": "producer_consumer",
    "Promise": "future",
    "RWLock": "rwlock",
    "RWLockStatistics": "rwlock",
    "Reason": "mailbox",
    "Resequencer": "resequencer",
    "Shard": "sharded_counter",
    "ShardedCounter": "sharded_counter",
    "ShardedCounterStatistics": "sharded_counter",
    "ShutDown": "bounded_buffer",
    "Stage": "task",
    "StageStatistics": "task",
    "Task": "task",
    "TaskPipeline": "task_pipeline",
    "TaskStatus": "task",
    "TooManyFailuresError": "task",
    "ThreadAttributes": "thread_local",
    "ThreadGroup": "thread_group",
    "ThreadLocal": "thread_local",
    "ThreadLogger": "thread_logger",
    "ThreadLoggerStatistics": "thread_logger",
    "ThreadOperations": "thread_logger",
    "ThreadPool": "thread_pool",
    "ThreadSafeDict": "thread_safe_dict",
    "UndeliveredError": "channel",
    "Worker": "worker",
    "WorkerStatistics": "worker",
    "gather": "future",
    "race": "future",
}

__all__ = sorted(_HOMES)  # noqa: PLE0605 - names and homes are written once


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    return value


def __dir__() -> list[str]:
    return __all__
