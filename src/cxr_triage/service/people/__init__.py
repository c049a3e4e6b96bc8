"""People and stations: accounts, passwords, sessions, rights."""
