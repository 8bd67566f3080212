#!/usr/bin/env python3
"""Frames of an attacker, and who sees them.

frames.py send INTERFACE MAC IP4 IP6 OTHER_MAC OTHER_IP4 OTHER_IP6 KIND...
    sends each KIND of frame to everybody; MAC, IP4, IP6 are the sender's own
frames.py send-to TO_MAC TO_IP4 TO_IP6 INTERFACE MAC...
    the same to one station
frames.py watch INTERFACE... < until standard input ends
    prints "INTERFACE KIND" for each frame of `send` that INTERFACE saw; INTERFACE "local": what
    the machine took as its own, UDP and ICMPv6
frames.py kinds
    the names of all kinds: "good-..." are the sender's right, the rest are attacks
"""
import select
import socket
import struct
import sys

MARK = b"bawn-frame:"
ALL_MAC = b"\xff" * 6
NODES_MAC = bytes.fromhex("333300000001")
NODES_IP6 = socket.inet_pton(socket.AF_INET6, "ff02::1")
UNSPECIFIED = bytes(16)


def ether(dst, src, kind, payload):
    return dst + src + struct.pack("!H", kind) + payload


def checksum(data):
    data += bytes(len(data) % 2)
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return struct.pack("!H", ~total & 0xFFFF)


def ip4(src, dst, proto, payload, fragment=0):
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 1, fragment, 64, proto, 0, src, dst)
    return head[:10] + checksum(head) + head[12:] + payload


def ip6(src, dst, proto, payload):
    # The ICMPv6 message, also behind another header: bridges look at its checksum.
    at = {58: 0, 0: 8, 44: 8}.get(proto)
    if at is not None:
        message = payload[at:]
        pseudo = src + dst + struct.pack("!II", len(message), 58)
        payload = payload[: at + 2] + checksum(pseudo + message) + payload[at + 4:]
    return struct.pack("!IHBB", 6 << 28, len(payload), proto, 255) + src + dst + payload


def udp(sport, dport, payload):
    return struct.pack("!HHHH", sport, dport, 8 + len(payload), 0) + payload


def arp(op, sha, spa, tpa, tail):
    return struct.pack("!HHBBH", 1, 0x800, 6, 4, op) + sha + spa + bytes(6) + tpa + tail


def icmp6(kind, body):
    return struct.pack("!BBH", kind, 0, 0) + body


def advert(target, mac, tail):
    return icmp6(136, struct.pack("!I", 0x20000000) + target + b"\x02\x01" + mac + tail)


def local_of(mac):
    return bytes.fromhex("fe80000000000000") + bytes([mac[0] ^ 2]) + mac[1:3] + b"\xff\xfe" + mac[3:]


EVERYBODY = (ALL_MAC, b"\xff" * 4, NODES_IP6)


