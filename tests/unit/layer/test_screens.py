"""What the browser gets to see: complete, escaped, and in need of nothing from anywhere."""

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calendar_mirror import screens
from calendar_mirror.screens import Outcome

PAGES = [outcome for outcome in Outcome if outcome is not Outcome.REDIRECTED]
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</p></body><svg/onload=alert(1)>",
    "<!--",
    "&lt;script&gt;",
    "$title ${outcome} $$ $ %s {0}",
    "\0\r\n\t\u202e\udc80"[:-1],
    "javascript:alert(1)",
]


class Seen(HTMLParser):
    """What a browser makes of a page."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.attributes, self.text, self.links = [], [], [], {}
        self._open = []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += [(tag, name) for name, _ in attributes]
        self._open.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data):
        tag, attributes = self._open[-1] if self._open else ("", {})
        if tag == "a":
            self.links[data] = attributes["href"]
        elif tag not in ("style", "title", ""):
            self.text.append(data)

    @property
    def said(self):
        return " ".join(part.strip() for part in self.text if part.strip())


def style_of(page):
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    return style


def policy(reply):
    parts = (part.split() for part in reply.headers["Content-Security-Policy"].split(";"))
    return {name: values for name, *values in parts}


@pytest.mark.parametrize("outcome", PAGES)
def test_every_page_says_what_happened_and_what_to_do(outcome):
    reply = screens.screen(outcome, try_again="https://x.example/again", detail="that")
    seen = Seen(reply.body)

    assert reply.outcome is outcome
    assert reply.body.startswith("<!doctype html>\n<html lang=")
    assert f'data-outcome="{outcome.value}"' in reply.body
    assert seen.tags.count("h1") == 1
    assert seen.tags.count("p") == 2
    assert all(len(paragraph) > 8 for paragraph in re.findall(r"<p>(.*?)</p>", reply.body))
    assert "$" not in seen.said


def test_what_went_well_and_what_did_not_have_different_statuses():
    statuses = {outcome: screens.screen(outcome).status for outcome in PAGES}

    assert {o for o, status in statuses.items() if status < 400} == {
        Outcome.CONNECTED,
        Outcome.DENIED,
    }
    assert {o for o, status in statuses.items() if status >= 500} == {
        *(Outcome.NOT_CONFIGURED, Outcome.UNAVAILABLE, Outcome.UNEXPECTED)
    }


def test_pages_can_be_told_apart_by_what_they_say():
    said = [Seen(screens.screen(outcome, detail="that").body).said for outcome in PAGES]
    titles = {re.findall("<title>(.*?)</title>", screens.screen(o).body)[0] for o in PAGES}

    assert len(set(said)) == len(PAGES)
    assert len(titles) >= 9


def test_only_the_connected_page_says_that_the_calendar_is_connected():
    titles = {
        outcome: re.findall("<title>(.*?)</title>", screens.screen(outcome).body)[0]
        for outcome in PAGES
    }

    assert [o for o, title in titles.items() if title == "Your calendar is connected"] == [
        Outcome.CONNECTED
    ]


def test_nothing_is_said_to_be_unstored_where_that_is_not_known():
    """A service that does not answer may have done what it was asked."""
    unknown = (Outcome.CONNECTED, Outcome.REPLAYED, Outcome.UNAVAILABLE)

    assert not [o for o in unknown if "Nothing was stored" in screens.screen(o).body]


@pytest.mark.parametrize("hostile", HOSTILE, ids=ascii)
@pytest.mark.parametrize("outcome", PAGES)
def test_whatever_comes_from_outside_is_text(outcome, hostile):
    plain = Seen(screens.screen(outcome, try_again="/a", back="/b", detail="x").body)

    seen = Seen(screens.screen(outcome, try_again=hostile, back=hostile, detail=hostile).body)

    assert seen.tags == plain.tags
    assert seen.attributes == plain.attributes
    assert set(seen.links.values()) <= {hostile}


@given(st.text(max_size=100))
def test_no_detail_becomes_a_tag_or_an_attribute(detail):
    page = screens.screen(Outcome.CONSENT_FAILED, detail=detail).body
    seen = Seen(page)

    assert seen.tags == Seen(screens.screen(Outcome.CONSENT_FAILED, detail="x").body).tags
    assert page.count("<") == screens.screen(Outcome.CONSENT_FAILED).body.count("<")


def test_the_detail_is_shown_where_the_text_names_one():
    shown = [o for o in PAGES if "quite special" in screens.screen(o, detail="quite special").body]

    assert shown == [Outcome.CONSENT_FAILED, Outcome.NOT_CONFIGURED, Outcome.UNEXPECTED]


def test_the_reason_is_for_the_log_alone():
    for outcome in PAGES:
        reply = screens.screen(outcome, reason="only for the log")
        assert reply.reason == "only for the log"
        assert "only for the log" not in reply.body + str(reply.headers)


def test_another_try_is_offered_where_it_makes_sense():
    offered = {
        o for o in PAGES if "Try again" in Seen(screens.screen(o, try_again="/again").body).links
    }

    assert offered == {
        *(Outcome.DENIED, Outcome.CODE_REFUSED, Outcome.CONSENT_FAILED, Outcome.BEING_ERASED),
        *(Outcome.UNAVAILABLE, Outcome.UNEXPECTED),
    }


def test_a_page_without_addresses_has_no_links():
    assert all(not Seen(screens.screen(outcome).body).links for outcome in PAGES)


@pytest.mark.parametrize("outcome", PAGES)
def test_the_policy_allows_the_pages_own_style_and_nothing_else(outcome):
    reply = screens.screen(outcome, detail="x")
    digest = hashlib.sha256(style_of(reply.body).encode()).digest()

    assert policy(reply) == {
        "default-src": ["'none'"],
        "style-src": [f"'sha256-{base64.b64encode(digest).decode()}'"],
        "base-uri": ["'none'"],
        "form-action": ["'none'"],
        "frame-ancestors": ["'none'"],
    }


@pytest.mark.parametrize("outcome", PAGES)
def test_a_page_needs_nothing_from_anywhere(outcome):
    page = screens.screen(outcome, try_again="https://t.example", back="https://b.example").body
    seen = Seen(page)

    assert set(seen.tags) <= {"html", "head", "meta", "title", "style", "body", "h1", "p", "a"}
    assert {name for _, name in seen.attributes} <= {
        *("lang", "charset", "name", "content", "data-outcome", "class", "href")
    }
    assert not re.search(r"url\(|@import|expression", style_of(page))
    assert set(re.findall(r"https?://[^\"]+", page)) <= {"https://t.example", "https://b.example"}


@pytest.mark.parametrize("outcome", PAGES)
def test_a_page_is_kept_by_nobody_and_its_address_told_to_nobody(outcome):
    headers = screens.screen(outcome).headers

    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Type"] == "text/html; charset=utf-8"


def test_a_redirect_is_a_get_that_is_kept_by_nobody_and_told_to_nobody():
    reply = screens.redirect(Outcome.REDIRECTED, "https://x.example/?a=b", cookies=("c=d",))

    assert (reply.status, reply.body, reply.cookies) == (303, "", ("c=d",))
    assert reply.headers == {
        "Location": "https://x.example/?a=b",
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
    }
