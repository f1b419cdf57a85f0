"""The statistics: pure functions on a few small rows; no file, no screen."""
