"""The command itself."""

from __future__ import annotations

import click

from calmirror import printing, stacks
from calmirror.accounts import accounts
from calmirror.channels import channels
from calmirror.connecting import connect_link
from calmirror.costing import cost
from calmirror.dashboard import dashboard
from calmirror.data_centers import data_center
from calmirror.dead_letters import dlq
from calmirror.doctor import doctor
from calmirror.env import env
from calmirror.estimating import estimate
from calmirror.events import events
from calmirror.explaining import explain
from calmirror.leaving import erase, pause, resume
from calmirror.notifying import notify
from calmirror.samples import sample
from calmirror.status import status
from calmirror.syncing import sync
from calmirror.tailing import tail
from calmirror.verifying import verify


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="calendar-mirror", prog_name="calmirror")
@stacks.options
@click.pass_context
def main(context: click.Context, /, **named: str | None) -> None:
    """Operate Calendar Mirror, in AWS or on this machine."""
    context.obj = named
    context.color = None if printing.colours_wanted() else False


for _command in (
    *(accounts, channels, connect_link, cost, dashboard, data_center, dlq, doctor, env, erase),
    *(estimate, events, explain, notify, pause, resume, sample, status, sync, tail, verify),
):
    main.add_command(_command)
