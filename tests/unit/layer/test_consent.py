"""The way to Cronofy's consent page and back: addresses, codes, cookies."""

from datetime import UTC, datetime
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from calendar_mirror import consent
from calendar_mirror.invitations import Invitation

ORIGINS = ("https://app.example.com", "http://localhost:3000", "https://[::1]:8443")
SECURE, PLAIN = "https://api.example.com", "http://127.0.0.1:4566/_aws/execute-api/x"
SECRET = "0123456789-_abcdefABCDEF"
EXPIRES_AT = datetime(2026, 3, 1, 13, tzinfo=UTC)


def authorize_url(**changed):
    invitation = Invitation("user 42", "us", EXPIRES_AT, **changed)
    return consent.authorize_url(
        "https://app.cronofy.com",
        invitation,
        client_id="id",
        redirect_uri=f"{SECURE}/connect/callback",
        scope="read_events read_account",
        state="a.b-c_d",
    )


def test_the_consent_page_is_asked_for_with_everything_that_cronofy_wants():
    parts = urlsplit(authorize_url())

    assert (parts.scheme, parts.netloc, parts.path) == (
        "https",
        "app.cronofy.com",
        "/oauth/authorize",
    )
    assert dict(parse_qsl(parts.query)) == {
        "response_type": "code",
        "client_id": "id",
        "redirect_uri": f"{SECURE}/connect/callback",
        "scope": "read_events read_account",
        "state": "a.b-c_d",
    }
    assert "user" not in authorize_url()


def test_linking_is_avoided_only_where_that_is_asked_for():
    assert parse_qs(authorize_url(avoid_linking=True))["avoid_linking"] == ["true"]
    assert "avoid_linking" not in authorize_url()


@pytest.mark.parametrize(
    ("text", "may_be"),
    [
        ("Zq3oH0JyyUjQ5b0sG1S7xPEvTfV1h8Ak", True),
        ("c", True),
        ("c" * 512, True),
        ("", False),
        ("c" * 513, False),
        ("c\n", False),
        ("c\0d", False),
        ("cödé", False),
        ("\udcff", False),
        ("c,c", False),  # given twice: API Gateway joins the two
        ("c c", False),
    ],
)
def test_only_what_may_be_a_code_is_worth_a_call(text, may_be):
    assert consent.is_code(text) is may_be


@pytest.mark.parametrize(
    "address",
    [
        "https://app.example.com",
        "https://app.example.com/",
        "https://app.example.com/calendars?tab=1&next=https://evil.example#top",
        "https://app.example.com:443/done",
        "https://APP.Example.COM/done",
        "HTTPS://app.example.com/done",
        "https://app.example.com//evil.example/done",
        "https://app.example.com/@evil.example",
        "https://app.example.com?@evil.example",
        "https://app.example.com#@evil.example",
        "http://localhost:3000/done",
        "https://[::1]:8443/done",
    ],
)
def test_addresses_at_an_allowed_origin_are_returned_to(address):
    assert consent.may_return_to(address, ORIGINS)


