"""Resources that stood below a component that is no more: a stack from before keeps them."""

from pulumi import Alias, ResourceOptions, create_urn


def moved(opts: ResourceOptions, component: str, name: str) -> ResourceOptions:
    """`opts` for what stood below the component of type `component`, itself below `opts.parent`.

    Without it the engine would make a second resource, and then delete the first: the same object in the cluster.
    """
    before = Alias(parent=create_urn(name, component, opts.parent))
    return ResourceOptions.merge(opts, ResourceOptions(aliases=[before]))
