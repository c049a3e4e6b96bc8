"""`cxr-triage score`."""
