"""
`make demo`: an account is connected, its calendar changes in every way, and each change is watched
on its way into the table.

Reading order: `calendar` (Cronofy's side), `mirror` (the table's side), `measuring` (one change,
from the one to the other), `sight` (a whole stack), `steps` (what is done), `__main__`.
"""
