"""`python -m deployer`: print the IAM policy that deploys a stack, and no more."""

import json

import click

from deployer.expansion import expand
from deployer.policy import Place, policy_for
from local_stack.locations import PROJECT, Locations

#: A gradual deploy has resources of its own.
WAYS = ("AllAtOnce", "Canary10Percent30Minutes")


@click.command(help=__doc__)
@click.option("--stack", default="calendar-mirror", help="How the names of the stacks begin.")
@click.option("--partition", default="aws", help="aws, aws-cn or aws-us-gov.")
@click.option("--region", default="*", help="Of the stack; * for each.")
@click.option("--account", default="*", help="Of the stack; * for each.")
@click.option("--key", default="*", help="Id of AccountsKey, once there is one; * for each.")
def main(**place: str) -> None:
    template = PROJECT / "template.yaml"
    python = Locations(PROJECT / ".local").tool("ministack", "python")
    given = {"CronofyClientId": "id", "CronofyClientSecret": "secret"}
    expanded = [expand(python, template, given | {"DeployGradually": way}) for way in WAYS]
    click.echo(json.dumps(policy_for(expanded, Place(**place)), indent=2))


if __name__ == "__main__":
    main()
