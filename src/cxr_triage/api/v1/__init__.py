"""The interface of the service, version 1."""
