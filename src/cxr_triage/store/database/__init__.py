"""The database itself: kinds, transactions, tables, migrations."""
