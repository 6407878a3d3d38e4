"""`calmirror doctor`: is anything wrong, why, and what is to be done?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime

import click

from calmirror import completion, printing, shown, stacks
from calmirror.health import (
    backlog,
    capacity,
    deployment,
    entrance,
    existence,
    failures,
    fleet,
    operator,
    patient,
    permissions,
    provider,
    secrets,
    settings,
    store,
    switches,
)
from calmirror.health.findings import Finding, Level, error
from calmirror.stacks import Stack

_COLOURS = {Level.OK: "green", Level.WARNING: "yellow", Level.ERROR: "red"}


@click.command()
@click.argument("account_id", required=False, shell_complete=completion.account_ids)
@printing.as_json
@stacks.options
def doctor(account_id: str | None, as_json: bool, **named: str | None) -> None:
    """
    Look at everything that a stack needs, and with ACCOUNT_ID at all that this account needs; say
    for each finding what the cause is, and what to do. Changes nothing.

    Takes a few calls to Cronofy, within the budget that the stack shares. Ends with 1 where there
    is an error; a warning alone ends with 0.
    """
    stack = _opened(**named)
    looked = iter([stack]) if isinstance(stack, Finding) else _found(stack, account_id)
    findings: list[Finding] = []
    for finding in looked:
        findings.append(finding)
        if not as_json:
            _print(finding)
    worst = [level for level in Level if any(each.level is level for each in findings)][-1]
    if as_json:
        name = named["stack"] if isinstance(stack, Finding) else stack.name
        rows = [asdict(finding) for finding in findings]
        printing.document({"stack": name, "worst": worst, "findings": rows})
    else:
        click.echo(f"\n{_summary(findings)}")
    if worst is Level.ERROR:
        raise SystemExit(1)


def _opened(**named: str | None) -> Stack | Finding:
    """Return the stack, or why there is none to look at."""
    try:
        return stacks.named(**named)
    except click.ClickException as failure:
        return error(
            "stack",
            failure.message,
            "Check --stack, CALMIRROR_STACK, --region and --profile. `make up` starts a local "
            "stack, `sam deploy` deploys one.",
        )
    except failures.EXPECTED as failure:
        return failures.finding("stack", failure, named["stack"] or "STACK")


def _found(stack: Stack, account_id: str | None) -> Iterator[Finding]:
    for check, look in _checks(stack, account_id, datetime.now(UTC)):
        with printing.progress(f"looking at: {check}"):
            found = list(failures.guarded(check, look, stack.name))
        yield from found


def _checks(
    stack: Stack, account_id: str | None, now: datetime
) -> Iterator[tuple[str, Callable[[], Iterator[Finding]]]]:
    """Yield what is looked at, from the outside inwards."""
    yield "credentials", lambda: deployment.credentials(stack)
    yield "stack", lambda: deployment.state(stack)
    yield "resources", lambda: existence.resources(stack)
    yield "triggers", lambda: deployment.triggers(stack)
    yield "schedule", lambda: switches.schedules(stack)
    yield "functions", lambda: switches.concurrency(stack)
    yield "settings", lambda: settings.running(stack)
    yield "permissions", lambda: permissions.roles(stack)
    yield "operator", lambda: operator.own(stack)
    yield "entrance", lambda: entrance.address(stack)
    yield "secret", lambda: secrets.client_secrets(stack)
    yield "link keys", lambda: secrets.link_keys(stack)
    yield "key", lambda: secrets.keys(stack)
    yield "provider", lambda: provider.application(stack)
    yield "limits", lambda: capacity.concurrency(stack)
    yield "tables", lambda: store.throttled(stack, now)
    yield "queue", lambda: backlog.waiting(stack, now)
    yield "dead letters", lambda: backlog.letters(stack, now)
    yield "alarms", lambda: deployment.alarms(stack, now)
    yield "accounts", lambda: _fleet(stack, account_id, now)
    if account_id is not None:
        yield "account", lambda: patient.account(stack, account_id, now)


def _fleet(stack: Stack, account_id: str | None, now: datetime) -> Iterator[Finding]:
    items = list(shown.items(stack))
    yield from capacity.calls(stack, len(items), now)
    yield from fleet.accounts(items, now)
    yield from fleet.tokens(stack)
    if account_id is None:
        yield from fleet.notified(stack, items)


def _print(finding: Finding) -> None:
    level = click.style(f"{finding.level:8}", fg=_COLOURS[finding.level])
    click.echo(f"{level} {finding.check:14} {printing.one_line(finding.said)}")
    if finding.what_to_do:
        click.echo(f"{'':8} {'':14} → {printing.one_line(finding.what_to_do)}")


def _summary(findings: Sequence[Finding]) -> str:
    errors, warnings = (
        sum(each.level is level for each in findings) for level in (Level.ERROR, Level.WARNING)
    )
    if not errors and not warnings:
        return "Nothing is wrong."
    return f"{printing.count(errors, 'error')}, {printing.count(warnings, 'warning')}."
