"""The tests are a package, since some dependency installs one of this name: here `tests` is always this folder."""
