"""One file a subcommand of `fair-audit`."""
