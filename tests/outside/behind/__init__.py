"""Shared by the tests that run the server behind a proxy or under systemd."""
