"""Secrets from the operator, past the shell's history."""

from __future__ import annotations

import sys

import click


def secret(given: str, what: str) -> str:
    """
    Return *given*; where that is ``-``, ask for it, or read the standard input if nobody sits
    there.

    Raises:
        click.UsageError: it is empty.
    """
    if given == "-" and sys.stdin.isatty():
        given = click.prompt(what.capitalize(), hide_input=True, err=True)
    elif given == "-":
        given = sys.stdin.read()
    if not given.strip():
        raise click.UsageError(f"the {what} is empty")
    return given.strip()
