"""The file of a lock that Pulumi itself does not take away: of a stack that was being made, and is not there yet."""

from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from components.errors import SlipwayError


def remove(url: str) -> None:
    """Delete it; `url` is as Pulumi names it. Raises SlipwayError where that cannot be done from here."""
    place = urlsplit(url)
    if place.scheme == "file":
        Path(unquote(place.path)).unlink(missing_ok=True)
    elif place.scheme == "s3":
        _remove_object(f"{place.netloc}{unquote(place.path)}", parse_qs(place.query))
    else:
        raise SlipwayError(f"the lock of a stack that was being made stays: delete {place._replace(query='').geturl()}")


def _remove_object(path: str, options: dict[str, list[str]]) -> None:
    # It takes a while to import, and hardly any run needs it.
    from pyarrow import fs

    known = {"region": options.get("region"), "endpoint_override": options.get("endpoint")}
    scheme = "http" if options.get("disableSSL") == ["true"] else "https"
    try:
        system = fs.S3FileSystem(scheme=scheme, **{name: value[0] for name, value in known.items() if value})
        system.delete_file(path)
    except FileNotFoundError:
        return
    except OSError as error:
        raise SlipwayError(f"the lock s3://{path} of a stack that was being made stays: {error}") from None
