"""What must not be lost: images, results, readings, accounts and the audit trail."""
