"""
What a deploy needs: the template as AWS expands it, and the least IAM policy that deploys it.

Reading order: `expansion` (SAM's transform), `schemas` (what CloudFormation says of a resource
type), `left_out` (what of it nobody needs here), `scopes` (which names a stack's resources have),
`policy` (all of it, put together).
"""
