"""A Cronofy that runs on one machine: a pure core, and a thin HTTP server around it.

Reading order, from the ground up:

    wire, instants, settings, clock, identifiers   values that everything else speaks in
    state/                     what the simulator remembers, a module for each thing
    world                      all of that state in one place
    documents, variety         what an event looks like to a reader
    notifications, changes     what happens to calendars, and who is told
    api/                       Cronofy's endpoints, a module for each area
    control/                   the endpoints by which tests play the outside world
    simulator                  Request in, Response out; deliveries due, deliveries done
    server, courier, __main__  sockets, threads and the process

The core knows no thread, no socket, no wall clock and no global randomness.
"""
