"""Replay seeds: ``python -m tests.simulation SEED…``."""

import sys
import time

from tests.simulation.running import run_seed


def main(seeds):
    for seed in seeds:
        began = time.perf_counter()
        result = run_seed(seed)
        took = time.perf_counter() - began
        print(
            f"seed {seed} ({result.history.profile}): {result.steps} steps, {result.calls} calls,"
        )
        print(f"  {took:.2f} s, {dict(result.faults)}")
        for each in result.divergences:
            print(f"  ! {each}")


if __name__ == "__main__":
    main([int(each) for each in sys.argv[1:]])
