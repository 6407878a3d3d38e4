"""
Replay seeds, run many, or show that planted bugs are found.

    python -m tests.simulation SEED…            replay; a failing one is shrunk and told
    python -m tests.simulation --soak 20000     as many, from --first on, in --jobs processes
    python -m tests.simulation --planted-bugs   find each, and write the table in docs/simulation.md
    python -m tests.simulation --load           three times the load, reads spaced or not
    python -m tests.simulation --fleet 10000    a day of so many accounts
"""

import argparse
import os
import sys
import time

from tests.simulation import fleet_days, loads, planting, shrinking, soaking
from tests.simulation.histories import draw
from tests.simulation.running import run


def main():
    """Return the exit status: 1 where something was found wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=_AsWritten)
    parser.add_argument("seeds", nargs="*", type=int)
    parser.add_argument("--soak", type=int, metavar="SEEDS")
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--planted-bugs", action="store_true")
    parser.add_argument("--load", action="store_true")
    parser.add_argument("--fleet", type=int, metavar="ACCOUNTS")
    asked = parser.parse_args()
    if asked.load:
        for is_spaced in (True, False):
            print(loads.Load(is_spaced=is_spaced).run().told())
        return 0
    if asked.fleet:
        print(fleet_days.FleetDay(asked.fleet).run().told())
        return 0
    if asked.planted_bugs:
        return planting.write_table(asked.jobs)
    if asked.soak:
        return soaked(range(asked.first, asked.first + asked.soak), asked.jobs)
    return max([replayed(seed) for seed in asked.seeds], default=0)


class _AsWritten(argparse.RawDescriptionHelpFormatter):
    """Keep the lines of the description."""


def replayed(seed):
    began = time.perf_counter()
    result = run(draw(seed))
    took = time.perf_counter() - began
    print(f"seed {seed} ({result.history.profile}): {result.steps} steps, {took:.2f} s")
    print(f"  faults: {counted(result.faults)}")
    if not result.divergences:
        print("  all is as it should be")
        return 0
    print("\n".join(f"  ! {each}" for each in result.divergences))
    print("shrinking …")
    history = shrinking.shrunk(result.history)
    print(f"began at {history.began_at}, {history.accounts} accounts of {history.events} events")
    print("\n".join(str(each) for each in history.operations))
    print("\n".join(f"  ! {each}" for each in run(history).divergences))
    return 1


def soaked(seeds, jobs):
    began = last = time.perf_counter()

    def progress(tally):
        nonlocal last
        if time.perf_counter() - last > 5 or tally.seeds == len(seeds):
            last = time.perf_counter()
            print(
                f"{tally.seeds} of {len(seeds)} seeds, {tally.steps} steps, "
                f"{sum(tally.faults.values())} faults, {len(tally.failing)} divergences, "
                f"{last - began:.0f} s"
            )

    tally = soaking.soak(seeds, jobs, progress)
    print(f"operations: {counted(tally.operations)}")
    print(f"faults: {counted(tally.faults)}")
    print(f"divergences: {len(tally.failing)}")
    for seed, divergences in sorted(tally.failing.items()):
        print(f"seed {seed}: {divergences[0]}\n  replay: {soaking.replay(seed)}")
    return 1 if tally.failing else 0


def counted(counter):
    return ", ".join(f"{kind} {count}" for kind, count in sorted(counter.items())) or "none"


if __name__ == "__main__":
    sys.exit(main())
