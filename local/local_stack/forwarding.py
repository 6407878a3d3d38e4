"""`python -m local_stack.forwarding ADDRESS PORT…`: lets containers reach the stack's processes.

They listen on the loopback interface alone, where no container comes. Here connections to the same
ports of ADDRESS, the containers' own way to this machine, are handed on to them.
"""

import asyncio
import fcntl
import socket
import struct
import sys
from collections.abc import Sequence
from contextlib import suppress
from functools import partial

_LOOPBACK = "127.0.0.1"
_CHUNK_BYTES = 65_536
_BRIDGE = "docker0"
"""The interface of Docker's default network on Linux, on which SAM runs functions."""
_SIOCGIFADDR = 0x8915
"""Asks Linux for the address of an interface. Source: netdevice(7)"""


def bridge_address() -> str | None:
    """The containers' way to this machine; None: Docker has no bridge here."""
    asked = struct.pack("256s", _BRIDGE.encode())
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        try:
            answer = fcntl.ioctl(any_socket.fileno(), _SIOCGIFADDR, asked)
        except OSError:
            return None
    return socket.inet_ntoa(answer[20:24])


async def forward(address: str, ports: Sequence[int]) -> None:
    servers = [await asyncio.start_server(partial(_connect, port), address, port) for port in ports]
    await asyncio.gather(*(server.serve_forever() for server in servers))


async def _connect(
    port: int, from_container: asyncio.StreamReader, to_container: asyncio.StreamWriter
) -> None:
    try:
        from_stack, to_stack = await asyncio.open_connection(_LOOPBACK, port)
    except OSError:
        to_container.close()
        return
    await asyncio.gather(_copy(from_container, to_stack), _copy(from_stack, to_container))


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while chunk := await source.read(_CHUNK_BYTES):
            target.write(chunk)
            await target.drain()
    with suppress(OSError):
        target.close()
        await target.wait_closed()


if __name__ == "__main__":
    asyncio.run(forward(sys.argv[1], [int(port) for port in sys.argv[2:]]))
