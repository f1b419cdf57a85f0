"""The command line: one Typer command a file, the shared options once, one error boundary."""
