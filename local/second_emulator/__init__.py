"""
What another emulator than the one of `make up` says to the template: LocalStack, in host mode.

Not part of `make test`: it downloads 340 MB, and answers for a part of the resources only. What it
showed is written down in docs/second-emulator.md. Reading order: `trimming` (what is left out),
`localstack` (the emulator), `__main__`.
"""
