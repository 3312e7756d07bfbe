"""What `check_plugin` looks at, one module for each matter."""
