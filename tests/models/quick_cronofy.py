"""
The simulator's core behind what `Cronofy` asks of a session of `requests`: thousands of accounts a
minute. The same code answers as behind `Provider`; nothing is packed into HTTP on the way.
"""

import json
from dataclasses import dataclass
from random import Random
from types import SimpleNamespace
from urllib.parse import parse_qsl, urlsplit

from cronofy_simulator import changes
from cronofy_simulator.changes import Manner
from cronofy_simulator.settings import Settings
from cronofy_simulator.simulator import Simulator
from cronofy_simulator.state.deliveries import Ending, Outcome
from cronofy_simulator.wire import Request


class QuickCronofy:
    """
    Attributes:
        called_at: when each call came in, in seconds since the epoch.
        notify: takes each notification, as (body, headers), and returns the status of the answer.
    """

    def __init__(self, clock, settings=None):
        self.clock = clock
        self.simulator = Simulator(clock, settings or Settings(), Random(1))
        self.called_at = []
        self.notify = lambda body, headers: 200

    def session(self, wait):
        """Return a session whose calls come in after *wait* was called."""
        return _Session(self, wait)

    def control(self, method, path, /, **fields):
        """Ask the control API, and post the notifications that are due then."""
        answer = self._handled(
            Request(method, f"/_control/{path}", body=json.dumps(fields).encode())
        )
        assert answer.status < 300, answer.body
        return answer.json() if answer.body else None

    def edit(self, account_id, which, *, quiet=False):
        """Change one of an account's events, as a person does; *quiet*: nobody is notified."""
        world = self.simulator.world
        world.tick()
        account = world.accounts[account_id]
        event = list(account.events.values())[which]
        fields = {"summary": f"Edit {len(event.versions)}"}
        changes.revise(world, account, event, fields, manner=Manner(quiet=quiet))
        self.post()

    def answered(self, request):
        self.called_at.append(self.clock().timestamp())
        return self._handled(request)

    def _handled(self, request):
        answer = self.simulator.handle(request)
        if self.simulator.next_delivery_at() is not None:
            self.post()
        return answer

    def post(self):
        """Post the notifications that are due."""
        for delivery in self.simulator.due_deliveries():
            status = self.notify(delivery.body, delivery.headers)
            self.simulator.delivered(delivery.delivery_id, Outcome(Ending.ANSWERED, status))

    def throttled(self):
        """Return when it answered 429, in seconds since the epoch."""
        return [at.timestamp() for at in self.simulator.world.calls.throttled]


@dataclass(frozen=True)
class _Session:
    provider: QuickCronofy
    wait: object

    def request(self, method, url, *, params, json, headers, auth, timeout, allow_redirects):
        self.wait()
        parts = urlsplit(url)
        sent = {**headers, "host": parts.netloc, "content-type": "application/json"}
        query = (*parse_qsl(parts.query, keep_blank_values=True), *params)
        asked = Request(method, parts.path, query, sent, _body(json))
        answer = self.provider.answered(asked)
        return SimpleNamespace(
            status_code=answer.status, content=answer.body, headers=answer.headers
        )


def _body(document):
    return b"" if document is None else json.dumps(document).encode()
