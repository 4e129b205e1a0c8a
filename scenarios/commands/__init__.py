"""One module per command of the command line. Heavy libraries are imported where a command needs them."""
