"""`calmirror dashboard`: where to look at a stack."""

from __future__ import annotations

import click

from calmirror import printing
from calmirror.stacks import Stack, on_stack


@click.command()
@click.option("--open", "open_it", is_flag=True, help="Open it in a browser as well.")
@printing.as_json
@on_stack
def dashboard(stack: Stack, open_it: bool, as_json: bool) -> None:
    """
    Print the address of the stack's dashboard in CloudWatch. Of a local stack, whose AWS shows
    none, the console's.
    """
    in_aws = stack.outputs.get("DashboardUrl")
    address = stack.console_url or (None if stack.endpoint else in_aws)
    if address is None:
        raise click.ClickException(
            f"The stack {stack.name!r} has no output DashboardUrl: it is older than the dashboard. "
            "`sam build && sam deploy` adds it."
        )
    said = address
    if stack.console_url and in_aws:
        said += f"\nIn AWS the dashboard would be at {in_aws}"
    printing.outcome({"url": address, "in_aws": in_aws}, said, as_json=as_json)
    if open_it and click.launch(address) != 0:
        raise click.ClickException("No browser could be opened.")
