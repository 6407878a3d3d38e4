"""
Read a file of accounts that are to be taken over: CSV with a header line, or a JSON object a line.

Nothing that is said here holds what stands in the file, but the names of columns: any value can be
a token that has slipped into the wrong place.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from calendar_mirror.accounts import DATA_CENTERS, Account, Tokens
from calendar_mirror.errors import SettingsError
from calendar_mirror.invitations import MAX_USER_REF
from calendar_mirror.notifications import is_account_id

REQUIRED = ("account_id", "refresh_token")
FIELDS = (*REQUIRED, "access_token", "data_center", "user_ref", "calendars")

Document: TypeAlias = "dict[str, Any] | LineError"

#: Cronofy's own ids begin so, and no token does.
ID_PREFIX = "acc_"
_TOKEN = re.compile(r"[!-~]{1,4096}")
#: A name of which we dare say it: what is longer, or has digits in it, can be a token.
_NAME = re.compile(r"[A-Za-z][A-Za-z_ .-]{0,23}")


class FileError(Exception):
    """The file as a whole cannot be read."""


class LineError(Exception):
    """One line cannot be taken over."""


@dataclass(frozen=True, slots=True)
class Row:
    """An account of the file, and the number of its line, from 1."""

    line: int
    account: Account


@dataclass(frozen=True, slots=True)
class Refusal:
    """A line that is not taken over, and why."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class ImportFile:
    """What a file holds, in its order; each account once."""

    rows: tuple[Row, ...]
    refusals: tuple[Refusal, ...]


def read(
    content: bytes, *, data_center: str, check_data_center: Callable[[str], object]
) -> ImportFile:
    """
    Read *content*.

    Args:
        data_center: where accounts are of which the file does not say it.
        check_data_center: raises `SettingsError` for one at which the stack has no application.

    Raises:
        FileError: it is neither kind of file, or has columns that nobody knows.
    """
    lines = _lines(content)
    documents = _of_json(lines) if lines and lines[0][1].startswith("{") else _of_csv(lines)
    rows: list[Row] = []
    refusals: list[Refusal] = []
    seen: dict[str, int] = {}
    for line, document in documents:
        try:
            account = _account(_filled(document), data_center, check_data_center)
            if account.account_id in seen:
                raise LineError(f"the account stands in line {seen[account.account_id]} already")
        except LineError as error:
            refusals.append(Refusal(line, str(error)))
        else:
            seen[account.account_id] = line
            rows.append(Row(line, account))
    return ImportFile(tuple(rows), tuple(refusals))


def _lines(content: bytes) -> list[tuple[int, str]]:
    """Return the lines that are not blank, with their numbers."""
    # A byte that is no UTF-8 becomes a character that no field may have: its line alone is refused.
    text = content.decode("utf-8-sig", errors="surrogateescape")
    numbered = ((number, line.strip()) for number, line in enumerate(text.split("\n"), start=1))
    return [(number, line) for number, line in numbered if line]


def _of_json(lines: Sequence[tuple[int, str]]) -> Iterator[tuple[int, Document]]:
    documents = [(number, _object(line)) for number, line in lines]
    _check_names(
        list(dict.fromkeys(n for _, each in documents if isinstance(each, dict) for n in each))
    )
    return iter(documents)


def _of_csv(lines: Sequence[tuple[int, str]]) -> Iterator[tuple[int, Document]]:
    if not lines:
        raise FileError("The file is empty.")
    header = [name.strip() for name in _cells(lines[0][1]) or ()]
    if not set(header) & set(FIELDS):
        raise FileError(
            "The first line is neither a header, with names separated by commas, nor a JSON object."
        )
    _check_names(header)
    missing = [name for name in REQUIRED if name not in header]
    if missing:
        raise FileError(f"The header has no column {' and no column '.join(missing)}.")
    if len(set(header)) < len(header):
        raise FileError("The header names a column twice.")
    return ((number, _record(header, _cells(line))) for number, line in lines[1:])


