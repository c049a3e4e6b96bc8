"""`python -m cxr_triage.api.health`: does the service on this machine answer? For containers."""

import ssl
import sys
from urllib.error import URLError
from urllib.request import HTTPSHandler, ProxyHandler, build_opener

from cxr_triage.settings import Settings, read_settings

TIMEOUT_S = 5.0
EVERY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 (what is asked instead)


def answers(settings: Settings) -> bool:
    """Is /healthz answered? The certificate is not checked: it names another host."""
    scheme = "http" if settings.tls_certificate is None else "https"
    host = EVERY_ADDRESS.get(settings.host, settings.host)
    address = f"{scheme}://{host}:{settings.port}/healthz"
    unchecked = ssl.create_default_context()
    unchecked.check_hostname, unchecked.verify_mode = False, ssl.CERT_NONE
    direct = build_opener(ProxyHandler({}), HTTPSHandler(context=unchecked))
    try:
        with direct.open(address, timeout=TIMEOUT_S) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


if __name__ == "__main__":
    sys.exit(0 if answers(read_settings()) else 1)
