"""`python -m cronofy_simulator`: runs until SIGTERM or Ctrl-C."""

import argparse
import json
import random
import signal
import sys
import threading
from pathlib import Path
from types import FrameType

from cronofy_simulator.clock import RealClock
from cronofy_simulator.server import SimulatorServer
from cronofy_simulator.settings import Settings, changed
from cronofy_simulator.simulator import Simulator


def main() -> int:
    arguments = _parser().parse_args()
    settings = _settings(arguments)
    if isinstance(settings, str):
        print(f"cronofy_simulator: {settings}", file=sys.stderr)
        return 2
    simulator = Simulator(RealClock(), settings, random.Random(arguments.seed))
    try:
        server = SimulatorServer(simulator, arguments.port)
    except OSError as error:
        print(f"cronofy_simulator: port {arguments.port}: {error.strerror}", file=sys.stderr)
        return 1
    with server:
        _end_on_signals(server)
        _announce(server, arguments.port_file)
        server.run()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="cronofy_simulator", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0, the default: a free one")
    parser.add_argument("--port-file", type=Path, help="is written once the server listens")
    parser.add_argument("--settings", type=Path, help="a JSON object, see the README")
    parser.add_argument("--client-id")
    parser.add_argument("--client-secret", help="several active ones: comma separated")
    parser.add_argument("--seed", type=int, help="for ids and chances; default: a different one")
    return parser


def _settings(arguments: argparse.Namespace) -> Settings | str:
    patch = {}
    if arguments.settings is not None:
        try:
            patch = json.loads(arguments.settings.read_text())
        except (OSError, ValueError) as error:
            return f"{arguments.settings}: {error}"
        if not isinstance(patch, dict):
            return f"{arguments.settings}: not a JSON object"
    if arguments.client_id:
        patch["client_id"] = arguments.client_id
    if arguments.client_secret:
        patch["client_secrets"] = arguments.client_secret.split(",")
    return changed(Settings(), patch)


def _end_on_signals(server: SimulatorServer) -> None:
    def end(number: int, frame: FrameType | None) -> None:
        threading.Thread(target=server.shutdown, daemon=True).start()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)


def _announce(server: SimulatorServer, port_file: Path | None) -> None:
    """The file appears whole or not at all."""
    if port_file is not None:
        draft = port_file.with_name(port_file.name + ".draft")
        draft.write_text(f"{server.server_port}\n")
        draft.replace(port_file)
    print(f"Cronofy simulator: {server.url}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
