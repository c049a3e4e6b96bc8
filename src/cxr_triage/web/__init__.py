"""The pages that people use in a browser: rendered here, on top of the interface."""
