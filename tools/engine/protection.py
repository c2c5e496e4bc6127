"""Data that outlives a stack: what a destroy leaves, and the confirmation without which it does."""

from collections.abc import Mapping, Sequence
from typing import Any

from components.errors import SlipwayError
from tools.engine import process
from tools.engine.stack import Stack

Resource = Mapping[str, Any]

# The sections with a `keep`, by the type of the component that holds their data.
SECTIONS = {"slipway:data:Database": "database", "slipway:data:ObjectStore": "objectStore"}
# The components whose own resources the data of these sections stands on.
_BELOW = {"slipway:data:Data": tuple(SECTIONS.values()), "slipway:platform:CloudNativePg": ("database",)}


def word(stack: Stack) -> str:
    """What a user writes to let the stack's data go."""
    return f"delete-data-of-{stack.name}"


def kept(stack: Stack) -> set[str]:
    """The sections whose data the stack file says to keep."""
    return {section for section in SECTIONS.values() if stack.values.get(section, {}).get("keep")}


def protected(resources: Sequence[Resource]) -> list[Resource]:
    return [each for each in resources if each.get("protect")]


def staying(resources: Sequence[Resource]) -> list[Resource]:
    """What `pulumi destroy --exclude-protected` leaves: the protected, and all that they stand on."""
    known = {each["urn"]: each for each in resources}
    stays: dict[str, Resource] = {}
    waiting = [each["urn"] for each in protected(resources)]
    while waiting:
        each = known.get(waiting.pop())
        if not each or each["urn"] in stays:
            continue
        stays[each["urn"]] = each
        provider = (each.get("provider") or "").rpartition("::")[0]
        waiting += [*(each.get("dependencies") or ()), each.get("parent") or "", provider]
    return list(stays.values())


def section(resource: Resource) -> str | None:
    """The section whose data it is."""
    return next((SECTIONS[each] for each in _types(resource) if each in SECTIONS), None)


def sections_on(resource: Resource) -> tuple[str, ...]:
    """The sections whose data goes with it; none where somebody protected it by hand."""
    own = section(resource)
    parent = _types(resource)[-2:-1]
    return (own,) if own else _BELOW.get(parent[0] if parent else "", ())


def _types(resource: Resource) -> list[str]:
    return list(resource["urn"].split("::")[2].split("$"))


def released(stack: Stack, resources: Sequence[Resource]) -> list[Resource]:
    """What is still protected in the state though the stack file says `keep: false`.

    What the program never protects stays as somebody left it.
    """
    keep = kept(stack)
    return [each for each in protected(resources) if sections_on(each) and not keep & set(sections_on(each))]


def release(stack: Stack, resources: Sequence[Resource], confirm: str | None, env: Mapping[str, str], verb: str) -> int:
    """Take the protection off what the stack file releases; return Pulumi's exit code. Raises like `require_word`."""
    require_word(stack, resources, confirm, verb)
    urns = [each["urn"] for each in released(stack, resources)]
    return process.pulumi(["state", "unprotect", *urns, "--stack", stack.name, "--yes"], env) if urns else 0


def require_word(stack: Stack, resources: Sequence[Resource], confirm: str | None, verb: str) -> None:
    """Raises SlipwayError when something is to be released and `confirm` is not the stack's word."""
    going = released(stack, resources)
    if not going or confirm == word(stack):
        return
    what = " and ".join(f"slipway:{each}.keep" for each in sorted({each for each in map(section, going) if each}))
    data = ", ".join(named(each) for each in going if shown(each))
    raise SlipwayError(
        f"{what}: false in {stack.file}, and the data is protected still ({data}). Nothing was done. "
        f"To let it go for good: make {verb} STACK={stack.name} CONFIRM={word(stack)}; to keep it: "
        "write `keep: true` again"
    )


def named(resource: Resource) -> str:
    """Such as `StatefulSet mlops/postgres`."""
    kind = resource["type"].rpartition(":")[2]
    return f"{kind} {resource.get('id') or resource['urn'].rpartition('::')[2]}"


def report(stack: Stack, resources: Sequence[Resource]) -> str:
    """What a destroy left, and how to go on."""
    held = [each for each in protected(resources) if section(each)]
    sections = sorted({each for each in map(section, held) if each})
    lines = ["", "Kept, with its data:"]
    lines += [
        f"  {name}: {', '.join(named(each) for each in held if section(each) == name and shown(each))}"
        for name in sections
    ]
    by_hand = [each for each in protected(resources) if not sections_on(each)]
    lines += [f"  {named(each)}" for each in by_hand]
    lines += [
        "and what it needs: its namespace, and its operator where it has one.",
        f"`make up STACK={stack.name}` goes on with it. To remove it too, write `keep: false` under "
        f"{' and '.join(f'slipway:{each}' for each in sections)} in {stack.file}, then",
        f"  make destroy STACK={stack.name} CONFIRM={word(stack)}",
    ]
    return "\n".join(lines)


def shown(resource: Resource) -> bool:
    """Whether a person knows it by its name: what the cluster has, and holds data."""
    return resource["type"].rpartition(":")[2] in ("StatefulSet", "PersistentVolumeClaim", "Cluster")
