"""Ask a stack's models for a prediction: `python -m tools.predict dev [--model NAME] [--inputs FILE]`.

Without a file the model's own example is asked again. FILE holds a V2 request, `{"inputs": [...]}`; what the server
says against it is printed as it is.
"""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from components.cluster.cluster import ingress_address
from components.dynamic.api_keys import OWN
from components.dynamic.prediction import Access, Refused, request
from components.settings import SettingsError, parse_settings
from tools import stack_file
from tools.engine import state
from tools.engine.backend import environment
from tools.engine.problem import EngineError
from tools.engine.stack import Stack


def access(outputs: dict[str, Any], address: str | None) -> Access | None:
    """What the stack's gateway asks for, with the key that the gate used; None without TLS."""
    if "certificateAuthority" not in outputs:
        return None
    return Access(address=address, ca=outputs["certificateAuthority"], key=outputs.get("apiKeys", {}).get(OWN))


def ask(model: dict[str, Any], body: dict[str, Any], by: Access | None) -> str:
    """The model's answer. Raises Refused and OSError as `components.dynamic.prediction.request` does."""
    return json.dumps(request(model["url"], model["host"], body, by))


def example(model: dict[str, Any]) -> dict[str, Any]:
    """The request that the deployment made. Raises ValueError for a model without an example."""
    recorded = json.loads(model["example"])
    if not recorded:
        raise ValueError(
            "the model has no example of its own: write a V2 request into a file and name it with --inputs"
        )
    return {"inputs": recorded["inputs"]}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.predict", description=__doc__)
    parser.add_argument("stack")
    parser.add_argument("--model", help="one model; default: every one")
    parser.add_argument("--inputs", type=Path, metavar="FILE")
    arguments = parser.parse_args()
    try:
        stack = Stack(arguments.stack)
        env = environment(stack, stack.content, os.environ)
        outputs = state.outputs(stack, env, "--show-secrets")
        models = outputs.get("models", {})
        settings = parse_settings(stack.values)
        by = access(outputs, ingress_address(settings.cluster, settings.ingress))
        wanted = [arguments.model] if arguments.model else list(models)
        for name in wanted:
            if name not in models:
                raise EngineError(f"{stack.name} serves no model {name}; it serves: {', '.join(models) or 'none'}")
            body = json.loads(arguments.inputs.read_text()) if arguments.inputs else example(models[name])
            print(f"{name}: {ask(models[name], body, by)}")
        if not wanted:
            raise EngineError(f"{stack.name} serves no model yet: make up STACK={stack.name}")
    except (EngineError, stack_file.StackFileError, SettingsError, Refused, OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
