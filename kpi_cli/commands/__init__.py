"""The command line: one Typer command a file, the shared options once, one error boundary."""

import gc

# New objects, from which on Python looks for cycles among them: a run leaves hardly any, and looking takes its time.
gc.set_threshold(100_000)
