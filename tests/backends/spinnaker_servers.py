"""What may be at the other end: silent and answering ports on loopback addresses."""

import json
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@contextmanager
def silent_udp(address: str, *ports: int) -> Iterator[list[int]]:
    """UDP ports that take everything and say nothing; yields the lengths of the datagrams taken so far."""
    seen: list[int] = []
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in ports]
    for channel, port in zip(sockets, ports, strict=True):
        channel.bind((address, port))

    def drain(channel: socket.socket) -> None:
        while data := channel.recv(4096):
            seen.append(len(data))

    threads = [threading.Thread(target=drain, args=(channel,), daemon=True) for channel in sockets]
    for thread in threads:
        thread.start()
    try:
        yield seen
    finally:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waker:
            for port in ports:
                waker.sendto(b"", (address, port))
        for thread in threads:
            thread.join()
        for channel in sockets:
            channel.close()


@contextmanager
def udp_server(address: str, port: int, answer: bytes) -> Iterator[None]:
    """A UDP port that gives one answer to whatever comes."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as channel:
        channel.bind((address, port))

        def serve() -> None:
            while True:
                request, sender = channel.recvfrom(4096)
                if not request:
                    return
                channel.sendto(answer, sender)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield
        finally:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waker:
                waker.sendto(b"", (address, port))
            thread.join()


@contextmanager
def booting_board(address: str, scp_port: int, boot_port: int) -> Iterator[list[bytes]]:
    """Says nothing on SCP until a whole boot image came, then tells its version; yields the boot messages."""
    messages: list[bytes] = []
    scp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    boot = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    scp.bind((address, scp_port))
    boot.bind((address, boot_port))

    def booted() -> bool:
        return bool(messages) and struct.unpack(">HI", messages[-1][:6]) == (1, 5)

    def take_boot() -> None:
        while data := boot.recv(4096):
            messages.append(data)

    def answer() -> None:
        while True:
            request, sender = scp.recvfrom(4096)
            if not request:
                return
            if booted():
                sequence = request[12:14]
                head = b"\0\0" + bytes([0x07, 0xFF, 0xFF, 0x00, 0, 0, 0, 0])
                scp.sendto(head + struct.pack("<H", 0x80) + sequence + struct.pack("<3I", 0, 0xFFFF0100, 7)
                           + b"SC&MP/SpiNNaker\0" + b"4.0.0\0", sender)  # fmt: skip

    threads = [threading.Thread(target=work, daemon=True) for work in (take_boot, answer)]
    for thread in threads:
        thread.start()
    try:
        yield messages
    finally:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waker:
            waker.sendto(b"", (address, boot_port))
            waker.sendto(b"", (address, scp_port))
        for thread in threads:
            thread.join()
        scp.close()
        boot.close()


@contextmanager
def tcp_server(answer: bytes | None) -> Iterator[int]:
    """A TCP port that takes connections and answers the first line with ``answer``, or never (None)."""
    listener = socket.create_server(("127.0.0.1", 0))
    held: list[socket.socket] = []

    def serve() -> None:
        while True:
            try:
                channel, _ = listener.accept()
            except OSError:
                return
            held.append(channel)
            if answer is not None:
                channel.recv(4096)
                channel.sendall(answer)

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for channel in held:
            channel.close()


def spalloc_answer(version: str = "5.0.0") -> bytes:
    """What the old spalloc server says to ``version``."""
    return json.dumps({"return": version}).encode() + b"\n"


@contextmanager
def http_server(status: int) -> Iterator[tuple[str, list[dict[str, str]]]]:
    """A web server that answers everything with ``status``; yields its address and the headers of each request."""
    requests: list[dict[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            requests.append({"path": self.path, "method": self.command, **dict(self.headers)})
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_HEAD = _answer  # noqa: N815 (the names that http.server looks for)

        def log_message(self, format: str, *args: object) -> None:
            """Stay off the terminal."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/", requests
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def closed_port() -> int:
    """A TCP port of 127.0.0.1 where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]
