"""Pages made of decisions: HTML that needs no network, and but for the workbench no script; it judges nothing."""