#: Each leads, or may lead, some browser somewhere else.
TRICKS = [
    # no origin of its own
    *("", "/", "/done", "done", "?", "#", "app.example.com", "app.example.com/done", "."),
    *("//app.example.com", "//evil.example", "///evil.example", "////evil.example"),
    *("https:", "https:/", "https://", "https:///", "https:///evil.example", "https:////evil"),
    *("https:evil.example", "https:/evil.example", "https:app.example.com"),
    *("https:/app.example.com", "https:///app.example.com", "https://?app.example.com"),
    *("https://#app.example.com", "https://:443", "https://@app.example.com", "://app.example.com"),
    # another scheme
    *("javascript:alert(1)", "JavaScript:alert(1)", "javascript://app.example.com/%0aalert(1)"),
    *("java\nscript:alert(1)", "data:text/html,<script>1</script>", "vbscript:x", "file:///etc"),
    *("blob:https://app.example.com/1", "view-source:https://app.example.com", "ws://x"),
    *("ftp://app.example.com", "wss://app.example.com", "about:blank", "mailto:a@app.example.com"),
    *("http://app.example.com", "https://localhost:3000", "filesystem:https://app.example.com/"),
    # another port
    *("https://app.example.com:444", "https://app.example.com:80", "https://app.example.com:0"),
    *("https://app.example.com:-1", "https://app.example.com:65536", "https://app.example.com:x"),
    *(
        "https://app.example.com:443x",
        "https://app.example.com:4 43",
        "https://app.example.com:+443",
    ),
    *("https://app.example.com:٤٤٣", "http://localhost", "http://localhost:30000"),
    # a host that merely looks alike
    *("https://app.example.com.evil.example", "https://app.example.comevil.example"),
    *("https://evil-app.example.com", "https://evil.example/app.example.com"),
    *("https://evil.example?app.example.com", "https://evil.example#app.example.com"),
    *("https://sub.app.example.com", "https://example.com", "https://.app.example.com"),
    *("https://app.example.com.", "https://app.example.com..", "https://app..example.com"),
    *("https://app-example.com", "https://appXexample.com", "https://*.example.com", "https://*"),
    # user names
    *("https://app.example.com@evil.example", "https://app.example.com:443@evil.example"),
    *("https://user@app.example.com", "https://user:pass@app.example.com", "https://a@b@c"),
    *("https://app.example.com%40evil.example", "https://app.example.com;@evil.example"),
    *("https://app.example.com&@evil.example", "https://evil.example#@app.example.com"),
    # backslashes, blanks and what cannot be seen
    *(r"https:\\evil.example", r"https:\evil.example", r"https:/\evil.example", r"\\evil.example"),
    *(r"https://app.example.com\@evil.example", r"https://evil.example\@app.example.com"),
    *(r"https://app.example.com\.evil.example", r"https://app.example.com/\evil", "/\\evil"),
    *(" https://app.example.com", "https://app.example.com ", "https://app.example.com /done"),
    *("https://app.example.com\t.evil.example", "https://\tapp.example.com", "ht\ttps://evil"),
    *("https://app.example.com\n", "https://app.example.com\r\nSet-Cookie: a=b", "\nhttps://x"),
    *("https://app.example.com/\0", "\0https://app.example.com", "https://app.example.com\x7f"),
    *("https://app.example.com/\u00a0", "https://app.example.com/\u2028", "\ufeffhttps://x"),
    *("https://app.example.com/\u202e", "https://app.example.com\u200b", "https://\u00adapp"),
    # letters that become others
    *("https://app。example。com", "https://app．example．com", "https://app｡example.com"),
    *("https://аpp.example.com", "https://app.exаmple.com", "https://ａpp.example.com"),
    *("https://app.example.ⓒom", "https://app.example.com／done", "https://app.example.com＠evil"),
    *("https://app.example.com？evil", "https://app.example.com＃evil", "https://app.exampl℀.com"),
    *(
        "https://xn--pp-xta.example.com",
        "https://app.example.com/é",
        "https://app.example.com\udc80",
    ),
    # percent-encoded hosts
    *("https://app%2eexample%2ecom", "https://%61pp.example.com", "https://app.example.com%2f"),
    *("https://app.example.com%2eevil.example", "https://evil.example%2fapp.example.com"),
    *("https://app.example.com%00.evil.example", "https://app.example.com%09.evil.example"),
    *("https%3a%2f%2fapp.example.com", "https:%2f%2fapp.example.com", "%68ttps://app.example.com"),
    # brackets
    *("https://[app.example.com]", "https://[::1", "https://::1]", "https://[::1]", "https://[]"),
    *(
        "https://evil.example[::1]:8443",
        "https://[::1]evil.example:8443",
        "https://[::1]@evil:8443",
    ),
    *(
        "https://[::ffff:127.0.0.1]:8443",
        "https://[v1.app.example.com]",
        "https://[app.example.com",
    ),
]


@pytest.mark.parametrize("address", TRICKS, ids=ascii)
def test_no_trick_leads_anywhere_else(address):
    assert not consent.may_return_to(address, ORIGINS)


@given(st.text(max_size=50))
@example("https://app.example.com")
def test_nothing_is_returned_to_where_nothing_is_allowed(address):
    assert not consent.may_return_to(address, ())


@given(st.text("https:/.@\\#?[]%-evil\t appxmcom43", max_size=60))
def test_whatever_is_returned_to_begins_with_an_allowed_origin(tail):
    for address in (tail, f"https://app.example.com{tail}", f"https:{tail}", f"https://{tail}"):
        if consent.may_return_to(address, ["https://app.example.com"]):
            rest = address.lower().removeprefix("https://app.example.com").removeprefix(":443")
            assert len(rest) < len(address)
            assert rest.removeprefix(":")[:1] in ("", "/", "?", "#")


@pytest.mark.parametrize(
    "origin", ["", "*", "null", "https://", "https://*", "https://*.com", "https:"]
)
@pytest.mark.parametrize("address", ["https://evil.example", "https://", "https:", "null", "*"])
def test_an_unusable_origin_allows_nothing(origin, address):
    assert not consent.may_return_to(
        address, [origin, "https://[", "https://a:b", "http://x:99999"]
    )


@pytest.mark.parametrize(
    "origin",
    [
        *("https://app.example.com", "https://app.example.com/", " https://app.example.com "),
        *("https://App.Example.com", "HTTPS://app.example.com:443", "https://app.example.com/any"),
    ],
)
def test_an_origin_may_be_written_in_several_ways(origin):
    assert consent.may_return_to("https://app.example.com/done", [origin])
    assert not consent.may_return_to("https://app.example.com:8443/done", [origin])


