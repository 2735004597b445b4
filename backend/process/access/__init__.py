"""Who may connect to a server."""
