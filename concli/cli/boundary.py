"""The one error boundary: whatever a command raises ends here as one line and an exit code."""

import atexit
import os
import sys
import threading
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn

import click

from concli.cli.signals import SIGNALS, Stopped, raise_on_signals
from concli.errors import ConcliError, OutputClosed
from concli.terminal import visible

__all__ = ["State", "complain", "run_guarded"]

_INTERNAL_ERROR = 4


@dataclass(slots=True)
class State:
    """What a command tells the boundary: the object of click's context."""

    verbose: bool = False


def run_guarded(command: click.Command) -> NoReturn:
    """Run ``command`` with the process's arguments, then exit."""
    raise_on_signals()
    code = _exit_code_of(command)
    try:
        if sys.stdout is not None:  # it is, where standard output was closed before the start
            sys.stdout.flush()
    except BrokenPipeError:
        # Point the descriptor elsewhere, or the interpreter complains when it flushes it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        code = OutputClosed.exit_code
    _leave_others_behind(code)
    sys.exit(code)


def _leave_others_behind(code: int) -> None:
    """Exit at once if none but daemons are left: a library's threads, or one that is stuck in a call.

    They may be in the midst of anything, an import say, and an interpreter that ends around them may crash.
    """
    ours = {threading.current_thread().name, SIGNALS}
    others = [thread for thread in threading.enumerate() if thread.name not in ours]
    if others and all(thread.daemon for thread in others):
        atexit._run_exitfuncs()  # noqa: SLF001 - what libraries have to put away, while all still works
        if sys.stderr is not None:
            sys.stderr.flush()
        os._exit(code)


def complain(message: str) -> None:
    """Write one line to standard error."""
    click.echo(f"concli: {visible(message)}", err=True)


def _exit_code_of(command: click.Command) -> int:
    state = State()
    try:
        return int(command.main(prog_name="concli", standalone_mode=False, obj=state) or 0)
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.ClickException as error:
        _show(error)
        return error.exit_code
    except Stopped as stopped:
        return stopped.exit_code
    except (Exception, BaseExceptionGroup) as error:  # noqa: BLE001 - this is the boundary
        return _report(error, verbose=state.verbose)


def _show(error: click.ClickException) -> None:
    """Say in one line what is wrong with the call, and where to read about it."""
    context = error.ctx if isinstance(error, click.UsageError) else None
    message = error.format_message()
    if not message or "\n" in message:
        error.show()  # a call without arguments, which is shown the help
    else:
        complain(f"{message.rstrip('.')}; see '{context.command_path if context else 'concli'} --help'")


def _report(error: BaseException, *, verbose: bool) -> int:
    """Say what happened in one line, and return its exit code."""
    causes = list(_leaves(error))
    known = [cause for cause in causes if isinstance(cause, ConcliError)]
    unknown = [cause for cause in causes if not isinstance(cause, ConcliError)]
    if unknown:
        cause = unknown[0]
        hint = "" if verbose else "; -v shows where"
        complain(f"internal error, please report it: {type(cause).__name__}: {cause}{hint}")
        if verbose:
            for cause in unknown:
                click.echo(visible("".join(traceback.format_exception(cause, limit=-5))), err=True, nl=False)
        return _INTERNAL_ERROR
    if not isinstance(known[0], OutputClosed):  # whoever closed it does not want to be told
        complain(str(known[0]))
    return known[0].exit_code


def _leaves(error: BaseException) -> Iterator[BaseException]:
    """Yield the exceptions in a group, or the one that is none."""
    if isinstance(error, BaseExceptionGroup):
        for part in error.exceptions:
            yield from _leaves(part)
    else:
        yield error
