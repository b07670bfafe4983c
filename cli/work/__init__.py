"""What the longer commands do, imported when they run."""
