"""The core depends on nothing but its arguments, and is fast enough for thousands of seeds."""

import ast
import time
from pathlib import Path

import cronofy_simulator

SHELL = {"server.py", "courier.py", "__main__.py", "clock.py"}
OUTSIDE = {"threading", "socket", "time", "os", "subprocess", "urllib3", "requests", "secrets"}


def story(cronofy):
    """Something of everything that draws on chance."""
    account = cronofy.account(calendars=2)
    cronofy.set(variety=["floats", "no_summary"], variety_probability=0.5, page_order="random")
    cronofy.channel(account)
    cronofy.control("POST", "faults", kind="status", probability=0.3, path="/v1/userinfo")
    cronofy.events(account, count=30)
    told = [
        cronofy.get(account, "/v1/userinfo").status,
        cronofy.read(account),
        cronofy.token(grant_type="refresh_token", refresh_token=account["refresh_token"]).json(),
        [(each.url, each.headers, each.body) for each in cronofy.deliver()],
    ]
    return [account, *told]


def test_one_seed_tells_one_story(make_cronofy):
    assert story(make_cronofy(seed=7)) == story(make_cronofy(seed=7))


def test_another_seed_tells_another_story(make_cronofy):
    assert story(make_cronofy(seed=7)) != story(make_cronofy(seed=8))


def test_the_core_imports_nothing_that_waits_or_reaches_out():
    package = Path(cronofy_simulator.__file__).parent
    for path in package.rglob("*.py"):
        if path.name in SHELL:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            assert not {name.partition(".")[0] for name in names} & OUTSIDE, path


def test_a_thousand_reads_among_two_hundred_events_take_under_ten_seconds(make_cronofy):
    cronofy = make_cronofy(limits_enabled=False)
    account = cronofy.account()
    cronofy.events(account, count=200)
    cronofy.advance(60)
    started = time.process_time()

    for _ in range(1000):
        cronofy.read(account, last_modified="2026-01-31T09:01:00Z")

    assert time.process_time() - started < 10
