"""What puts back what somebody took away from a stack."""

from __future__ import annotations


def revert_drift(stack_name: str) -> str:
    """
    Return how what was deleted or changed comes back. A deploy alone leaves alone what
    CloudFormation did not change itself.

    Source: CloudFormation user guide, "Using drift-aware change sets"; AWS DevOps blog, "Safely
    Handle Configuration Drift with CloudFormation Drift-Aware Change Sets", scenario 3: "Recreate
    Deleted Resources"
    """
    return (
        "CloudFormation puts it back with a change set that reverts drift: `aws cloudformation "
        f"create-change-set --deployment-mode REVERT_DRIFT --stack-name {stack_name}`, with the "
        "options that docs/operations.md gives. `sam deploy` alone does not."
    )