def frames(mac, v4, v6, omac, ov4, ov6, to=EVERYBODY):
    local, olocal = local_of(mac), local_of(omac)
    to_mac, to_ip4, to_ip6 = to
    to_mac6 = NODES_MAC if to is EVERYBODY else to_mac

    def e4(src_mac, src, mark, proto=17, payload=None):
        body = udp(9, 9, mark) if payload is None else payload
        return ether(to_mac, src_mac, 0x800, ip4(src, to_ip4, proto, body))

    def e6(src_mac, src, proto, payload):
        return ether(to_mac6, src_mac, 0x86DD, ip6(src, to_ip6, proto, payload))

    def fragment6(proto, payload):
        return struct.pack("!BBHI", proto, 0, 1, 7) + payload

    def hop_by_hop(proto, payload):
        return struct.pack("!BB", proto, 0) + b"\x01\x04" + bytes(4) + payload

    return {
        "good-ip4": lambda m: e4(mac, v4, m),
        "good-arp": lambda m: ether(to_mac, mac, 0x806, arp(1, mac, v4, ov4, m)),
        "good-arp-probe": lambda m: ether(to_mac, mac, 0x806, arp(1, mac, bytes(4), v4, m)),
        "good-ip6": lambda m: e6(mac, v6, 17, udp(9, 9, m)),
        "good-local6": lambda m: e6(mac, local, 17, udp(9, 9, m)),
        "good-advert": lambda m: e6(mac, v6, 58, advert(v6, mac, m)),
        "good-detection": lambda m: e6(mac, UNSPECIFIED, 58, icmp6(135, bytes(4) + v6 + m)),
        "good-dhcp": lambda m: ether(
            to_mac, mac, 0x800, ip4(bytes(4), to_ip4, 17, udp(68, 67, m))),
        "mac": lambda m: e4(omac, v4, m),
        "mac-arp": lambda m: ether(to_mac, omac, 0x806, arp(1, omac, v4, ov4, m)),
        "mac-ip6": lambda m: e6(omac, v6, 17, udp(9, 9, m)),
        "ip4": lambda m: e4(mac, ov4, m),
        "ip4-none": lambda m: e4(mac, bytes(4), m),
        "ip4-fragment": lambda m: ether(
            to_mac, mac, 0x800, ip4(ov4, to_ip4, 17, udp(9, 9, m), 0x2000)),
        "ip4-later-fragment": lambda m: ether(
            to_mac, mac, 0x800, ip4(ov4, to_ip4, 17, m + bytes(8), 5)),
        "arp-sender": lambda m: ether(to_mac, mac, 0x806, arp(1, mac, ov4, v4, m)),
        "arp-reply": lambda m: ether(to_mac, mac, 0x806, arp(2, mac, ov4, v4, m)),
        "arp-hardware": lambda m: ether(to_mac, mac, 0x806, arp(2, omac, v4, ov4, m)),
        "ip6": lambda m: e6(mac, ov6, 17, udp(9, 9, m)),
        "ip6-local": lambda m: e6(mac, olocal, 17, udp(9, 9, m)),
        "ip6-none": lambda m: e6(mac, UNSPECIFIED, 17, udp(9, 9, m)),
        "nd-advert": lambda m: e6(mac, v6, 58, advert(ov6, mac, m)),
        "nd-advert-local": lambda m: e6(mac, v6, 58, advert(olocal, mac, m)),
        "nd-advert-hidden": lambda m: e6(mac, v6, 0, hop_by_hop(58, advert(ov6, mac, m))),
        "nd-advert-fragment": lambda m: e6(mac, v6, 44, fragment6(58, advert(ov6, mac, m))),
        "nd-detection": lambda m: e6(mac, UNSPECIFIED, 58, icmp6(135, bytes(4) + ov6 + m)),
        "ra": lambda m: e6(mac, local, 58, icmp6(134, bytes(12) + m)),
        "ra-hidden": lambda m: e6(mac, local, 0, hop_by_hop(58, icmp6(134, bytes(12) + m))),
        "ra-fragment": lambda m: e6(mac, local, 44, fragment6(58, icmp6(134, bytes(12) + m))),
        "redirect": lambda m: e6(mac, local, 58, icmp6(137, bytes(36) + m)),
        "dhcp-server": lambda m: e4(mac, v4, m, 17, udp(67, 68, m)),
        "dhcp6-server": lambda m: e6(mac, local, 17, udp(547, 546, m)),
        "vlan": lambda m: ether(
            to_mac, mac, 0x8100, struct.pack("!HH", 7, 0x800) + ip4(v4, to_ip4, 17, udp(9, 9, m))),
        "vlan-service": lambda m: ether(
            to_mac, mac, 0x88A8, struct.pack("!HH", 7, 0x800) + ip4(v4, to_ip4, 17, udp(9, 9, m))),
        "other-protocol": lambda m: ether(to_mac, mac, 0x88CC, m + bytes(40)),
        "spanning-tree": lambda m: bytes.fromhex("0180c2000000") + mac + struct.pack(
            "!H", 38) + b"\x42\x42\x03" + m + bytes(24),
    }


def station(mac, v4, v6):
    return (bytes.fromhex(mac.replace(":", "")), socket.inet_aton(v4),
            socket.inet_pton(socket.AF_INET6, v6))


def send(argv, to=EVERYBODY):
    interface, *argv = argv
    made = frames(*station(*argv[:3]), *station(*argv[3:6]), to)
    kinds = argv[6:]
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as s:
        s.bind((interface, 0))
        for kind in kinds or made:
            frame = made[kind](MARK + kind.encode() + b";")
            s.send(frame + bytes(max(0, 60 - len(frame))))


def local_sockets():
    for family, protocol in ((socket.AF_INET, 17), (socket.AF_INET6, 17), (socket.AF_INET6, 58)):
        yield socket.socket(family, socket.SOCK_RAW, protocol)


def watch(interfaces):
    sockets = {}
    for name in interfaces:
        if name == "local":
            sockets.update((s, name) for s in local_sockets())
            continue
        s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        s.bind((name, 0))
        sockets[s] = name
    for s in sockets:
        s.setblocking(False)
    print("ready", flush=True)
    seen, done = set(), False
    while not done:
        for s in select.select([*sockets, sys.stdin], [], [])[0]:
            if s is sys.stdin:
                done = not sys.stdin.buffer.raw.read(1)
                continue
            while True:
                try:
                    data, address = s.recvfrom(65536)
                except BlockingIOError:
                    break
                # What this device sends out itself is not what it sees from others.
                outgoing = s.family == socket.AF_PACKET and address[2] == 4
                if not outgoing and MARK in data:
                    kind = data.split(MARK, 1)[1].split(b";", 1)[0].decode()
                    seen.add((sockets[s], kind))
    for name, kind in sorted(seen):
        print(name, kind)


def main():
    verb, *argv = sys.argv[1:]
    if verb == "send":
        send(argv)
    elif verb == "send-to":
        send(argv[3:], station(*argv[:3]))
    elif verb == "watch":
        watch(argv)
    else:
        zero6 = bytes(16)
        print("\n".join(frames(bytes(6), bytes(4), zero6, bytes(6), bytes(4), zero6)))


main()
