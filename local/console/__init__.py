"""
The page that shows the local stack at work: the calendar on the left, the table on the right.

Reading order: `sides` (both, held against each other), `looking` (where they come from), `actions`
(what the buttons do), `work` (one action after the other, each measured), `server`, `__main__`.
"""
