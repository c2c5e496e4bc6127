"""What an image is built with."""

from components.settings.text import text

# https://www.debian.org/doc/debian-policy/ch-controlfields.html#source
DebianPackage = text(r"[a-z0-9][a-z0-9+.-]+", 100, "the name of a Debian package, such as libgomp1")
PythonVersion = text(r"3\.[0-9]{1,2}", 5, 'the minor version in quotes, such as "3.12"')
