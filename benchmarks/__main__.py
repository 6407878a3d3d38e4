"""
`python -m benchmarks`: runs every benchmark, prints tables, writes `benchmarks/results/*.json`.
"""

from __future__ import annotations

import json
import platform
import sys
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import receive
from benchmarks.receive import Figures

_RESULTS = Path(__file__).parent / "results"


def main() -> int:
    console = Console()
    with console.status("receive: cold starts and warm notifications, two candidates in turns"):
        figures = receive.measure()
    console.print(_table(figures))
    machine = {"python": platform.python_version(), "processor": platform.machine()}
    document = {"machine": machine, "receive": {n: asdict(f) for n, f in figures.items()}}
    (_RESULTS / "receive.json").write_text(json.dumps(document, indent=2) + "\n")
    return 0


def _table(figures: dict[str, Figures]) -> Table:
    table = Table(title="receive: one notification", title_justify="left")
    table.add_column("")
    for title in ("cold start", "CPU of a cold start", "CPU of a warm one"):
        table.add_column(title, justify="right")
    for name, each in figures.items():
        table.add_row(
            name,
            f"{each.cold_ms:.0f} ms",
            f"{each.cold_cpu_ms:.0f} ms",
            f"{each.warm_cpu_us:.0f} µs",
        )
    ours, theirs = figures.values()
    table.add_row(
        "ratio",
        f"{theirs.cold_ms / ours.cold_ms:.1f}",
        f"{theirs.cold_cpu_ms / ours.cold_cpu_ms:.1f}",
        f"{theirs.warm_cpu_us / ours.warm_cpu_us:.1f}",
    )
    return table


if __name__ == "__main__":
    sys.exit(main())
