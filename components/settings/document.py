"""YAML files as Pulumi reads them: YAML 1.2's core schema, every key once, one document.

What Pulumi's reader (gopkg.in/yaml.v3) takes for something else than it looks like is a fault here: a date, `0755`,
`1_000`. A file may neither be too large nor too deep, and aliases may not make it so.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from components.settings.unread import UNREAD

Path = tuple[str | int, ...]

_MOST_BYTES, _MOST_NODES, _DEEPEST = 1 << 20, 50_000, 40
_LARGEST = 2**63 - 1

# libyaml's parser where PyYAML comes with it, which every wheel does.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAG = "tag:yaml.org,2002:"

_NULLS = ("", "~", "null", "Null", "NULL")
_TRUTHS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INTEGER = re.compile(r"[-+]?[0-9]+")
_BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NO_NUMBER = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_DATE = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ].*)?")
_OCTAL = re.compile(r"[-+]?0[0-9_]+")
_GROUPED = re.compile(r"[-+]?(0b[01_]+|0[xo][0-9a-fA-F_]+|[0-9][0-9_]*(\.[0-9_]*)?)")


@dataclass(frozen=True)
class Fault:
    """What is wrong with the form of a document, at the path of a value; `line` counts from 1."""

    path: Path
    line: int
    text: str


@dataclass(frozen=True)
class Document:
    """`content` has UNREAD in place of what is wrong."""

    content: Any
    faults: tuple[Fault, ...] = ()


class _Stop(Exception):
    """There is no reading on."""


@dataclass
class _Frame:
    """A mapping or a list that is being read."""

    value: Any
    step: str | int | None
    anchor: str | None
    size: int = 1
    # Of a mapping: the key whose value comes next, the keys that were written, what `<<` brings.
    key: str | None = None
    written: set[str] = field(default_factory=set)
    merged: list[Mapping[str, Any]] = field(default_factory=list)
    # A collection in a key's place.
    is_key: bool = False


def read(content: bytes) -> Document:
    """The document; its faults are all that can be told apart, in the order of the file."""
    if len(content) > _MOST_BYTES:
        return Document(UNREAD, (Fault((), 1, f"{len(content)} bytes; a file may have {_MOST_BYTES}"),))
    if content[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in content[:4]:
        return Document(UNREAD, (Fault((), 1, "the file is UTF-16 or binary; save it as UTF-8"),))
    reader = _Reader()
    text = content.decode("utf-8-sig", errors="replace")
    value = reader.read(text)
    return Document(value, tuple(reader.faults))


class _Reader:
    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self._frames: list[_Frame] = []
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._nodes = 0
        self._root: Any = None
        self._line = 1

    def read(self, text: str) -> Any:
        try:
            for event in self._events(text):
                self._take(event)
        except _Stop:
            return self._root if self._root is not None else UNREAD
        return self._root

    def _events(self, text: str) -> Iterator[Any]:
        try:
            yield from yaml.parse(text, Loader=_LOADER)
        except yaml.reader.ReaderError as error:
            line = text.count("\n", 0, error.position) + 1 if isinstance(error.position, int) else self._line
            self._fault(f"a character that YAML does not allow (line {line}); remove it", self._path(), line)
            raise _Stop from None
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            self._line = mark.line + 1 if mark else self._line
            where = f"line {self._line}" + (f", column {mark.column + 1}" if mark else "")
            # Of the parser's own words none: they may quote a secret.
            self._fault(
                f"not YAML near {where}; look for an indentation, a bracket, a quote or a colon that is missing there"
            )
            raise _Stop from None

    def _path(self) -> Path:
        """Where the reader is."""
        steps: list[str | int] = []
        for frame in self._frames:
            if frame.step is not None:
                steps.append(frame.step)
        if self._frames:
            top = self._frames[-1]
            if isinstance(top.value, list):
                steps.append(len(top.value))
            elif top.key is not None:
                steps.append(top.key)
        return tuple(steps)

    def _fault(self, text: str, path: Path | None = None, line: int | None = None) -> None:
        self.faults.append(Fault(self._path() if path is None else path, line or self._line, text))

    def _stop(self, text: str) -> None:
        self._fault(text)
        raise _Stop

    def _take(self, event: Any) -> None:
        self._line = event.start_mark.line + 1
        if isinstance(event, yaml.DocumentStartEvent) and self._root is not None:
            self._fault("a second document begins here, and Pulumi reads the first one alone; write one", ())
            raise _Stop
        if isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            self._open(event)
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            self._close()
        elif isinstance(event, yaml.AliasEvent):
            self._alias(event.anchor or "")
        elif isinstance(event, yaml.ScalarEvent):
            self._scalar(event)

    def _count(self, nodes: int) -> None:
        self._nodes += nodes
        if self._nodes > _MOST_NODES:
            self._stop(f"more than {_MOST_NODES} values, with those that aliases repeat; write fewer")

    def _expects_key(self) -> bool:
        return bool(self._frames) and isinstance(self._frames[-1].value, dict) and self._frames[-1].key is None

    def _open(self, event: Any) -> None:
        self._count(1)
        if len(self._frames) >= _DEEPEST:
            self._stop(f"nested more than {_DEEPEST} deep; write it flatter")
        self._tag(event)
        is_key = self._expects_key()
        step = self._path()[-1] if self._frames and not is_key else None
        value: Any = {} if isinstance(event, yaml.MappingStartEvent) else []
        if event.anchor:
            self._anchors.pop(event.anchor, None)
        self._frames.append(_Frame(value, step, event.anchor, is_key=is_key))

    def _close(self) -> None:
        frame = self._frames.pop()
        value = frame.value
        for below in frame.merged:
            value = {**below, **value}
        if frame.anchor:
            self._anchors[frame.anchor] = (value, frame.size)
        if frame.is_key:
            self._fault("a list or a mapping in the place of a key; write a name")
            self._key("?")
            return
        self._put(value, frame.size)

    def _alias(self, anchor: str) -> None:
        if anchor not in self._anchors:
            known = any(frame.anchor == anchor for frame in self._frames)
            self._fault("an alias of what it stands in; write it out" if known else "an alias without its anchor")
        value, size = self._anchors.get(anchor, (UNREAD, 1))
        self._count(size)
        if not self._expects_key():
            self._put(value, size)
        elif type(value) is str:
            self._key(value)
        else:
            self._fault("an alias in the place of a key, of what is no text; write a name")
            self._key("?")

    def _scalar(self, event: Any) -> None:
        self._count(1)
        if self._expects_key():
            self._scalar_key(event)
            return
        value = self._resolve(event)
        if event.anchor:
            self._anchors[event.anchor] = (value, 1)
        self._put(value, 1)

    def _scalar_key(self, event: Any) -> None:
        text, plain = event.value, not event.style
        if plain and text == "<<":
            self._key("<<")
            return
        if event.anchor:
            self._anchors[event.anchor] = (text, 1)
        if plain and type(_plain(text)[0]) is not str:
            self._frames[-1].key = text
            self._fault(f"a key that is no text; write it in quotes: {text!r}" if text else "a key is missing")
            self._frames[-1].key = None
        self._key(text)

    def _key(self, text: str) -> None:
        frame = self._frames[-1]
        frame.key = text
        if "�" in text:
            self._fault("this is not UTF-8; save the file as UTF-8")
        if text in frame.written and text != "?":
            self._fault(
                f"written twice, the second time in line {self._line}, and Pulumi refuses the file; write it once"
            )
        frame.written.add(text)

    def _put(self, value: Any, size: int) -> None:
        if not self._frames:
            self._root = value
            return
        frame = self._frames[-1]
        frame.size += size
        if isinstance(frame.value, list):
            frame.value.append(value)
            return
        key, frame.key = frame.key or "", None
        if key == "<<":
            self._merge(frame, value)
        elif key in frame.value:
            # The first stands: it was checked, and the second is a fault already.
            return
        else:
            frame.value[key] = value

    def _merge(self, frame: _Frame, value: Any) -> None:
        given = value if type(value) is list else [value]
        if all(type(each) is dict for each in given):
            frame.merged += given
        else:
            frame.key = "<<"
            self._fault("`<<` takes a mapping, or a list of them")
            frame.key = None

    def _tag(self, event: Any) -> None:
        core = (None, "!", *(f"{_TAG}{name}" for name in ("str", "int", "float", "bool", "null", "map", "seq")))
        if event.tag not in core:
            self._fault("a tag that Pulumi does not know; remove it")

    def _resolve(self, event: Any) -> Any:
        self._tag(event)
        text = event.value
        if "�" in text:
            self._fault("this is not UTF-8; save the file as UTF-8")
            return UNREAD
        if event.style or event.tag in ("!", f"{_TAG}str"):
            return text
        value, reason = _plain(text)
        if reason:
            self._fault(reason)
        return value


def _plain(text: str) -> tuple[Any, str]:
    """What a scalar without quotes stands for, or UNREAD and why it is better written otherwise."""
    if text in _NULLS:
        return None, ""
    if text in _TRUTHS:
        return _TRUTHS[text], ""
    if len(text) > 60:
        return (UNREAD, f"a number of {len(text)} digits") if _FLOAT.fullmatch(text) else (text, "")
    if _DATE.fullmatch(text):
        return UNREAD, "a date to Pulumi; write it in quotes"
    if _OCTAL.fullmatch(text):
        return (
            UNREAD,
            "an octal number to Pulumi; write it in quotes, or without the zero in front",
        )
    if _NO_NUMBER.fullmatch(text):
        return UNREAD, "no finite number; write one"
    return _number(text)


def _number(text: str) -> tuple[Any, str]:
    value: int | float
    if _INTEGER.fullmatch(text):
        value = int(text)
    elif _BASED.fullmatch(text):
        value = int(text, 0)
    elif _FLOAT.fullmatch(text):
        value = float(text)
    elif ("_" in text and _GROUPED.fullmatch(text)) or re.fullmatch(r"[-+]?0b[01]+", text):
        return UNREAD, "a number to Pulumi; write it with digits alone, or in quotes"
    else:
        return text, ""
    return (value, "") if abs(value) <= _LARGEST else (UNREAD, "a number that is too large; write a smaller one")
