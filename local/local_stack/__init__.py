"""The real template on one machine: `python -m local_stack up|down|containers|status`.

Reading order: `locations` (where things are), `provider` (whose calendars), `services` (a process),
`processes` (which ones), `building`, `deploying`, `routes` (what MiniStack leaves out),
`round_trip` (does it answer), `stack` (what others need to know), `bringing_up`, `taking_down`,
`forwarding` (for containers), `__main__`.
"""
