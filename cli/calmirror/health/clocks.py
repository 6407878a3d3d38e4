"""Do this machine, AWS and Cronofy agree on the time?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from email.utils import parsedate_to_datetime

from calmirror.health.findings import Finding, error, ok, warning

#: A Date header has whole seconds, and the way there takes some.
_NEAR_S = 5.0
#: Beyond so much AWS refuses signed requests.
#: Source: AWS general reference, "Elements of an AWS API request signature"
_FAR_S = 300.0


def compared(whose: str, date: str | None, now: datetime) -> Iterator[Finding]:
    """
    Hold our clock against a ``Date`` header.

    Args:
        date: the header; ``None``: there was none.
    """
    if date is None:
        return
    try:
        behind_s = (parsedate_to_datetime(date) - now).total_seconds()
    except (ValueError, TypeError):
        return
    if abs(behind_s) < _NEAR_S:
        yield ok("clock", f"This machine and {whose} agree on the time.")
        return
    which = "behind" if behind_s > 0 else "ahead of"
    said = f"This machine's clock is {abs(behind_s):.0f} s {which} {whose}'s."
    do = "Synchronise it (`timedatectl set-ntp true`): commands that wait compare times."
    yield (error if abs(behind_s) >= _FAR_S else warning)("clock", said, do)
