"""`python -m console --stack-file F`: runs until SIGTERM or Ctrl-C."""

from __future__ import annotations

import argparse
import random
import signal
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

from werkzeug.serving import WSGIRequestHandler, make_server

from console.server import application
from console.work import Work
from demonstration import sight


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """The page asks once a second; that is not worth a line."""


def main() -> int:
    options = _options()
    work = Work()
    work.start()
    app = application(
        sight.at(options.stack_file),
        work,
        now=lambda: datetime.now(UTC),
        rng=random.Random(),
    )
    server = make_server("127.0.0.1", options.port, app, threaded=True, request_handler=_Quiet)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
    if options.port_file:
        options.port_file.write_text(f"{server.server_port}\n")
    print(f"The console is at http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="console", description=__doc__)
    parser.add_argument("--stack-file", type=Path, required=True, help="the stack to look at")
    parser.add_argument("--port", type=int, default=0, help="0, the default: a free one")
    parser.add_argument("--port-file", type=Path, help="is written once the server listens")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
