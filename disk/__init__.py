"""Files of this machine that somebody named: listed whole, read within bounds, replaced whole."""
