"""From a model in MLflow, or in a folder, to an image in the registry, addressed by its digest."""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pulumi
import pulumi_docker as docker
from pulumi import Input, Output, Resource, ResourceOptions

from components import settings as s
from components.dynamic.model_files import Login, ModelFiles, ModelFilesArgs
from components.serving import plan as plans
from components.serving.logged_model import LoggedModel
from components.serving.plan import Plan, Wishes
from components.serving.problem import ServingError
from components.serving.servers import SERVERS
from components.settings.images import Images
from components.settings.model_source import ModelFolder, parse_source

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
    # Folder of this stack's own files, relative to the project.
    state: Path


def tag(parts: Sequence[str]) -> str:
    """A tag for a build context's digest on a cluster; pods use the image's digest, this is for people."""
    digest, cluster = parts
    return f"{digest[:12]}-{hashlib.sha256(cluster.encode()).hexdigest()[:6]}"


class ModelImage(pulumi.ComponentResource):
    """`reference` is `<registry>/<name>@sha256:…`; `version` and `example` are the model's.

    With a ready image, only the model's files are brought: they tell version and example.
    """

    reference: Output[str]
    version: Output[str]
    example: Output[str]
    # `sha256:…` of the model's files.
    content: Output[str]

    def __init__(self, name: str, args: ModelImageArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:models:ModelImage", name, None, opts)
        child = ResourceOptions(parent=self)
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
                ca_bundle=args.build.ca_bundle,
                wishes=None if args.image else asdict(args.wishes),
                folder=str(args.state / "images" / name),
            ),
            ResourceOptions(parent=self, depends_on=list(args.ingress)),
        )
        self.reference = Output.from_input(args.image) if args.image else self._build(name, args, files, child)
        self.version = files.version
        self.example = files.example
        self.content = files.content
        self.register_outputs({"reference": self.reference, "version": self.version})

    @staticmethod
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

    def _say_why(self, name: str, plan: Plan) -> None:
        if plan.reason:
            pulumi.info(f"{name} is served by {SERVERS[plan.server].title}: {plan.reason}", self)

    def _build(self, name: str, args: ModelImageArgs, files: ModelFiles, child: ResourceOptions) -> Output[str]:
        known = self._known(args)
        if known:
            self._say_why(name, known)

        def build_args(text: str) -> dict[str, str]:
            plan = Plan.parse(text)
            if not known:
                self._say_why(name, plan)
            base = {"BASE_IMAGE": args.images[f"python-{plan.python}"]}
            index = {"PIP_INDEX_URL": args.build.package_index} if args.build.package_index else {}
            return {**base, **index, **plans.build_args(plan)}

        # pulumi-docker, not docker-build: a refresh of the latter fails on a registry without TLS, which kind's is
        # (https://github.com/pulumi/pulumi-docker-build/issues/324).
        # Known with the model's files, and with it the provider's configuration: what comes before, such as a preview
        # of a new stack, asks for no container engine and looks for no Dockerfile.
        engine = docker.Provider(f"{name}-engine", host=files.digest.apply(lambda _: None), opts=child)
        image = docker.Image(
            f"{name}-image",
            # A registry beside a new cluster is empty: the image is pushed again.
            image_name=Output.concat(
                args.registry, "/", args.repository, ":", Output.all(files.digest, args.cluster).apply(tag)
            ),
            build=docker.DockerBuildArgs(context=files.folder, args=files.plan.apply(build_args)),
            registry=_registry(args.credentials),
            opts=ResourceOptions(parent=self, provider=engine),
        )
        return image.repo_digest


def _registry(registry: s.Registry | None) -> docker.RegistryArgs | None:
    if not registry or not registry.username or not registry.password:
        return None
    return docker.RegistryArgs(
        server=registry.address.partition("/")[0],
        username=registry.username,
        password=Output.secret(registry.password.get_secret_value()),
    )
