"""`cxr-triage deliveries`."""
