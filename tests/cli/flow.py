#!/usr/bin/env python3
"""One TCP stream, measured by who receives it.

flow.py receive PORT            prints "BYTES MILLISECONDS", from the first byte to the end
flow.py send ADDRESS PORT BYTES
"""
import socket
import sys
import time

PATIENCE = 60


def receive(port):
    server = socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True)
    server.settimeout(PATIENCE)
    peer = server.accept()[0]
    peer.settimeout(PATIENCE)
    total, begin = 0, 0.0
    while part := peer.recv(1 << 16):
        begin = begin or time.monotonic()
        total += len(part)
    print(total, int((time.monotonic() - begin) * 1000))


def connect(address, port):
    """The other side may be just about to listen."""
    until = time.monotonic() + 10
    while True:
        try:
            return socket.create_connection((address, port), timeout=PATIENCE)
        except ConnectionRefusedError:
            if time.monotonic() > until:
                raise
            time.sleep(0.02)


def send(address, port, count):
    with connect(address, port) as peer:
        peer.sendall(bytes(count))


if sys.argv[1] == "receive":
    receive(int(sys.argv[2]))
else:
    send(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
