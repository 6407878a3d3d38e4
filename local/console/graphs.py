"""Draw a dashboard: each widget as a piece of SVG, in the manner of CloudWatch."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from typing import Any

from console import dashboard
from console.dashboard import Metric
from console.telemetry import Telemetry

#: Pixels of one of the grid's 24 columns, and of one of its rows.
COLUMN, ROW = 58, 36
_GAP, _LEFT, _RIGHT, _TOP, _LEGEND = 4, 46, 40, 30, 15
_COLOURS = (
    *("#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd", "#8c564b", "#e377c2"),
    *("#7f7f7f", "#bcbd22", "#17becf"),
)
_STATES = {"OK": "#2ca02c", "ALARM": "#d62728"}

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Line:
    """
    One line of a graph.

    Attributes:
        points: (seconds since the epoch, value), where there is one.
    """

    label: str
    points: tuple[Point, ...]
    is_right: bool


@dataclass(frozen=True, slots=True)
class Frame:
    """Where a graph is drawn, and what its edges stand for."""

    width: float
    bottom: float
    start: float
    end: float
    most: float

    def place(self, at: float, value: float) -> str:
        across = (at - self.start) / (self.end - self.start)
        x = _LEFT + across * (self.width - _LEFT - _RIGHT)
        y = self.bottom - value / self.most * (self.bottom - _TOP)
        return f"{x:.1f},{y:.1f}"


def page(
    body: Mapping[str, Any],
    telemetry: Telemetry,
    states: Mapping[str, str],
    start: float,
    end: float,
) -> str:
    """Draw all widgets of a dashboard's *body*, for the time from *start* to *end*."""
    widgets = body["widgets"]
    height = max(each["y"] + each["height"] for each in widgets) * ROW
    drawn = "".join(_placed(each, telemetry, states, start, end) for each in widgets)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{24 * COLUMN}" height="{height}" '
        'font-family="Helvetica, Arial, sans-serif" font-size="10" fill="#414d5c">'
        f'<rect width="100%" height="100%" fill="#f2f3f3"/>{drawn}</svg>'
    )


def _placed(
    widget: Mapping[str, Any],
    telemetry: Telemetry,
    states: Mapping[str, str],
    start: float,
    end: float,
) -> str:
    width, height = widget["width"] * COLUMN - _GAP, widget["height"] * ROW - _GAP
    inside = (
        _alarms(widget, states, width)
        if widget["type"] == "alarm"
        else _graph(widget, telemetry, width, height, start, end)
    )
    title = escape(widget["properties"]["title"])
    return (
        f'<g transform="translate({widget["x"] * COLUMN} {widget["y"] * ROW})">'
        f'<rect width="{width}" height="{height}" fill="#fff" stroke="#d5dbdb"/>'
        f'<text x="10" y="18" font-size="13" font-weight="bold">{title}</text>{inside}</g>'
    )


def _alarms(widget: Mapping[str, Any], states: Mapping[str, str], width: float) -> str:
    drawn, per_row = [], 7
    each = (width - 20) / per_row
    for number, name in enumerate(widget["properties"]["alarms"]):
        x, y = 10 + number % per_row * each, 28 + number // per_row * 25
        colour = _STATES.get(states.get(name, ""), "#879596")
        drawn.append(
            f'<rect x="{x}" y="{y}" width="{each - 6}" height="20" rx="3" fill="{colour}"/>'
            f'<text x="{x + 8}" y="{y + 14}" fill="#fff">{escape(name)}</text>'
        )
    return "".join(drawn)


def _graph(
    widget: Mapping[str, Any],
    telemetry: Telemetry,
    width: float,
    height: float,
    start: float,
    end: float,
) -> str:
    lines = [each for each in _lines(widget, telemetry, start, end) if each.points]
    rows = _legend_rows(lines, width)
    bottom = height - 20 - _LEGEND * max(1, len(rows))
    if not lines:
        return f'<text x="{width / 2 - 20}" y="{height / 2}">no data</text>'
    colours = dict(zip((each.label for each in lines), _COLOURS * 2, strict=False))
    drawn = [_times(Frame(width, bottom, start, end, 1.0))]
    for is_right in (False, True):
        of_side = [each for each in lines if each.is_right is is_right]
        is_stacked = widget["properties"].get("stacked", False)
        if of_side:
            drawn += _side(of_side, colours, is_stacked, Frame(width, bottom, start, end, 1.0))
    for number, row in enumerate(rows):
        x = 12.0
        for label in row:
            y = height - 8 - _LEGEND * (len(rows) - 1 - number)
            drawn.append(
                f'<rect x="{x}" y="{y - 8}" width="9" height="9" fill="{colours[label]}"/>'
                f'<text x="{x + 12}" y="{y}">{escape(label)}</text>'
            )
            x += _wide(label)
    return "".join(drawn)


