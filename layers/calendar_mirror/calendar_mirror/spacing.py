"""
How far apart the reads of one account are: a noisy account pays for itself.

While calls are short, an account that was read just now waits, and what is notified meanwhile
becomes one read. One that was not read lately does not notice.
"""

from __future__ import annotations

from datetime import datetime

from calendar_mirror.planning import CompletedRead

#: Calls are short where less than this part of a burst is left. Background work alone leaves half.
_SHORT = 0.4
#: Seconds from one read of an account to the next, where nothing is left.
_LONGEST_S = 60.0


def wait_s(last_read: CompletedRead | None, headroom: float | None, *, now: datetime) -> float:
    """
    Return how many seconds a read of changes is to wait; 0: it may be made now.

    Args:
        headroom: which part of a burst of calls is left (0 to 1); ``None``: not known.
    """
    if last_read is None or headroom is None or headroom >= _SHORT:
        return 0.0
    apart_s = _LONGEST_S * (1 - headroom / _SHORT)
    since_s = max(0.0, (now - last_read.started_at).total_seconds())
    return max(0.0, apart_s - since_s)