def _check_names(names: Sequence[str]) -> None:
    """A misspelt name must not cost what stands under it."""
    unknown = [(number, name) for number, name in enumerate(names, start=1) if name not in FIELDS]
    if unknown:
        said = (f"{name!r}" if _NAME.fullmatch(name) else f"number {n}" for n, name in unknown)
        raise FileError(f"Unknown columns: {', '.join(said)}. Known are {', '.join(FIELDS)}.")


def _object(line: str) -> Document:
    try:
        document = json.loads(line, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        return LineError("is no JSON object, or names a field twice")
    return document


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a name is given twice")
    return dict(pairs)


def _cells(line: str) -> list[str] | None:
    """Read each line for itself: a quote without its partner must not swallow the rest."""
    try:
        return next(csv.reader([line], strict=True))
    except csv.Error:
        return None


def _record(header: Sequence[str], cells: Sequence[str] | None) -> Document:
    if cells is None:
        return LineError("is not valid CSV: a quote may lack its partner")
    if len(cells) != len(header):
        return LineError(f"has {len(cells)} cells, and the header {len(header)}")
    return dict(zip(header, cells, strict=True))


def _filled(document: Document) -> Mapping[str, Any]:
    if isinstance(document, LineError):
        raise document
    return {name: each for name, each in document.items() if each not in (None, "")}


def _account(
    fields: Mapping[str, Any], data_center: str, check_data_center: Callable[[str], object]
) -> Account:
    account_id = _text(fields, "account_id")
    refresh = _token(fields, "refresh_token")
    access = _token(fields, "access_token") if "access_token" in fields else None
    if not is_account_id(account_id):
        raise LineError("account_id cannot be an account's id")
    _check_places(account_id, refresh, access)
    where = _text({"data_center": data_center, **fields}, "data_center")
    _check_data_center(where, check_data_center)
    refs, calendars = _user_refs(fields), _calendars(fields.get("calendars", ""))
    return Account(account_id, where, Tokens(refresh, access), user_refs=refs, calendars=calendars)


def _text(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name, "")
    if not isinstance(value, str):
        raise LineError(f"{name} is no text")
    if not value.strip():
        raise LineError(f"{name} is missing")
    return value.strip()


def _token(fields: Mapping[str, Any], name: str) -> str:
    token = _text(fields, name)
    if not _TOKEN.fullmatch(token):
        raise LineError(f"{name} cannot be a token: a blank or a special character is in it")
    return token


def _check_places(account_id: str, refresh: str, access: str | None) -> None:
    """An account's id is shown everywhere: a token must not come to stand in its place."""
    swapped = refresh.startswith(ID_PREFIX) and not account_id.startswith(ID_PREFIX)
    if swapped or account_id in (refresh, access):
        raise LineError("the id and a token seem to have changed places")


def _check_data_center(name: str, check: Callable[[str], object]) -> None:
    if name not in DATA_CENTERS:
        raise LineError(f"data_center is none of {', '.join(DATA_CENTERS)}")
    try:
        check(name)
    except SettingsError:
        raise LineError(f"the stack has no client secret for the data center {name}") from None


def _user_refs(fields: Mapping[str, Any]) -> tuple[str, ...]:
    if "user_ref" not in fields:
        return ()
    ref = _text(fields, "user_ref")
    if len(ref) > MAX_USER_REF or not ref.isprintable():
        raise LineError(f"user_ref is not up to {MAX_USER_REF} printable characters")
    return (ref,)


def _calendars(given: object) -> tuple[str, ...]:
    """Return the ids, sorted; a text has blanks between them."""
    listed = given.split() if isinstance(given, str) else given
    if not isinstance(listed, list) or not all(_is_calendar_id(each) for each in listed):
        raise LineError("calendars must be a list of calendar ids")
    return tuple(sorted(set(listed)))


def _is_calendar_id(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 256 and value.isprintable()
