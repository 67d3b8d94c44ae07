"""``concli completion``: what a shell needs to complete concli's commands, options and files."""

import os

import click
from click.shell_completion import get_completion_class

from concli.errors import UsageError

__all__ = ["completion"]

_SHELLS = ["bash", "zsh", "fish"]


@click.command()
@click.argument("shell", metavar="[bash|zsh|fish]", type=click.Choice(_SHELLS), required=False)
def completion(shell: str | None) -> int:
    r"""Print a script that makes the shell complete concli's commands, options and files.

    Without a shell it is that of $SHELL. Add the line for yours where it starts:

    \b
      bash   ~/.bashrc                     eval "$(concli completion bash)"
      zsh    ~/.zshrc, after compinit      eval "$(concli completion zsh)"
      fish   ~/.config/fish/config.fish    concli completion fish | source

    \b
    Examples:
      eval "$(concli completion bash)"
      concli completion fish > ~/.config/fish/completions/concli.fish
    """
    if shell is None:
        shell = os.path.basename(os.environ.get("SHELL", ""))
        if shell not in _SHELLS:
            raise UsageError(f"$SHELL is none that can be helped; say which: concli completion {'|'.join(_SHELLS)}")
    helper = get_completion_class(shell)
    if helper is None:
        raise RuntimeError(f"click does not know {shell}")
    root = click.get_current_context().find_root().command
    click.echo(helper(root, {}, "concli", "_CONCLI_COMPLETE").source())
    return 0
