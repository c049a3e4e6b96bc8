"""`cxr-triage model`."""
