"""What every route stands on: access, limits, errors, logs, the server."""
