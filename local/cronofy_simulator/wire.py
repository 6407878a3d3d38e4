"""HTTP as values: what comes in, what goes out, and the bodies Cronofy answers with."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import parse_qsl, unquote, urlsplit

Json = dict[str, Any]
Problems = dict[str, str]  # field -> error key, without its "errors." prefix


@dataclass(frozen=True, slots=True)
class Request:
    """`path` is as sent, percent-encoding included; `query` is decoded."""

    method: str
    path: str
    query: Sequence[tuple[str, str]] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @classmethod
    def to(cls, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Self:
        """From a request line's target, such as `/v1/events?tzid=Etc%2FUTC`."""
        parts = urlsplit(target)
        query = parse_qsl(parts.query, keep_blank_values=True)
        return cls(method, parts.path, tuple(query), headers, body)

    @property
    def segments(self) -> list[str]:
        return [unquote(segment) for segment in self.path.strip("/").split("/")]

    def header(self, name: str) -> str:
        for key, value in self.headers.items():
            if key.lower() == name:
                return value
        return ""

    def parameter(self, name: str) -> str | None:
        """The last value given, as Rack-style servers take it."""
        return next((value for key, value in reversed(self.query) if key == name), None)

    def parameters(self, name: str) -> list[str]:
        return [value for key, value in self.query if key == name]

    def fields(self) -> Json | None:
        """The body, JSON or form encoded, as a mapping; None if it is neither."""
        if not self.body.strip():
            return {}
        if self.header("content-type").startswith("application/x-www-form-urlencoded"):
            return _from_form(self.body)
        return json_object(self.body)


@dataclass(frozen=True, slots=True)
class Response:
    """An answer, and how the shell has to send it.

    `delay_seconds` passes before it is sent. `dropped`: the connection ends without an answer.
    `cut_at`: Content-Length promises the whole body, but only so many bytes follow.
    `held_for`: the delivery that must have been tried before `Simulator.release` gives the answer.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    delay_seconds: float = 0.0
    dropped: bool = False
    cut_at: int | None = None
    held_for: str | None = None

    def json(self) -> Any:
        return json.loads(self.body)


def answer(document: object, status: int = 200, **headers: str) -> Response:
    body = json.dumps(document, separators=(",", ":"), ensure_ascii=False)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    headers = {"Content-Type": "application/json; charset=utf-8", **named}
    return Response(status, headers, body.encode(errors="replace"))


def empty(status: int) -> Response:
    return Response(status)


def invalid(problems: Problems) -> Response:
    """Source: reference 7.2, `{"errors": {field: [{"key", "description"}]}}`."""
    errors = {
        name: [{"key": f"errors.{key}", "description": key.replace("_", " ")}]
        for name, key in problems.items()
    }
    return answer({"errors": errors}, 422)


def json_object(body: bytes) -> Json | None:
    try:
        document = json.loads(body, parse_constant=_no_number)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _no_number(name: str) -> None:
    """NaN and Infinity are no JSON, whatever Python's parser says."""
    raise ValueError(name)


def _from_form(body: bytes) -> Json:
    fields: Json = {}
    for name, value in parse_qsl(body.decode(errors="replace"), keep_blank_values=True):
        _put(fields, re.findall(r"[^\[\]]+|\[\]", name), value)
    return fields


def _put(fields: Json, path: list[str], value: str) -> None:
    """`a[b][]=1` becomes `{"a": {"b": ["1"]}}`."""
    is_list = len(path) > 1 and path[-1] == "[]"
    names = path[:-1] if is_list else path
    if not names:
        return
    for name in names[:-1]:
        inner = fields.setdefault(name, {})
        fields = inner if isinstance(inner, dict) else {}
    if is_list:
        listed = fields.setdefault(names[-1], [])
        if isinstance(listed, list):
            listed.append(value)
    else:
        fields[names[-1]] = value
