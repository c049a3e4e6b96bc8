"""`cxr-triage evaluate`."""
