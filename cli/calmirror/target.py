"""The stack that a command changes: named before anything happens, and in what it asks."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import click

from calmirror.stacks import Stack, on_stack


def on_target(command: Callable[..., Any]) -> Callable[..., Any]:
    """As `on_stack`, for a command that changes something: it names the stack first."""

    @on_stack
    @functools.wraps(command)
    def on_named_stack(stack: Stack, *args: Any, **others: Any) -> Any:
        announce(stack)
        return command(stack, *args, **others)

    return on_named_stack


def announce(stack: Stack) -> None:
    """Name *stack*, on standard error: programs read the other."""
    click.echo(f"Stack: {stack.place}", err=True)


def confirm(stack: Stack, question: str) -> None:
    """
    Ask *question* about *stack*.

    Raises:
        click.Abort: the answer is no.
    """
    click.confirm(f"{question} (stack {stack.place})", abort=True, err=True)
