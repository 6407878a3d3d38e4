"""
What `calmirror doctor` looks at, one module for each thing that can be wrong.

Reading order: `findings` (what a check says), `failures` (what it could not find out), `repairs`,
`resources` (what the stack is made of), `measured` (what CloudWatch has of it), then, from the
outside inwards: `deployment`, `existence`, `switches`, `settings`, `permissions`, `operator`,
`entrance`, `secrets`, `provider`, `clocks`, `capacity`, `backlog`, `store`, `fleet` and `patient`
(one account).
"""
