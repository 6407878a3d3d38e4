"""Who is to be connected, and how: what a connect link says, and what follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Self

from calendar_mirror import instants
from calendar_mirror.accounts import DATA_CENTERS

#: How long a user may take at Cronofy's consent page.
CONSENT_TIME = timedelta(minutes=15)
#: How long a link works, if nothing else is said.
LINK_LIFE = timedelta(hours=1)
#: Together they have to fit into an address.
MAX_USER_REF, MAX_RETURN_TO = 256, 1024


@dataclass(frozen=True, slots=True)
class Invitation:
    """
    What a connect link says.

    Attributes:
        user_ref: how your application calls the user; any text of up to 256 characters.
        return_to: where the browser goes in the end; ``None``: it stays at a page of ours.
        avoid_linking: makes an account of its own of each calendar that one browser connects;
            otherwise Cronofy puts them into one.
        expires_at: when the link stops working; UTC.

    Raises:
        ValueError: names what cannot be.
    """

    user_ref: str
    data_center: str
    expires_at: datetime
    return_to: str | None = None
    avoid_linking: bool = False

    def __post_init__(self) -> None:
        if not self.user_ref or len(self.user_ref) > MAX_USER_REF:
            raise ValueError(f"a user reference has 1 to {MAX_USER_REF} characters")
        if not self.user_ref.isprintable():
            raise ValueError("a user reference has printable characters only")
        if self.data_center not in DATA_CENTERS:
            raise ValueError(f"no Cronofy data center is called {self.data_center!r}")
        if len(self.return_to or "") > MAX_RETURN_TO:
            raise ValueError(f"an address to return to has at most {MAX_RETURN_TO} characters")
        if self.expires_at.tzinfo is None:
            raise ValueError("the time at which a link expires is aware")

    def to_document(self) -> dict[str, Any]:
        """Write it down."""
        return {
            "user_ref": self.user_ref,
            "data_center": self.data_center,
            "expires_at": instants.to_text(self.expires_at),
            "return_to": self.return_to,
            "avoid_linking": self.avoid_linking,
        }

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Self:
        """Read what `to_document` wrote."""
        expires_at = instants.parse(document["expires_at"])
        return cls(**{**document, "expires_at": expires_at})


@dataclass(frozen=True, slots=True)
class Authorization:
    """
    An invitation on its way through Cronofy's consent page: what ``state`` says.

    Attributes:
        browser: digest of the secret that the browser keeps as a cookie.
        nonce: tells two of them apart.
        expires_at: when it is too late to come back; UTC.
    """

    invitation: Invitation
    browser: str
    nonce: str
    expires_at: datetime

    def to_document(self) -> dict[str, Any]:
        """Write it down."""
        return {
            "invitation": self.invitation.to_document(),
            "browser": self.browser,
            "nonce": self.nonce,
            "expires_at": instants.to_text(self.expires_at),
        }

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Self:
        """Read what `to_document` wrote."""
        return cls(
            invitation=Invitation.of(document["invitation"]),
            browser=document["browser"],
            nonce=document["nonce"],
            expires_at=instants.parse(document["expires_at"]),
        )

    def renewed(self) -> Invitation:
        """Return the invitation for one more try, which lasts as long as this one did."""
        return replace(self.invitation, expires_at=max(self.invitation.expires_at, self.expires_at))
