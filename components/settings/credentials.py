"""Certificates, private keys and key sets, read by the library that reads them elsewhere too.

The library is imported where something is to be read: most files have no such thing, and it takes a tenth of a second.
"""

import json
from typing import Any

from components.settings.text import SECRET_PLACEHOLDER, text

_PEM = "-----BEGIN "
_NOT_PEM = "no PEM; write the text of the file itself, from -----BEGIN to -----END"
_NEEDED = {"RSA": ("n", "e"), "EC": ("crv", "x", "y"), "OKP": ("crv", "x")}
_PRIVATE = ("d", "k", "p", "q", "dp", "dq", "qi")


def _certificates(value: str) -> None:
    from cryptography import x509

    if _PEM not in value:
        raise ValueError(_NOT_PEM)
    if "PRIVATE KEY" in value:
        raise ValueError("a private key stands in it, in plain text; write the certificate alone, and the key as `key`")
    try:
        found = x509.load_pem_x509_certificates(value.encode())
    except ValueError:
        raise ValueError("not a certificate, or a damaged one; write the file's text as it is") from None
    if not _is_authority(found[0]):
        raise ValueError("the certificate of a server, which may sign no other; write your authority's")


def _is_authority(certificate: Any) -> bool:
    from cryptography import x509

    try:
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    except (x509.ExtensionNotFound, ValueError):
        return False
    return bool(constraints.value.ca)


def bundle_problem(content: bytes) -> str | None:
    """Why a file is no bundle of certificate authorities, or None."""
    from cryptography import x509

    try:
        x509.load_pem_x509_certificates(content)
    except ValueError:
        return "no certificate in PEM form in that file; write the path of a PEM file"
    return None


def key_problem(key: str, certificate: str) -> str | None:
    """Why `key` is not the private key of `certificate`, or None; encrypted ones are believed."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

    if SECRET_PLACEHOLDER in (key, certificate):
        return None
    if _PEM not in key:
        return _NOT_PEM
    try:
        private = load_pem_private_key(key.encode(), password=None)
    except (ValueError, TypeError):
        return "no private key that can be read; write its PEM, without a passphrase"
    except Exception:  # cryptography's UnsupportedAlgorithm, and what OpenSSL raises
        return "no private key of a kind that TLS has; write one of RSA or ECDSA"
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    signed = x509.load_pem_x509_certificates(certificate.encode())[0].public_key()
    if private.public_key().public_bytes(*form) != signed.public_bytes(*form):
        return "the key of another certificate; write the one that belongs to `certificate`"
    return None


def _public_keys(value: str) -> None:
    from jwt import PyJWK
    from jwt.exceptions import PyJWTError

    keys = _keys(value)
    for number, key in enumerate(keys):
        if not isinstance(key, dict) or "kty" not in key:
            raise ValueError("write at least one key, each with its `kty`")
        if set(_PRIVATE) & set(key) or key["kty"] == "oct":
            raise ValueError("a private or a shared key, which would stand in the cluster; write the public ones")
        if missing := [name for name in _NEEDED.get(str(key["kty"]), ()) if not isinstance(key.get(name), str)]:
            raise ValueError(f"key {number} is without {' and '.join(missing)}; write the whole key")
        try:
            PyJWK(key, key.get("alg") or _algorithm(key))
        except (PyJWTError, ValueError, TypeError, KeyError):
            raise ValueError(f"key {number} cannot be read; write it as the provider publishes it") from None
        except Exception:  # cryptography's own
            raise ValueError(f"key {number} cannot be read; write it as the provider publishes it") from None


def _keys(value: str) -> list[Any]:
    form = 'write a JSON Web Key Set: {"keys": [...]}'
    try:
        keys = json.loads(value)["keys"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ValueError(form) from None
    if not isinstance(keys, list) or not keys:
        raise ValueError("write at least one key, each with its `kty`")
    return keys


def _algorithm(key: dict[str, Any]) -> str | None:
    return "RS256" if key["kty"] == "RSA" else None


Certificate = text(r"[\s\S]+", 100_000, "the certificate's PEM", _certificates, shown=False, encrypted=True)
KeySet = text(r"[\s\S]+", 100_000, "a JSON Web Key Set", _public_keys, shown=False, encrypted=True)
Username = text(r"[^\s:]+", 200, "a user's name, without spaces", shown=False, encrypted=True)
# Whoever a token is for or by (RFC 7519): a URI, or any word.
Party = text(r"\S+", 500, "a word or a URL, without spaces", shown=False)
