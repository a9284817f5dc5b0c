"""Which IP addresses are public. The list is our own, because `is_global` changes between Python releases.

Sources are IANA's special-purpose address registries for IPv4 and IPv6 (2026-10), and clouds' metadata services on
public addresses.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_REFUSED_V4 = tuple(
    (IPv4Network(network), kind)
    for network, kind in (
        ("0.0.0.0/8", "unspecified"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "carrier-grade NAT"),
        ("127.0.0.0/8", "loopback"),
        ("168.63.129.16/32", "cloud metadata"),  # Azure's wire server
        ("169.254.0.0/16", "link-local"),  # metadata services of AWS, Google Cloud, Azure and others
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "reserved"),  # Oracle's metadata service
        ("192.0.2.0/24", "documentation"),
        ("192.88.99.0/24", "reserved"),
        ("192.168.0.0/16", "private"),
        ("198.18.0.0/15", "benchmarking"),
        ("198.51.100.0/24", "documentation"),
        ("203.0.113.0/24", "documentation"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
    )
)
_GLOBAL_V6 = IPv6Network("2000::/3")
_REFUSED_V6 = tuple(
    (IPv6Network(network), kind)
    for network, kind in (
        ("::/128", "unspecified"),
        ("::1/128", "loopback"),
        ("64:ff9b:1::/48", "private"),
        ("2001::/23", "reserved"),  # Teredo among others: an IPv4 address of the sender's choice inside
        ("2001:db8::/32", "documentation"),
        ("3fff::/20", "documentation"),
        ("fc00::/7", "private"),
        ("fe80::/10", "link-local"),
        ("fec0::/10", "private"),
        ("ff00::/8", "multicast"),
    )
)
_NAT64 = IPv6Network("64:ff9b::/96")


def parse_address(text: str) -> Address | None:
    """Returns the address written in `text`, with or without brackets; None for a name."""
    try:
        return ip_address(text.strip("[]"))
    except ValueError:
        return None


def unwrap(address: Address) -> Address:
    """Returns the IPv4 address that a mapped, 6to4 or NAT64 address leads to; any other address as it is."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def refusal(address: Address) -> str | None:
    """Returns why a tenant's request may not go to `address` ("loopback", "private" …), None for a public one."""
    if isinstance(address, IPv6Address) and address.scope_id is not None:
        return "link-local"
    inner = unwrap(address)
    if isinstance(inner, IPv4Address):
        return next((kind for network, kind in _REFUSED_V4 if inner in network), None)
    for network, kind in _REFUSED_V6:
        if inner in network:
            return kind
    return None if inner in _GLOBAL_V6 else "reserved"
