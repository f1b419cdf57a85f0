"""Exports: what a platform lets people download, turned into typed tables with every row accounted for."""
