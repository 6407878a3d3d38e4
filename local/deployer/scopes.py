"""
Which resources of an account are a stack's: how their ARNs end, by kind of resource.

CloudFormation names a resource STACK-LogicalId-abcdefghijk1 where the template leaves that to it.
Source: CloudFormation template reference, "CloudFormation resource custom naming". Kinds of which
this is not confirmed have their logical id alone as well.
"""

_BY_STACK = ("{stack}*",)
#: The service makes an id up: a policy cannot tell the stack's from others.
_ANY = ("*",)
#: The bucket that SAM CLI keeps for all stacks. Source: SAM CLI, samcli/lib/bootstrap/bootstrap.py
_BUCKET = "aws-sam-cli-managed-default-*"

#: By service and kind, as the Service Authorization Reference has them.
NAMES: dict[str, tuple[str, ...]] = {
    "apigateway:api": _ANY,
    "apigateway:apis": ("",),
    "apigateway:tags": _ANY,
    "cloudformation:stack": ("{stack}*/*",),
    "cloudwatch:alarm": _BY_STACK,
    "cloudwatch:dashboard": ("{stack}*", "Dashboard-*"),
    "codedeploy:application": _BY_STACK,
    "codedeploy:deploymentconfig": ("CodeDeployDefault.Lambda*",),
    "codedeploy:deploymentgroup": _BY_STACK,
    "dynamodb:index": ("{stack}*/index/*",),
    "dynamodb:table": _BY_STACK,
    "events:archive": ("{stack}*", "ChangeArchive-*"),
    "events:event-bus": _BY_STACK,
    "iam:role": _BY_STACK,
    "kms:key": ("{key}",),
    "lambda:eventsourcemapping": _ANY,
    "lambda:function": _BY_STACK,
    "lambda:function alias": _BY_STACK,
    "lambda:function version": _BY_STACK,
    "lambda:layer": _BY_STACK,
    "lambda:layerversion": _BY_STACK,
    "logs:log-group": ("{stack}*", "/aws/vendedlogs/{stack}*"),
    "s3:bucket": (_BUCKET,),
    "s3:object": (f"{_BUCKET}/*",),
    "scheduler:schedule": ("default/{stack}*",),
    "secretsmanager:secret": ("{stack}*", "{logical_id}-*"),
    "sns:topic": _BY_STACK,
    "sqs:queue": _BY_STACK,
}
