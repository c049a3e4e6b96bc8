"""Which tests may be skipped in continuous integration, and that others may not."""

import os

import pytest

EXPLAINED_SKIPS = {
    "needs efficientnet_lite_pytorch": "packages for training teachers alone, in no group",
    "install openssl": "makes the certificate of a server; few machines lack it",
    "CXR_TRIAGE_REFERENCE": "needs two images that are not ours to ship",
    "only root may": "a small disk or another user; others meet a quota and a refusing disk",
    "install postgresql": "a server of our own to test with; Debian's package",
    "make test-peers": "needs another program; where it is installed the test runs",
    "make test-browser": "needs Chromium and Playwright",
    "make test-parity": "needs torch; continuous integration runs it right after, with torch",
}
"""What may be skipped in continuous integration (CI is set), by a part of its reason."""


def pytest_sessionfinish(session):
    """In continuous integration a skip that is not on the list fails the run."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if not os.environ.get("CI") or reporter is None:
        return
    reasons = [report.longrepr[2] for report in reporter.stats.get("skipped", [])]
    unexplained = [
        reason for reason in reasons if not any(part in reason for part in EXPLAINED_SKIPS)
    ]
    if unexplained:
        reporter.write_line(f"skipped without being on the list: {unexplained}", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
