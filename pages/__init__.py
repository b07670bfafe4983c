"""Pages made of decision records: HTML that needs no network and no script; it judges nothing."""
