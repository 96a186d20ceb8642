"""People and their pages without a browser, in threads: as much of `static/js/` as a test needs."""
