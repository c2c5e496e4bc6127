"""The lines of a requirements file, as pip reads them."""

import codecs
import re
from collections.abc import Iterator
from pathlib import Path

from components.serving.problem import ServingError

_BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_SHORT = {"-r": "--requirement", "-c": "--constraint", "-e": "--editable", "-f": "--find-links", "-i": "--index-url"}
_OPTION = re.compile(r"(--[a-z][a-z-]*|-[a-z])\s*=?\s*(.*)")
_VARIABLE = re.compile(r"\$\{([A-Z0-9_]+)\}")
_HOW_BUILT = re.compile(r"^[^-].*\s(--(?:config-settings?|global-option|install-option))\b")
_NAME = re.compile(r"^\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(\[[^\]]*\])?")
_ARCHIVES = (".whl", ".tar.gz", ".tar.bz2", ".tgz", ".zip")


def read(path: Path) -> list[str]:
    """The lines of a file: options by their long names, without comments, continued ones joined."""
    return lines_of(_decoded(path.read_bytes()))


def lines_of(text: str) -> list[str]:
    return list(map(_spelled_out, _logical(text)))


def _decoded(content: bytes) -> str:
    """Editors on Windows write other encodings, and people's names stand in comments."""
    encoding = next((each for mark, each in _BYTE_ORDER_MARKS.items() if content.startswith(mark)), "utf-8")
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _logical(text: str) -> Iterator[str]:
    # A comment ends with its line, whatever its last character is.
    without = re.sub(r"^\s*#.*$", "", text, flags=re.MULTILINE)
    for line in re.sub(r"\\\r?\n", " ", without).splitlines():
        bare = re.sub(r"(^|\s)#.*$", "", line).strip()
        if bare:
            yield bare


def _spelled_out(line: str) -> str:
    missing = _VARIABLE.search(line)
    if missing:
        raise ServingError(
            f"requirements.txt: `{line}` names the variable {missing[1]}, and the build of an image has none of this "
            "machine's: name an index that needs no password as `build.packageIndex`, and leave the line out"
        )
    built = _HOW_BUILT.search(line)
    if built:
        raise ServingError(
            f"requirements.txt: `{line}` has {built[1]}, which only pip's own builds know: build a wheel with it, log "
            "the model with the wheel in code_paths, and write its path, such as code/x.whl"
        )
    found, value = option(line)
    return f"{found} {value}".rstrip() if found else line


def option(line: str) -> tuple[str | None, str]:
    """The long name of an option and what it says; None and the line for a requirement."""
    found = _OPTION.fullmatch(line)
    return (_SHORT.get(found[1], found[1]), found[2].strip()) if found else (None, line)


def name(line: str) -> str | None:
    """The distribution's name, as PyPI writes it; None for an option, a path or a URL."""
    found = _NAME.match(line)
    if line.startswith("-") or not found or is_path(line) or "://" in re.split(r"[\s@;]", line)[0]:
        return None
    return re.sub(r"[-_.]+", "-", found[1]).lower()


def is_path(line: str) -> bool:
    """Whether a requirement is a file or a folder, and has no name of its own."""
    first = re.split(r"\s|;|\[|@", line)[0]
    return "://" not in line.split(";")[0] and (first.endswith(_ARCHIVES) or "/" in first)


def target(line: str) -> str | None:
    """The path or URL that a requirement is brought from; None where an index is asked for its name."""
    if " @ " in line or re.match(r"^[\w.-]+(\[.*?\])?@", line):
        target = line.partition("@")[2].strip()
    elif is_path(line) or name(line) is None:
        target = line
    else:
        return None
    return re.split(r"\s*;|\s+--hash|\[(?=[^\]]*\]\s*$)", target)[0].strip()
