"""From a model in MLflow, or in a folder, to an image in the registry, addressed by its digest."""

import contextlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import pulumi
from pulumi import Input, Output, Resource, ResourceOptions

from components import settings as s
from components.clients import docker
from components.context import Context
from components.dynamic.model_files import BuildArgs, Login, ModelFiles, ModelFilesArgs
from components.dynamic.server_layer import ServerLayer, ServerLayerArgs
from components.kubernetes import pull_secret
from components.serving import plan as plans
from components.serving.logged_model import LoggedModel
from components.serving.plan import Plan, Wishes
from components.serving.problem import ServingError
from components.serving.servers import DEFAULT_PYTHON, SERVERS, choose
from components.settings.images import Images
from components.settings.model_source import ModelFolder, parse_source
from components.settings.versions import PYTHONS

SERVER = "model"


@dataclass(frozen=True, kw_only=True)
class ModelImageArgs:
    source: str
    # The last part of the image's name: a model and its canary share it, and its layers.
    repository: str
    # What the model's files must be; None takes them as they are.
    pinned: str | None
    # A ready image by digest; None builds one.
    image: str | None
    # None for a local model folder.
    tracking_uri: Input[str] | None
    # The authority (PEM) that its certificate is signed by; None is what this machine trusts.
    trust: Input[str] | None
    # None where nobody must log in.
    login: Login | None
    trained: Input[str] | None
    # What must be there before the tracking server is reached from this machine.
    ingress: tuple[Resource, ...]
    build: s.Build
    wishes: Wishes
    images: Images
    # host[:port][/path]
    registry: Input[str]
    cluster: Input[str]
    credentials: s.Registry | None


@dataclass(frozen=True, kw_only=True)
class ModelImage:
    """`reference` is `<registry>/<name>@sha256:…`; `version` and `example` are the model's."""

    reference: Output[str]
    version: Output[str]
    example: Output[str]
    # `sha256:…` of the model's files.
    content: Output[str]


def model_image(name: str, args: ModelImageArgs, opts: ResourceOptions) -> ModelImage:
    """What brings the model's files and builds its image; beside a ready image they tell version and example."""
    files = ModelFiles(
        f"{name}-files",
        ModelFilesArgs(
            source=args.source,
            pinned=args.pinned,
            tracking_uri=args.tracking_uri,
            trust=args.trust,
            login=args.login,
            trained=args.trained,
            cluster=args.cluster,
            server=SERVER,
            build=None if args.image else _build(args),
        ),
        ResourceOptions.merge(opts, ResourceOptions(depends_on=list(args.ingress))),
    )
    if not args.image:
        _say_why(name, args, files)
    return ModelImage(
        reference=Output.from_input(args.image) if args.image else files.reference,
        version=files.version,
        example=files.example,
        content=files.content,
    )


def _known(args: ModelImageArgs) -> Plan | None:
    """The plan of a model folder, which needs nothing of the stack; a registered model's comes with its files."""
    source = parse_source(args.source)
    if not isinstance(source, ModelFolder):
        return None
    try:
        return plans.of(LoggedModel(source.path), args.wishes)
    except ServingError:
        # Told by the check of its files.
        return None


def server_layers(models: Sequence[s.Model], context: Context, opts: ResourceOptions) -> None:
    """Begin at once with what images of these models will need, as far as it is known: not waited for by anything.

    A registered model's Python comes with its files; until then it is the usual one.
    """
    build, images = context.settings.build, context.images
    for python, server in sorted({_usual(model) for model in models if not model.image}):
        args = ServerLayerArgs(
            server=server,
            python=python,
            base=images[f"python-{python}"],
            folder=SERVER,
            package_index=str(build.package_index) if build.package_index else None,
            ca_bundle=build.ca_bundle,
            registry_login=_login(context.settings.registry),
        )
        ServerLayer(f"server-{server}-{python}", args, opts)


def _usual(model: s.Model) -> tuple[str, str]:
    source = parse_source(model.source)
    trained = None
    with contextlib.suppress(ServingError):
        trained = LoggedModel(source.path).python if isinstance(source, ModelFolder) else None
        choice = choose(trained, model.python, model.server)
        return choice.python, choice.server.name
    # Told by the check of its files.
    return DEFAULT_PYTHON, next(iter(SERVERS))


def _say_why(name: str, args: ModelImageArgs, files: ModelFiles) -> None:
    """Tell why another server than the usual one serves it."""

    def say(plan: Plan) -> None:
        if plan.reason:
            pulumi.info(f"{name} is served by {SERVERS[plan.server].title}: {plan.reason}", files)

    if known := _known(args):
        say(known)
    else:
        files.plan.apply(lambda text: say(Plan.parse(text)))


def _build(args: ModelImageArgs) -> BuildArgs:
    return BuildArgs(
        repository=Output.concat(args.registry, "/", args.repository),
        wishes=asdict(args.wishes),
        bases={python: args.images[f"python-{python}"] for python in PYTHONS},
        package_index=str(args.build.package_index) if args.build.package_index else None,
        ca_bundle=args.build.ca_bundle,
        registry_login=_login(args.credentials),
    )


def _login(registry: s.Registry | None) -> docker.Login | None:
    if not registry or not registry.username or not registry.password:
        return None
    return docker.Login(
        server=pull_secret.host(registry.address),
        username=registry.username,
        password=registry.password.get_secret_value(),
    )
