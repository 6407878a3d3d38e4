"""
`calmirror`: the operator's command.

Reading order: `stacks` (which stack), `completion` (account ids for the shell), `printing` (tables
for people, JSON for machines), `asking` (secrets from the operator), `shown` (accounts without
their tokens), then a module for each group of commands: `accounts`, `syncing`, `verifying` (over
`comparison`), `events`, `explaining` (over `absence`), `notifying`, `dead_letters` (over
`letters`), `status`, `doctor` (over the modules of `health`), `tailing` (over `log_lines`),
`dashboard`, `costing` (over `meters`, `usage` and `prices`), `estimating` (over `idle`), `samples`;
`main` puts them together.
"""
