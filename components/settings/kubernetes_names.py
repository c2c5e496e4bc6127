"""Names, labels and annotations by Kubernetes' own rules.

https://kubernetes.io/docs/concepts/overview/working-with-objects/names/ and …/labels/
"""

from typing import Annotated

from pydantic import AfterValidator

from components.settings.text import text, visible

_LABEL = r"[a-z]([-a-z0-9]*[a-z0-9])?"
_LABEL_FORM = "lower-case letters, digits and hyphens, beginning with a letter"
_SUBDOMAIN = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"
_WORD = r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"

# KServe and Knative append `-predictor-00001-deployment-<hash>-<pod>`, so a model's name must leave room.
LONGEST_NAME = 40
# KServe labels a model's objects with `<name>-predictor-<namespace>`, and a label has at most 63 characters.
LONGEST_NAME_AND_NAMESPACE = 63 - len("-predictor-")
ModelName = text(_LABEL, LONGEST_NAME, _LABEL_FORM)
OwnNamespace = text(_LABEL, 20, _LABEL_FORM)
Namespace = text(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", 63, "lower-case letters, digits and hyphens")
ClusterName = text(_LABEL, 40, _LABEL_FORM)
ClientName = text(_LABEL, 60, _LABEL_FORM)
ObjectName = text(_SUBDOMAIN, 253, "lower-case letters, digits, hyphens and dots")
Kind = text(r"[A-Z][A-Za-z0-9]*", 63, "a kind, such as Ingress")
ApiVersion = text(rf"({_SUBDOMAIN}/)?v[0-9]+((alpha|beta)[0-9]+)?", 253, "a version, such as v1 or apps/v1")
LabelName = text(rf"({_SUBDOMAIN}/)?{_WORD}", 317, "a label's name, such as app or example.com/pool")
LabelValue = text(_WORD, 63, "letters, digits, `-`, `_` and `.`, with a letter or a digit at both ends", empty=True)
AnnotationName = text(rf"({_SUBDOMAIN}/)?{_WORD}", 317, "an annotation's name, such as example.com/type")
AnnotationValue = Annotated[str, AfterValidator(visible)]
# https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/#extended-resources
ExtendedResource = text(
    rf"(?!requests\.|([a-z0-9.-]*\.)?kubernetes\.io/){_SUBDOMAIN}/{_WORD}",
    253,
    "the resource of a device plugin, such as nvidia.com/gpu",
)
# A name of an identity provider: https://kubernetes.io/docs/reference/access-authn-authz/rbac/#referring-to-subjects
Group = text(r"\S(.*\S)?", 250, "a group's name")
KubernetesVersion = text(r"1\.[0-9]{1,3}", 6, 'the minor version in quotes, such as "1.35"')
QuotaKey = text(r"\S+", 317, "a resource that a quota counts, such as requests.cpu")
