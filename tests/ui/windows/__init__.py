"""What the server does for windows, and for what opens them by itself."""
