"""
The mirror as a whole, under a virtual clock: one seed, one run.

    histories   what happens, drawn from the seed: people, providers, faults
    timeline    the clock, and what happens when
    world       the real functions, with models of AWS and Cronofy's simulator around them
    people      what the operations of a history do
    oracle      what has to hold at each step, and in the end
    running     a run, from the history to what was found wrong
    shrinking   the same, with less
    planted_bugs, planting   bugs that the oracle has to find
"""
