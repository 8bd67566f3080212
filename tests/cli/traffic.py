#!/usr/bin/env python3
"""Real traffic between network namespaces: TCP and UDP, IPv4 and IPv6.

traffic.py serve PORT
    sends back whatever arrives, on all addresses; prints "ready"; ends with standard input
traffic.py ask ADDRESS PORT MTU
    asks such a server: a stream of 1 MB, one byte, the largest datagram that fits the MTU, and one
    byte more, which must not leave in one piece; prints the address that the server saw
"""
import select
import socket
import sys

STREAM = 1 << 20
# linux/in.h, linux/in6.h: send no fragments, say what is too long.
DONT_FRAGMENT = {socket.AF_INET: (socket.IPPROTO_IP, 10, 2), socket.AF_INET6: (socket.IPPROTO_IPV6, 23, 2)}
HEADERS = {socket.AF_INET: 28, socket.AF_INET6: 48}


def serve(port):
    listener = socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True)
    datagrams = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    datagrams.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    datagrams.bind(("::", port))
    print("ready", flush=True)
    streams = []
    while True:
        for s in select.select([sys.stdin, listener, datagrams, *streams], [], [])[0]:
            if s is sys.stdin:
                return
            if s is listener:
                stream, peer = s.accept()
                stream.sendall(peer[0].encode().ljust(64))
                streams.append(stream)
            elif s is datagrams:
                data, peer = s.recvfrom(65536)
                s.sendto(data, peer)
            else:
                data = s.recv(65536)
                if data:
                    s.sendall(data)
                else:
                    streams.remove(s)
                    s.close()


def receive(s, size):
    data = b""
    while len(data) < size:
        part = s.recv(size - len(data))
        if not part:
            sys.exit("the stream ended early")
        data += part
    return data


def ask_stream(family, address, port):
    with socket.socket(family, socket.SOCK_STREAM) as s:
        s.settimeout(10)
        s.connect((address, port))
        seen = receive(s, 64).decode().strip()
        for _ in range(STREAM // 16384):
            s.sendall(bytes(16384))
            if receive(s, 16384) != bytes(16384):
                sys.exit("the stream came back otherwise")
    return seen.removeprefix("::ffff:")


def ask_datagrams(family, address, port, mtu):
    largest = mtu - HEADERS[family]
    with socket.socket(family, socket.SOCK_DGRAM) as s:
        s.settimeout(10)
        s.setsockopt(*DONT_FRAGMENT[family])
        s.connect((address, port))
        for size in 1, largest:
            s.send(bytes(size))
            if len(s.recv(65536)) != size:
                sys.exit(f"a datagram of {size} bytes came back otherwise")
        try:
            s.send(bytes(largest + 1))
        except OSError:
            return
    sys.exit(f"a datagram of {largest + 1} bytes left where the MTU is {mtu}")


def main():
    verb, *argv = sys.argv[1:]
    if verb == "serve":
        serve(int(argv[0]))
        return
    address, port, mtu = argv[0], int(argv[1]), int(argv[2])
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    seen = ask_stream(family, address, port)
    ask_datagrams(family, address, port, mtu)
    print(seen)


main()
