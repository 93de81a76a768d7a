"""Which addresses of a key server may be connected to.

Refused are those that lead into this machine or its cloud's control plane. Private ranges are
allowed, since registries often stand in the same government network.
"""

from __future__ import annotations

import ipaddress
from typing import Any

# Metadata and control services of clouds that are not link-local (which 169.254.169.254 is).
_METADATA = frozenset(
    map(
        ipaddress.ip_address,
        (
            "fd00:ec2::254",  # AWS, metadata
            "fd00:ec2::23",  # AWS, container credentials
            "fd20:ce::254",  # Google Cloud
            "100.100.100.200",  # Alibaba Cloud
            "192.0.0.192",  # Oracle Cloud
            "168.63.129.16",  # Azure
        ),
    )
)
_THIS_NETWORK = ipaddress.ip_network("0.0.0.0/8")
_NAT64 = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("64:ff9b:1::/48"))


def is_allowed(address: str, allow_loopback: bool = False) -> bool:
    """Tell whether an address may be connected to.

    :param address: IPv4 or IPv6, with or without a zone
    :param allow_loopback: for laboratories
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    embedded = _embedded(ip)
    if embedded:
        return all(is_allowed(str(inner), allow_loopback) for inner in embedded)
    if ip.is_loopback:
        return allow_loopback
    return not (
        ip.is_link_local
        or ip.is_multicast
        or ip.is_unspecified
        or ip.is_reserved
        or ip in _METADATA
        or (ip.version == 4 and ip in _THIS_NETWORK)
    )


def _embedded(ip: Any) -> Any:
    """Return the IPv4 addresses that an IPv6 address leads to.

    Mapped (RFC 4291), 6to4 (RFC 3056), Teredo's server and client (RFC 4380), NAT64 with a /96
    prefix (RFC 6052).
    """
    if ip.version == 4:
        return ()
    if ip.ipv4_mapped:
        return (ip.ipv4_mapped,)
    if ip.sixtofour:
        return (ip.sixtofour,)
    if ip.teredo:
        return ip.teredo
    if any(ip in network for network in _NAT64):
        return (ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF),)
    return ()
