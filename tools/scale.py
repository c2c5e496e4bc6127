"""Set a model's fixed count of replicas: `python -m tools.scale dev mlflow-wine-classifier 3`.

Changes the number in the stack file and nothing else in it; `make up` then brings the cluster to it. So the count
survives the next `up`, and who changed it is in the file's history.
"""

import argparse
import sys
from pathlib import Path

from tools import stack_edit, stack_file
from tools.stack_edit import EditError


def scale(path: Path, model: str, replicas: int) -> str:
    """Change the stack's file, unless the settings would be wrong then. Raises EditError and StackFileError."""
    if replicas < 1:
        raise EditError(f"{replicas} replicas: write at least 1 (to zero goes only Knative's class kpa)")

    def change(text: str) -> str:
        if stack_edit.value_of(stack_edit.entry_of(text, model), "autoscaling"):
            raise EditError(
                f"{model} has `autoscaling`, which owns the count: change its min and max, or remove it and then scale"
            )
        return stack_edit.with_key(text, model, "replicas", str(replicas))

    return f"{stack_edit.rewrite(path, change)}: {model} has replicas: {replicas}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.scale", description=__doc__)
    parser.add_argument("stack")
    parser.add_argument("model")
    parser.add_argument("replicas", type=int)
    arguments = parser.parse_args()
    try:
        done = scale(stack_file.path_of(arguments.stack), arguments.model, arguments.replicas)
    except (EditError, stack_file.StackFileError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{done}; now: make up STACK={arguments.stack}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
