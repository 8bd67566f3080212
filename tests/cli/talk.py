#!/usr/bin/env python3
"""Traffic for suites about networks: a server, clients.

talk.py serve PROTOCOL PORT   on both families: answers each message with "IP-OF-THE-CLIENT MESSAGE";
                              prints "ready" first; ends by a signal
talk.py ask ADDRESS PROTOCOL PORT [MESSAGE]
                              prints the answer; status 1 when there is none within $TALK_SECONDS (3)
PROTOCOL: tcp or udp.
"""
import os
import signal
import socket
import sys
import threading

TYPES = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}


def answer_tcp(server):
    while True:
        connection, peer = server.accept()
        with connection:
            data = connection.recv(65536)
            connection.sendall(peer[0].encode() + b" " + data)


def answer_udp(server):
    while True:
        data, peer = server.recvfrom(65536)
        server.sendto(peer[0].encode() + b" " + data, peer)


def serve(protocol, port):
    for family in socket.AF_INET, socket.AF_INET6:
        server = socket.socket(family, TYPES[protocol])
        if family == socket.AF_INET6:
            server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("", int(port)))
        if protocol == "tcp":
            server.listen(16)
        threading.Thread(target=answer_tcp if protocol == "tcp" else answer_udp, args=(server,),
                         daemon=True).start()
    print("ready", flush=True)
    signal.pause()


def ask(address, protocol, port, message="hello"):
    client = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, TYPES[protocol])
    client.settimeout(float(os.environ.get("TALK_SECONDS", "3")))
    try:
        client.connect((address, int(port)))
        client.send(message.encode())
        print(client.recv(65536).decode())
    except OSError as error:
        sys.exit(f"{address} {protocol} {port}: {error}")


if __name__ == "__main__":
    {"serve": serve, "ask": ask}[sys.argv[1]](*sys.argv[2:])
