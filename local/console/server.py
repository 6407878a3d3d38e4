"""
The page's server: one page, one address to ask for the state, one for each button. Loopback only.

Any web page in the same browser can send requests to the loopback; a button's request is taken only
from this page.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from flask import Flask, Response, jsonify, request, send_from_directory
from flask.typing import ResponseReturnValue

from console import actions, looking, sides
from console.actions import Change
from console.work import Entry, Work
from demonstration.measuring import Passage
from demonstration.sight import Sight

_STATIC = Path(__file__).parent / "static"
_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def application(
    sight: Sight, work: Work, *, now: Callable[[], datetime], rng: random.Random
) -> Flask:
    """Build the server; *work* has to be started by the caller."""
    app = Flask(__name__, static_folder=None)

    @app.after_request
    def guard(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = _POLICY
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Cache-Control"] = "no-store"
        return response

    @app.get("/")
    def page() -> Response:
        return send_from_directory(_STATIC, "index.html")

    @app.get("/static/<path:name>")
    def static_file(name: str) -> Response:
        return send_from_directory(_STATIC, name)

    @app.get("/api/state")
    def state() -> ResponseReturnValue:
        return jsonify(_state(sight, work, request.args.get("account", ""), now()))

    @app.post("/api/accounts")
    def connect() -> ResponseReturnValue:
        if not _is_from_this_page():
            return _refused()
        return jsonify({"account": actions.connect_account(sight, now=now())}), 201

    @app.post("/api/trouble/<name>")
    def trouble(name: str) -> ResponseReturnValue:
        if not _is_from_this_page():
            return _refused()
        return ("", 204) if actions.trouble(name, sight) else ("", 404)

    @app.post("/api/accounts/<account_id>/<name>")
    def act(account_id: str, name: str) -> ResponseReturnValue:
        if not _is_from_this_page():
            return _refused()
        change = actions.change(name, account_id, sight, rng, now=now())
        if change is None:
            return "", 404
        return jsonify(asdict(work.add(change, _measured(sight, account_id)))), 202

    return app


def _state(sight: Sight, work: Work, wanted: str, now: datetime) -> dict[str, object]:
    simulator = looking.has_simulator(sight)
    accounts = looking.accounts(sight)
    account_id = wanted if wanted in accounts else (accounts[-1] if accounts else "")
    items = list(sight.mirror.items(account_id)) if account_id else []
    records = looking.records(sight, account_id) if simulator and account_id else {}
    found = sides.pairs(records, items)
    return {
        "simulator": simulator,
        "accounts": accounts,
        "account": account_id,
        "pairs": [asdict(pair) for pair in sides.shown(found, now=now)],
        "events": sum(pair.calendar is not None for pair in found),
        "rows": sum(pair.table is not None and not pair.tombstone for pair in found),
        "differing": sides.differing(found) if simulator else None,
        "stations": asdict(looking.stations(sight, simulator=simulator)),
        "log": [asdict(entry) for entry in work.entries],
    }


def _measured(sight: Sight, account_id: str) -> Callable[[Change, Entry], Passage]:
    watch = sight.watch(account_id)

    def measure(change: Change, entry: Entry) -> Passage:
        def waiting(seconds: float) -> None:
            entry.seconds = seconds

        return watch.until_equal(change.make, waiting)

    return measure


def _is_from_this_page() -> bool:
    """Browsers tell the origin of every POST; commands that are no browser send none."""
    origin = request.headers.get("Origin")
    return origin is None or origin == request.host_url.rstrip("/")


def _refused() -> ResponseReturnValue:
    return jsonify({"error": "buttons work only from the console's own page"}), 403
