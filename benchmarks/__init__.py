"""
What a user would write instead, and this project, side by side in one run. `make bench` runs all.

Ratios are what counts: the milliseconds are this machine's.
"""
