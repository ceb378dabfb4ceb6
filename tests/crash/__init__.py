"""Tests that kill a server repeatedly, and check that it keeps its promises."""
