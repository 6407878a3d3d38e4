"""What `sam deploy` is told, and when it is left out."""

import tomllib
from pathlib import Path

from deployer.expansion import defaults
from local_stack.deploying import Deployment, sam_settings


def test_equal_deployments_need_no_second_deploy(tmp_path: Path) -> None:
    file = tmp_path / "deployed.json"
    deployed = Deployment("abc", {"MergeSeconds": "1"})
    assert not deployed.is_in(file)
    deployed.write(file)
    assert deployed.is_in(file)
    assert not Deployment("abc", {"MergeSeconds": "0"}).is_in(file)
    assert not Deployment("changed", {"MergeSeconds": "1"}).is_in(file)


def test_a_record_with_a_secret_is_for_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "deployed.json"
    Deployment("abc", {"CronofyClientSecret": "s"}).write(file)
    assert file.stat().st_mode & 0o077 == 0


def test_values_reach_sam_whole() -> None:
    parameters = {"CronofyClientSecret": "new,old", "CronofyApiUrl": ""}
    deploy = tomllib.loads(sam_settings(parameters))["default"]["deploy"]["parameters"]
    assert deploy["parameter_overrides"] == ['CronofyClientSecret="new,old"', 'CronofyApiUrl=""']
    assert deploy["confirm_changeset"] is False


def test_parameters_go_back_to_the_templates_defaults(tmp_path: Path) -> None:
    template = tmp_path / "template.yaml"
    template.write_text(
        "Parameters:\n  MergeSeconds: {Type: Number, Default: 1}\n  CronofyClientId: {Type: String}"
    )
    assert defaults(template) == {"MergeSeconds": "1"}
