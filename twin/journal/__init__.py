"""The record of a run: facts, write-ahead journal, digest, tables, summary."""
