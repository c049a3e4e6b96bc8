"""`cxr-triage gate`."""