def _side(
    lines: Sequence[Line], colours: Mapping[str, str], is_stacked: bool, frame: Frame
) -> Iterator[str]:
    """Draw the lines that belong to one of the two scales, and the scale."""
    below: dict[float, float] = {}
    shapes: list[tuple[str, list[Point]]] = []
    for line in lines:
        points = [(at, value + below.get(at, 0.0)) for at, value in line.points]
        if is_stacked:
            below |= dict(points)
        shapes.append((colours[line.label], points))
    most = _round_up(max(value for _, points in shapes for _, value in points))
    frame = Frame(frame.width, frame.bottom, frame.start, frame.end, most)
    is_right = lines[0].is_right
    x, anchor = (frame.width - _RIGHT + 4, "start") if is_right else (_LEFT - 4, "end")
    for part in (0.0, 0.5, 1.0):
        y = frame.bottom - part * (frame.bottom - _TOP)
        yield f'<text x="{x}" y="{y + 3}" text-anchor="{anchor}">{_number(part * most)}</text>'
    for colour, points in shapes:
        places = " ".join(frame.place(at, value) for at, value in points)
        yield (
            f'<polyline points="{places}" fill="none" stroke="{colour}" stroke-width="1.6"/>'
            if len(points) > 1
            else "".join(_dot(place, colour) for place in places.split())
        )


def _dot(place: str, colour: str) -> str:
    x, y = place.split(",")
    return f'<circle cx="{x}" cy="{y}" r="2.5" fill="{colour}"/>'


def _times(frame: Frame) -> str:
    drawn = []
    hours = range(math.ceil(frame.start / 3600), int(frame.end // 3600) + 1)
    for hour in hours:
        x = float(frame.place(hour * 3600, 0).split(",")[0])
        text = datetime.fromtimestamp(hour * 3600, UTC).strftime("%H:%M")
        drawn.append(
            f'<line x1="{x}" x2="{x}" y1="{_TOP}" y2="{frame.bottom}" stroke="#eaeded"/>'
            f'<text x="{x}" y="{frame.bottom + 12}" text-anchor="middle">{text}</text>'
        )
    edge = frame.width - _RIGHT
    drawn.append(
        f'<line x1="{_LEFT}" x2="{edge}" y1="{frame.bottom}" y2="{frame.bottom}" stroke="#aab7b8"/>'
    )
    return "".join(drawn)


def _lines(
    widget: Mapping[str, Any], telemetry: Telemetry, start: float, end: float
) -> Iterator[Line]:
    properties = widget["properties"]
    for what, how in dashboard.shown(widget):
        period = how.get("period", properties["period"])
        is_right = how.get("yAxis") == "right"
        statistic = how.get("stat") or properties["stat"]
        points = _points(telemetry, what, statistic, start, end, period)
        yield Line(how.get("label") or what.name, points, is_right)


def _points(
    telemetry: Telemetry, metric: Metric, statistic: str, start: float, end: float, period: int
) -> tuple[Point, ...]:
    points = (
        (at, telemetry.statistic(metric, statistic, at, at + period))
        for at in range(int(start), int(end), period)
    )
    return tuple((at, value) for at, value in points if value is not None)


def _legend_rows(lines: Sequence[Line], width: float) -> list[list[str]]:
    rows: list[list[str]] = [[]]
    for label in dict.fromkeys(line.label for line in lines):
        if rows[-1] and 12 + sum(map(_wide, (*rows[-1], label))) > width:
            rows.append([])
        rows[-1].append(label)
    return rows


def _wide(label: str) -> float:
    return 24 + 5.4 * len(label)


def _round_up(most: float) -> float:
    """Return a round number that is no less; 1 for nothing."""
    if most <= 0:
        return 1.0
    magnitude = float(10 ** math.floor(math.log10(most)))
    return next(step * magnitude for step in (1, 2, 3, 4, 5, 6, 8, 10) if step * magnitude >= most)


def _number(value: float) -> str:
    return f"{value / 1000:g}k" if value >= 10_000 else f"{value:g}"
