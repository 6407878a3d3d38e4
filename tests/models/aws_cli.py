"""Commands of `aws` in a page of the documentation, carried out by boto3."""

import re
import shlex

import jmespath


def commands(page, after):
    """Return the commands of *page* that begin with `aws`, below the heading *after*."""
    text = page.read_text().partition(f"\n{after}\n")[2].replace("\\\n", " ")
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line.startswith("aws ")]


def carry_out(command, client, **names):
    """Call AWS as *command* would, each of *names* in it being what it stands for here."""
    _, service, operation, *options = shlex.split(command)
    given = dict(zip(options[::2], options[1::2], strict=True))
    query = given.pop("--query", None)
    parameters = {_parameter(key): names.get(value, value) for key, value in given.items()}
    called = client(service)
    answer = getattr(called, operation.replace("-", "_"))(**_typed(called, operation, parameters))
    return jmespath.search(query, answer) if query else answer


def _parameter(option):
    return "".join(word.capitalize() for word in option.removeprefix("--").split("-"))


def _typed(client, operation, parameters):
    """Return *parameters*, whole numbers where the service wants such."""
    names = client.meta.method_to_api_mapping[operation.replace("-", "_")]
    members = client.meta.service_model.operation_model(names).input_shape.members
    return {
        key: int(value) if members[key].type_name == "integer" else value
        for key, value in parameters.items()
    }
