"""Work that can wait: kinds of tasks, and the thread that does them."""
