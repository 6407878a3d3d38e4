"""
`receive` against the usual door with boto3 and Powertools: cold start and warm CPU.

Cold: a fresh process from its start to its end, one notification in between. Warm: CPU for each of
the following notifications. The two take turns, so that a drift of the machine's speed hits both.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass

from benchmarks.aws_stand_in import aws

_CANDIDATES = {
    "calendar-mirror": "functions.receive.app",
    "boto3 and Powertools": "benchmarks.contenders.receive_with_boto3",
}
_ROUNDS, _WARM = 11, 500


@dataclass(frozen=True, slots=True)
class Figures:
    """Medians. *cold_ms*: wall, *cold_cpu_ms* and *warm_cpu_us* (each notification): processor."""

    cold_ms: float
    cold_cpu_ms: float
    warm_cpu_us: float


def measure() -> dict[str, Figures]:
    """Run both, in turns, and return the medians of each."""
    with aws() as (endpoint, calls):
        environ = _environ(endpoint)
        cold: dict[str, list[tuple[float, float]]] = {name: [] for name in _CANDIDATES}
        for _ in range(_ROUNDS):
            for name, module in _CANDIDATES.items():
                cold[name].append(_cold(module, environ))
        warm = {name: _warm(module, environ) for name, module in _CANDIDATES.items()}
        _check(calls)
    return {
        name: Figures(
            statistics.median(wall for wall, _ in cold[name]) * 1e3,
            statistics.median(cpu for _, cpu in cold[name]) * 1e3,
            warm[name] / (_WARM - 1) * 1e6,
        )
        for name in _CANDIDATES
    }


def _cold(module: str, environ: dict[str, str]) -> tuple[float, float]:
    before, began = os.times(), time.perf_counter()
    _run(module, 1, environ)
    wall, after = time.perf_counter() - began, os.times()
    cpu = after.children_user + after.children_system - before.children_user
    return wall, cpu - before.children_system


def _warm(module: str, environ: dict[str, str]) -> float:
    return float(_run(module, _WARM, environ))


def _run(module: str, count: int, environ: dict[str, str]) -> str:
    command = [sys.executable, "-m", "benchmarks.one_notification", module, str(count)]
    done = subprocess.run(command, env=environ, check=True, capture_output=True, text=True)
    return done.stderr.strip()


def _check(calls: Counter[str]) -> None:
    expected = len(_CANDIDATES) * (_ROUNDS + _WARM)
    if calls["SendMessage"] != expected:
        raise SystemExit(f"{calls['SendMessage']} messages were sent instead of {expected}")


def _environ(endpoint: str) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
        "AWS_URL_SUFFIX": "amazonaws.com",
        "CLIENT_SECRETS_ARN": "written-by-operators",
        "INITIAL_CREDENTIALS_ARN": "written-by-the-deploy",
        "CRONOFY_DATA_CENTER": "us",
        "SYNC_QUEUE_URL": f"{endpoint}/000000000000/queue.fifo",
        "MERGE_SECONDS": "1",
        "POWERTOOLS_METRICS_NAMESPACE": "bench",
        "POWERTOOLS_SERVICE_NAME": "bench",
        "POWERTOOLS_LOG_LEVEL": "ERROR",
    }
