"""Who counts as one sender, where something is limited by address."""

import ipaddress

from cxr_triage.settings import Network

LONGEST = 64


def network_of(address: str) -> str:
    """An IPv4 address, or the /64 of an IPv6 one, within which everybody chooses theirs as they
    please; what is neither stands for itself."""
    found = address_in(address)
    if found is None:
        return address[:LONGEST]
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    return str(ipaddress.IPv6Network((found, 64), strict=False))


def address_in(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address that a text is, without its zone; IPv4 within IPv6 as what it is."""
    try:
        found = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return mapped or found


def is_loopback(address: str) -> bool:
    """Is it this machine itself?"""
    found = address_in(address)
    return found is not None and found.is_loopback


def is_within(address: str, networks: tuple[Network, ...]) -> bool:
    """Does it lie in one of them?"""
    found = address_in(address)
    return found is not None and any(found in network for network in networks)
