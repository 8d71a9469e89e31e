"""Others who book rooms or sell tickets, by the same clients on the same machine."""
