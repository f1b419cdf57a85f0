"""Questions: measures and metrics put together into a Result; one module a command, of the same name."""
