"""Spans of time on the command line: ``90s``, ``15min``, ``2h``, ``3d``."""

from __future__ import annotations

import re
from datetime import timedelta

import click

_UNITS = {"s": "seconds", "min": "minutes", "h": "hours", "d": "days"}
_FORM = re.compile(r"(\d{1,6})(s|min|h|d)")


class Duration(click.ParamType[timedelta]):
    """A whole number and a unit."""

    name = "duration"

    def convert(
        self, value: str | timedelta, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta:
        """
        Read *value*.

        Raises:
            click.BadParameter: it has another form.
        """
        if isinstance(value, timedelta):
            return value
        match = _FORM.fullmatch(value)
        if match is None:
            self.fail(f"{value!r} is no duration: write 90s, 15min, 2h or 3d", param, ctx)
        return timedelta(**{_UNITS[match[2]]: int(match[1])})
