"""A bill of materials has what is installed, and nothing else."""

import json

from components.serving.bill_of_materials import cyclonedx

SERVER = (
    "# by uv\nmlserver==1.7.1\norjson==3.11.5 ; python_full_version < '3.10'\n"
    "orjson==3.13.0 ; python_full_version >= '3.10'\n"
)
MODEL = (
    "--extra-index-url https://index.test/simple\nScikit_Learn==1.9.1 \\\n    --hash=sha256:ab\n"
    "mine @ git+https://git.test/mine.git@abc\n./code/x-1-py3-none-any.whl\n"
)


def test_each_package_is_there_with_its_version_and_environment() -> None:
    bill = json.loads(cyclonedx("3.11", server=SERVER, model=MODEL))
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    said = [(each["name"], each.get("version"), each["properties"][0]["value"]) for each in bill["components"]]
    assert said == [
        ("mlserver", "1.7.1", "server"),
        ("orjson", "3.13.0", "server"),
        ("Scikit_Learn", "1.9.1", "model"),
        ("mine", None, "model"),
        ("./code/x-1-py3-none-any.whl", None, "model"),
    ]
    assert bill["components"][2]["purl"] == "pkg:pypi/scikit-learn@1.9.1"
    assert bill["components"][3]["externalReferences"][0]["url"] == "git+https://git.test/mine.git@abc"


def test_the_same_packages_make_the_same_bill() -> None:
    assert cyclonedx("3.11", model=MODEL) == cyclonedx("3.11", model=MODEL)
