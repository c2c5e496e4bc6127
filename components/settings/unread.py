"""What stands in place of a value that could not be read, so that the rest is checked all the same."""

from typing import Any, NoReturn


class NotRead(Exception):
    """A rule asked for a value that could not be read: it has nothing to say."""


class Unread:
    """A value that could not be read. Whatever is asked of it raises NotRead; `is UNREAD` alone does not."""

    def _refuse(self, *_: Any) -> NoReturn:
        raise NotRead

    # So that isinstance() raises too.
    __class__ = property(_refuse)
    __getattr__ = __getitem__ = __iter__ = __len__ = __bool__ = __contains__ = __call__ = _refuse
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __floordiv__ = __neg__ = __int__ = __index__ = (
        _refuse
    )
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __hash__ = __str__ = __repr__ = _refuse


UNREAD: Any = Unread()
