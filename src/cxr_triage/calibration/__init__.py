"""A model is measured where it runs: on the reference films, or on a site's own."""
