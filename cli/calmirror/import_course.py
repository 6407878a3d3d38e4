"""How far an import of accounts has come, and what it has to say in the end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeAlias

from calendar_mirror.accounts import State
from calmirror.import_files import ID_PREFIX, ImportFile, Row

#: An account's id, and its item without tokens; ``None``: it is not there.
Looked: TypeAlias = tuple[str, Mapping[str, Any] | None]


class Put(StrEnum):
    """What became of an account that was to be stored."""

    STORED = "stored"
    THERE = "already_there"
    REFUSED = "refused"


@dataclass(slots=True)
class Course:
    """
    How far an import has come.

    Attributes:
        puts: what became of those that were to be stored, by account id.
        failed: why an account failed, by its id.
    """

    file: ImportFile
    puts: dict[str, Put] = field(default_factory=dict)
    read: set[str] = field(default_factory=set)
    failed: dict[str, str] = field(default_factory=dict)

    @property
    def waiting(self) -> list[str]:
        """Return the accounts that are in place, and neither read nor failed yet."""
        in_place = (name for name, put in self.puts.items() if put is not Put.REFUSED)
        return [name for name in in_place if name not in self.read and name not in self.failed]

    def put(self, row: Row, put: Put) -> None:
        """Note what became of *row*."""
        self.puts[row.account.account_id] = put
        if put is Put.REFUSED:
            self.failed[row.account.account_id] = "DynamoDB does not take it"

    def look(self, items: Iterable[Looked]) -> None:
        """Note what has been read and what has failed; ``None``: the account is gone."""
        for account_id, item in items:
            reason = trouble(item)
            if reason:
                self.failed[account_id] = reason
            elif item and item.get("last_read_started_at"):
                self.read.add(account_id)

    def counts(self) -> dict[str, int]:
        """Return how many accounts, and lines, are where."""
        puts = list(self.puts.values())
        return {
            "stored": puts.count(Put.STORED),
            "already_there": puts.count(Put.THERE),
            "not_stored": len(self.file.rows) - len(puts),
            "refused_lines": len(self.file.refusals),
            "read": len(self.read),
            "failed": len(self.failed),
            "waiting": len(self.waiting),
        }

    def failures(self) -> list[dict[str, Any]]:
        """
        Return what failed and why, in the file's order. An id that is not of Cronofy's form is not
        said: it can be a token in the wrong column.
        """
        found: list[tuple[int, str | None, str]]
        found = [(each.line, None, each.reason) for each in self.file.refusals]
        for row in self.file.rows:
            name = row.account.account_id
            if name in self.failed:
                said = name if name.startswith(ID_PREFIX) else None
                found.append((row.line, said, self.failed[name]))
        names = ("line", "account_id", "reason")
        ordered = sorted(found, key=lambda each: each[0])
        return [dict(zip(names, each, strict=True)) for each in ordered]


def trouble(item: Mapping[str, Any] | None) -> str | None:
    """Return why an account will not be read, if that is so. ``None`` for one that is gone."""
    if item is None or item["state"] == State.ERASING:
        return "it was erased meanwhile"
    if item["state"] == State.NEEDS_USER:
        reason = str(item.get("state_reason"))
        if reason != "invalid_grant" or item.get("last_read_started_at"):
            return reason
        return (
            "invalid_grant: the refresh token is not valid any more, or belongs to another data "
            "center or application"
        )
    return "it is paused" if item.get("paused") is True else None
