"""A destroy does not take the data along."""

from collections.abc import Iterator

from policy.resource import Resource

_REMEDY = "slipway:database.keep and slipway:objectStore.keep: true"


def protected_data(resource: Resource) -> Iterator[str]:
    """Volumes and databases are protected, or outlive what made them."""
    kind, protected = resource.kind, resource.protect
    if kind == "PersistentVolumeClaim" and not protected:
        yield f"{resource.title}: a destroy deletes this volume; write {_REMEDY}"
    if kind == "Cluster" and resource.group.startswith("postgresql.cnpg.io/") and not protected:
        yield f"{resource.title}: a destroy deletes this database; write {_REMEDY}"
    deleted = resource.get("spec", "persistentVolumeClaimRetentionPolicy", "whenDeleted") == "Delete"
    if kind == "StatefulSet" and resource.get("spec", "volumeClaimTemplates") and deleted and not protected:
        yield f"{resource.title}: its volumes are deleted with it; write {_REMEDY}"
