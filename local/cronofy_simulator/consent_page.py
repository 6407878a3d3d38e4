"""The HTML of the pages in the browser."""

from collections.abc import Iterable
from html import escape

from cronofy_simulator.state.accounts import Account, Profile
from cronofy_simulator.wire import Request, Response

SHOWN = 50  # accounts to choose from
_FRAME = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width">
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; margin: 4rem auto; max-width: 32rem }}
label, select, input {{ display: block; width: 100%; box-sizing: border-box }}
select, input, button {{ font: inherit; padding: .5rem; margin: .25rem 0 1rem }}
</style></head><body><h1>{title}</h1>{body}</body></html>
"""


def ask(request: Request, accounts: list[Account], linked: Account | None) -> Response:
    scopes = "".join(
        f"<li>{escape(scope)}</li>" for scope in (request.parameter("scope") or "").split()
    )
    note = ""
    if linked is not None:
        note = f"<p>A new calendar joins those of {escape(linked.email)}.</p>"
    body = f"""
<p>An application asks for:</p><ul>{scopes}</ul>{note}
<form method="post">
<label for="account">Calendar</label>
<select id="account" name="account">{_options(accounts)}</select>
<label for="email">E-mail address of a new calendar</label>
<input id="email" name="email" type="email" value="someone@example.com">
<button name="decision" value="allow">Allow</button>
<button name="decision" value="deny">Deny</button>
</form>"""
    return _page("Connect your calendar", body)


def relink(profile: Profile) -> Response:
    if profile.connected:
        return _page("Connected", f"<p>{escape(profile.profile_name)} is connected.</p>")
    body = f"""
<p>{escape(profile.profile_name)} is not connected.</p>
<form method="post"><button>Connect again</button></form>"""
    return _page("Connect again", body)


def problem(text: str, status: int = 400) -> Response:
    return _page("This cannot be done", f"<p>{escape(text)}</p>", status)


def _options(accounts: Iterable[Account]) -> str:
    listed = list(accounts)[:SHOWN]
    options = [
        f'<option value="{escape(each.account_id)}">{escape(each.email or each.name)}</option>'
        for each in listed
    ]
    return "".join(('<option value="">A new calendar</option>', *options))


def _page(title: str, body: str, status: int = 200) -> Response:
    headers = {"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store"}
    return Response(status, headers, _FRAME.format(title=title, body=body).encode())
