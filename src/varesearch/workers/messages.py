"""Messages between client, server and supervisors, one JSON object each.

The sockets preserve the boundaries of messages (SOCK_SEQPACKET, unix(7)): a message arrives completely or not at all.
"""

import json
import socket
from typing import Any

_LARGEST = 1 << 20


def channel() -> tuple[socket.socket, socket.socket]:
    """Return both ends of a new channel."""
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


def send(end: socket.socket, message: dict[str, Any]) -> None:
    """Send a message. Raises ConnectionError if the other end is closed."""
    end.send(json.dumps(message).encode())


def receive(end: socket.socket) -> dict[str, Any] | None:
    """Wait for a message; None if the other end is closed or will send nothing more."""
    data = end.recv(_LARGEST)
    return json.loads(data) if data else None
