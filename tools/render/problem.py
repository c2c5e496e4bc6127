"""What stops a rendering."""


class RenderError(Exception):
    """The manifests cannot be written; the message says why and what to do."""
