"""`cxr-triage admin`."""
