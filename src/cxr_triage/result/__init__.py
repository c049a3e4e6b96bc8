"""One shape for a result: the document that is kept, and what others read of it."""
