"""What the tests of a server behind others share."""
