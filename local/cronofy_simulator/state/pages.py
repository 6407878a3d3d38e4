"""Page links: opaque, with an end, and good for the account that made the read."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from math import ceil

from cronofy_simulator.identifiers import opaque
from cronofy_simulator.instants import seconds
from cronofy_simulator.settings import Settings
from cronofy_simulator.wire import Json

Source = Callable[[], list[Json]]


@dataclass(frozen=True, slots=True)
class Link:
    """The page `number` of a read. `source` gives all of its documents, as of then or as of now."""

    account_id: str
    kind: str
    number: int
    source: Source
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Page:
    number: int
    total: int
    documents: list[Json]
    next_token: str


@dataclass(slots=True)
class PageBook:
    rng: random.Random
    links: dict[str, Link] = field(default_factory=dict)  # oldest first

    def first(
        self, account_id: str, kind: str, source: Source, settings: Settings, now: datetime
    ) -> Page:
        if settings.pages == "snapshot":
            documents = source()
            source = documents.copy
        return self._page(Link(account_id, kind, 1, source, now), settings, now)

    def following(
        self, account_id: str, kind: str, token: str, settings: Settings, now: datetime
    ) -> Page | None:
        """None for a link that is unknown, expired, or another account's."""
        self._drop_expired(settings, now)
        link = self.links.get(token)
        if link is None or (link.account_id, link.kind) != (account_id, kind):
            return None
        return self._page(link, settings, now)

    def expire(self, account_id: str) -> int:
        own = [token for token, link in self.links.items() if link.account_id == account_id]
        for token in own:
            del self.links[token]
        return len(own)

    def _page(self, link: Link, settings: Settings, now: datetime) -> Page:
        documents = link.source()
        size = settings.page_size
        total = max(ceil(len(documents) / size), link.number)
        shown = documents[(link.number - 1) * size : link.number * size]
        token = self._link_after(link, now) if link.number < total else ""
        return Page(link.number, total, shown, token)

    def _link_after(self, link: Link, now: datetime) -> str:
        token = opaque(self.rng, 48)
        self.links[token] = Link(link.account_id, link.kind, link.number + 1, link.source, now)
        return token

    def _drop_expired(self, settings: Settings, now: datetime) -> None:
        lifetime = settings.page_link_lifetime
        if lifetime is None:
            return
        limit = now - seconds(lifetime)
        for token, link in list(self.links.items()):
            if link.created_at > limit:
                return
            del self.links[token]
