"""Ids shaped like Cronofy's, drawn from the simulator's own randomness."""

import random
import string

_ALPHANUMERIC = string.ascii_letters + string.digits


def hexadecimal(rng: random.Random, prefix: str) -> str:
    """Such as `acc_` or `evt_external_` with 24 hexadecimal digits."""
    return f"{prefix}{rng.getrandbits(96):024x}"


def opaque(rng: random.Random, length: int = 32) -> str:
    """A token or code. Source: reference 5.2, 32 ASCII characters."""
    return "".join(rng.choices(_ALPHANUMERIC, k=length))
