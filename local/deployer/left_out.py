"""
Which permissions the deployer does without, although a schema lists them, and why.

A schema lists what all features of a resource type take. Names may end in ``*``.
"""

#: By reason.
LEFT_OUT: dict[str, tuple[str, ...]] = {
    "It reads or writes what the resource holds; the template imports and replicates nothing.": (
        *("dynamodb:BatchWriteItem", "dynamodb:DeleteItem", "dynamodb:GetItem"),
        *("dynamodb:PutItem", "dynamodb:Query", "dynamodb:Scan", "dynamodb:UpdateItem"),
        *("dynamodb:ImportTable", "dynamodb:DescribeImport", "dynamodb:CreateTableReplica"),
        *("dynamodb:AssociateTableReplica", "kinesis:*", "s3:GetObjectMetadata", "s3:ListBucket"),
        *("logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"),
    ),
    "The template has none of it: streams to Kinesis, contributor insights, resource policies.": (
        *("dynamodb:EnableKinesis*", "dynamodb:DisableKinesis*", "dynamodb:UpdateKinesis*"),
        *("dynamodb:UpdateContributorInsights", "dynamodb:PutResourcePolicy"),
        *("dynamodb:DeleteResourcePolicy", "iam:CreateServiceLinkedRole", "kms:ListAliases"),
        *("events:PutPermission", "events:RemovePermission", "kms:RevokeGrant"),
    ),
    "The template has none of it: code signing, capacity providers, networks, file systems.": (
        *("lambda:PutFunctionCodeSigningConfig", "lambda:DeleteFunctionCodeSigningConfig"),
        *("lambda:GetCodeSigningConfig", "lambda:PassCapacityProvider", "ec2:*"),
        *("lambda:PutFunctionScalingConfig", "lambda:PutProvisionedConcurrencyConfig"),
        *("lambda:DeleteProvisionedConcurrencyConfig", "lambda:AssociateRuntimeAlias"),
        *("elasticfilesystem:*", "s3files:*", "lambda:PutRuntimeManagementConfig"),
        *("lambda:PutFunctionRecursionConfig", "codedeploy:RegisterOnPremisesInstance"),
    ),
    "The template has none of it: keys, deliveries, masks, indexes or tokens of a log group.": (
        *("logs:AssociateKmsKey", "logs:DisassociateKmsKey", "logs:PutDataProtectionPolicy"),
        *("logs:DeleteDataProtectionPolicy", "logs:PutIndexPolicy", "logs:DeleteIndexPolicy"),
        *("logs:DeleteResourcePolicy", "logs:PutBearerTokenAuthentication", "firehose:*"),
        *("logs:PutLogGroupDeletionProtection", "s3:REST.PUT.OBJECT"),
    ),
    "The template has none of it: copies of secrets, boundaries of roles, masks of a topic.": (
        *("secretsmanager:ReplicateSecretToRegions", "iam:PutRolePermissionsBoundary"),
        *("secretsmanager:RemoveRegionsFromReplication", "iam:DeleteRolePermissionsBoundary"),
        "sns:PutDataProtectionPolicy",
    ),
    "Only for what is encrypted with a key of the account's; the accounts table alone is.": (
        *("kms:GenerateDataKey*", "kms:ReEncrypt*"),
    ),
    "IAM does not know it; HTTP methods on the tags are what it means.": (
        *("apigateway:TagResource", "apigateway:UntagResource"),
    ),
}
