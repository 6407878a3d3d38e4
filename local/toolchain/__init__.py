"""The environments that the make targets run in.

Standard library only: this runs before anything is installed. Reading order: `interpreters` (which
Python), `environments` (what belongs in each, and whether it is current), `installation` (makes
one), `progress` (what the person sees meanwhile), `__main__`.
"""
