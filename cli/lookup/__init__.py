"""What commands look at: what the user names, decision records, and versions of the registry."""
