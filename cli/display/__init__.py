"""How commands show what they found: texts, tables and charts for people."""
