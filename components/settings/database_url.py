"""A database's URL, as MLflow reads it (SQLAlchemy) and as the NetworkPolicy's rule is made of it.

SQLAlchemy is imported where there is a URL to read: most files have none, and it takes a while.
"""

from urllib.parse import urlsplit

from components.settings.text import SECRET_PLACEHOLDER, visible

PORT = 5432
DRIVER = "postgresql+psycopg2"
FORM = f"write {DRIVER}://user:password@host:5432/name"
# https://www.postgresql.org/docs/current/libpq-ssl.html
_SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")


def problem(url: str) -> str | None:
    """Why MLflow could not use the URL, or would reach another place than the rule opens; without a word of it."""
    if url == SECRET_PLACEHOLDER:
        return None
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        visible(url)
        parts = make_url(url)
    except (ArgumentError, ValueError):
        return FORM
    if parts.drivername != DRIVER:
        # MLflow's image has both drivers, and SQLAlchemy 2.1 reads a bare postgresql:// as psycopg 3.
        return FORM
    if not parts.host:
        return f"no host in it; {FORM}"
    if not parts.database:
        return f"no database's name behind the host; {FORM}"
    if not parts.username:
        return f"no user in it; {FORM}"
    if parts.port is not None and not 1 <= parts.port <= 65535:
        return "its port is not a number from 1 to 65535; write one, or leave it out"
    if any(character.isspace() for character in url):
        return "a space in it; in a user's name or a password write it as %20"
    if (mode := parts.query.get("sslmode")) is not None and mode not in _SSL_MODES:
        return f"its sslmode is not one of PostgreSQL's; write one of {', '.join(_SSL_MODES)}"
    return _read_otherwise(url, parts.host, parts.port)


def place(url: str) -> str:
    """Host, port and name, without who logs in; "" for what is no such URL."""
    if url == SECRET_PLACEHOLDER or problem(url):
        return ""
    from sqlalchemy.engine import make_url

    parts = make_url(url)
    return f"{parts.host}:{parts.port or PORT}/{parts.database}"


def _read_otherwise(url: str, host: str, port: int | None) -> str | None:
    escape = "a character in the password that ends it; write @ as %40, # as %23, / as %2F, ? as %3F, : as %3A"
    try:
        other = urlsplit(url)
        same = (other.hostname, other.port) == (host.strip("[]").lower(), port)
    except ValueError:
        return escape
    return None if same and "@" not in host and url.count("@") == 1 else escape
