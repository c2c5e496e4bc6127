"""What stops the listing or the copying of images."""


class ImagesError(Exception):
    """The message says why and what to do."""
