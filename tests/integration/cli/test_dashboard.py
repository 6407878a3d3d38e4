import json


def with_console(stack):
    document = json.loads(stack.file.read_text())
    stack.file.write_text(json.dumps(document | {"console_url": "http://127.0.0.1:1234"}))


def test_a_local_stack_has_a_console_and_names_what_aws_would_have(stack):
    with_console(stack)

    result = stack.run("dashboard")

    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "http://127.0.0.1:1234",
        f"In AWS the dashboard would be at {stack.outputs['DashboardUrl']}",
    ]
    assert stack.told("dashboard") == {
        "url": "http://127.0.0.1:1234",
        "in_aws": stack.outputs["DashboardUrl"],
    }


def test_a_stack_without_either_says_what_to_do(stack):
    result = stack.run("dashboard")

    assert result.exit_code == 1
    assert "sam deploy" in result.output
