"""S3 buckets (https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html) and who may use them."""

from components.settings.addresses import is_address
from components.settings.text import text

_BUCKET = r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"
_RESERVED = ("xn--", "sthree-", "amzn-s3-demo-")
_ENDINGS = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")


def _name(bucket: str) -> None:
    if ".." in bucket or ".-" in bucket or "-." in bucket:
        raise ValueError("no two dots in a row, and no hyphen beside a dot; write another name")
    if is_address(bucket):
        raise ValueError("a bucket's name may not look like an IP address; write another name")
    if bucket.startswith(_RESERVED) or bucket.endswith(_ENDINGS):
        raise ValueError("S3 keeps such names for itself; write another name")


def _path(value: str) -> None:
    bucket, _, path = value.removeprefix("s3://").partition("/")
    _name(bucket)
    if "//" in path:
        raise ValueError("two slashes in a row make a folder without a name; write one")


Bucket = text(_BUCKET, 63, "3 to 63 lower-case letters, digits, dots and hyphens", _name)
BucketPath = text(rf"s3://{_BUCKET}(/[^\s/?#]+)*/?", 500, "s3://<bucket>/<path>", _path, shown=False)
Region = text(r"[a-z0-9]+(-[a-z0-9]+)*", 60, "a region, such as eu-central-1")
AccessKeyId = text(r"[!-~]{1,128}", 128, "an access key's id, without spaces", shown=False, encrypted=True)