@pytest.mark.parametrize(
    ("address", "returned"),
    [
        ("https://x.example", "https://x.example?outcome=denied"),
        ("https://x.example/a", "https://x.example/a?outcome=denied"),
        ("https://x.example/a?", "https://x.example/a?outcome=denied"),
        ("https://x.example/a?b=c", "https://x.example/a?b=c&outcome=denied"),
        ("https://x.example/a?b&b=%ff+%20#d", "https://x.example/a?b&b=%ff+%20&outcome=denied#d"),
        ("https://x.example//evil", "https://x.example//evil?outcome=denied"),
        ("https://x.example#d?e", "https://x.example?outcome=denied#d?e"),
    ],
)
def test_the_address_to_return_to_keeps_all_that_it_said(address, returned):
    assert consent.returning(address, outcome="denied") == returned


def test_what_the_application_is_told_cannot_add_to_what_it_is_told():
    address = consent.returning("https://x.example/a", account_id="acc_1&outcome=x#y z")

    assert parse_qs(urlsplit(address).query) == {"account_id": ["acc_1&outcome=x#y z"]}


def test_over_tls_the_cookie_is_our_own_hosts_alone():
    given = consent.set_cookie(SECRET, SECURE)

    assert given.startswith(f"__Host-calendar_mirror_connect={SECRET}; ")
    assert {part.strip() for part in given.split(";")[1:]} == {
        *("Path=/", "Max-Age=900", "HttpOnly", "SameSite=Lax", "Secure")
    }


def test_without_tls_browsers_would_take_neither_the_prefix_nor_secure():
    given = consent.set_cookie(SECRET, PLAIN)

    assert given.startswith(f"calendar_mirror_connect={SECRET}; ")
    assert {part.strip() for part in given.split(";")[1:]} == {
        *("Path=/", "Max-Age=900", "HttpOnly", "SameSite=Lax")
    }


@pytest.mark.parametrize("url", [SECURE, PLAIN])
def test_the_cookie_that_was_given_is_found_again(url):
    pair = consent.set_cookie(SECRET, url).partition(";")[0]

    for headers in ([pair], ["", pair], ["a=b", pair], [f"a=b; {pair}; c=d"], [f"a=b;{pair}"]):
        assert consent.cookie_of(headers, url) == SECRET


NAME = "__Host-calendar_mirror_connect"


@pytest.mark.parametrize(
    "other",
    [
        *(
            "a",
            "=",
            "a=b=c",
            "a b=c",
            'a={"json": [1, 2]}',
            "é=ü",
            "a=\xff",
            "a[0]=1",
            "a,b=c",
            "@",
        ),
        *("expires=x", "$Version=1", "Path=/", "a=%", "a=(", "\0=\0", 'a="', "a=\t", "HttpOnly"),
    ],
)
def test_what_others_keep_on_our_host_does_not_hide_our_cookie(other):
    assert consent.cookie_of([f"{other}; {NAME}={SECRET}"], SECURE) == SECRET
    assert consent.cookie_of([f"{NAME}={SECRET}; {other}"], SECURE) == SECRET
    assert consent.cookie_of([other, f"{NAME}={SECRET}"], SECURE) == SECRET


@pytest.mark.parametrize(
    "header",
    [
        *("", ";", "=", ";;;=;", NAME, f"{NAME}=", f"={SECRET}", f"{NAME}=short", f"{NAME}=\0"),
        *(f"{NAME}={'x' * 101}", f"{NAME}={'x' * 1_000_000}", f"{NAME}={'é' * 24}"),
        *(f"{NAME.lower()}={SECRET}", f"x{NAME}={SECRET}", f"{NAME}x={SECRET}"),
        *(f"calendar_mirror_connect={SECRET}", f"__Secure-calendar_mirror_connect={SECRET}"),
        *(f'{NAME}="{SECRET}"', f"{NAME}={SECRET}=", f"{NAME}={SECRET},{SECRET}"),
        *(f'{NAME}="{SECRET}\\015\\012Set-Cookie: a=b"', f'{NAME}="{SECRET}\\073 Domain=evil"'),
    ],
    ids=lambda header: ascii(header[:60]),
)
def test_what_we_never_gave_is_no_cookie_of_ours(header):
    assert consent.cookie_of([header], SECURE) is None


@given(st.lists(st.text(max_size=80), max_size=4))
def test_no_cookie_header_does_any_harm(headers):
    assert consent.cookie_of(headers, SECURE) is None


@given(st.text(st.characters(codec="latin-1"), max_size=120))
def test_what_is_found_can_be_given_back_as_it_is(value):
    found = consent.cookie_of([f"{NAME}={value}"], SECURE)

    assert found is None or set(found) <= set(SECRET) | set(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"
    )


def test_a_browser_is_known_by_its_secret_alone():
    digest = consent.digest(SECRET)

    assert SECRET not in digest
    assert consent.is_same_browser(SECRET, digest)
    for other in (None, "", SECRET[:-1], f"{SECRET}x", digest, SECRET.upper(), "é"):
        assert not consent.is_same_browser(other, digest)
