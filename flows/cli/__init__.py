"""The command line ``dao``: one file per command, each thin; the work is done elsewhere."""
