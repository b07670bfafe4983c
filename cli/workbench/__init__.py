"""The workbench: threshold files that are moved on a local page, and the past versions judged at every move."""
