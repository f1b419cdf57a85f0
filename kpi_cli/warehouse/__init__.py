"""Sources that are databases: an address, the engine behind it, and what is asked of it there."""
