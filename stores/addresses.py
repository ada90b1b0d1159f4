"""Addresses of stores: what in them is secret, and what is no address at all."""

from __future__ import annotations

import os
import re
from pathlib import Path

from pymongo.common import URI_OPTIONS_VALIDATOR_MAP

from dao_core.environment import STORE
from dao_core.local_paths import local_path
from stores.errors import WrongStoreError

SERVERS = ("mongodb", "mongodb+srv")
_SCHEMES = (*SERVERS, "memory", "sqlite", "mongo", "file", "http", "https", "s3")
_TELLING_NOTHING = frozenset(
    {"appname", "authmechanism", "authsource", "compressors", "connecttimeoutms",
     "directconnection", "journal",
     "heartbeatfrequencyms", "loadbalanced", "localthresholdms", "maxidletimems", "maxpoolsize",
     "minpoolsize", "readconcernlevel", "readpreference", "replicaset", "retryreads",
     "retrywrites", "serverselectiontimeoutms", "sockettimeoutms", "ssl", "timeoutms", "tls",
     "tlsallowinvalidcertificates", "tlsallowinvalidhostnames", "tlsinsecure", "w",
     "waitqueuetimeoutms", "wtimeoutms", "zlibcompressionlevel"}
)  # fmt: skip
"""Options of MongoDB's URIs that hold no secret; any other may (``tlsCertificateKeyFilePassword``,
a session token in ``authMechanismProperties``, one that we do not know)."""
_OPTION = re.compile(r"[?&]([A-Za-z]+)=")
_WITHHELD = "(address withheld)"


def redacted(uri: str) -> str:
    """A URI without user name, password and options; a path as it is."""
    scheme, separator, rest = uri.partition("://")
    if not separator:
        return _WITHHELD if _is_mistyped(uri) else uri
    place = _without_options(rest)
    # Up to the last @, because people forget to percent-encode what their passwords hold.
    before, _, after = place.rpartition("@")
    if _OPTION.search(before):  # is this a strange password, or an option with an @ in it?
        return f"{scheme}://{_WITHHELD}"
    return f"{scheme}://{after.partition('?')[0]}"


def without_credentials(uri: str) -> str:
    """The address of a store, fit for records of what was asked; its secrets stay at hand.

    They go to ``DAO_STORE`` of this process and of those that it starts, where
    :func:`with_credentials` finds them again for this address.
    """
    if not holds_secret(uri):
        return uri
    os.environ[STORE.name] = uri
    return redacted(uri)


def with_credentials(uri: str) -> str:
    """The URI that ``DAO_STORE`` has for an address whose secrets were taken away."""
    known = STORE.value
    return known if holds_secret(known) and redacted(known) == uri else uri


def holds_secret(uri: str) -> bool:
    """Whether a URI has a user name or an option that may be secret."""
    _, separator, rest = uri.partition("://")
    options = {name.lower() for name in _OPTION.findall(rest)}
    return bool(separator) and ("@" in rest or not options <= _TELLING_NOTHING)


def store_folder(text: str, option: str = "--store") -> Path:
    """The local path that names a store, or its blobs.

    Args:
        text: what was given.
        option: by which it was given.

    Raises:
        WrongStoreError: it is a mistyped URI; what it says is not repeated, it may hold a password.
        InputError: no such path can be.
    """
    if _is_mistyped(text):
        raise WrongStoreError(
            f"{option} names no store, but looks like a mistyped address of one; give a folder, a "
            ".sqlite file, mongodb://user:password@host/database or memory://"
        )
    return local_path(text)


def _is_mistyped(text: str) -> bool:
    """Whether a path looks like an address: ``mongodb:/user:password@host``."""
    if ":" in text and text.partition(":")[0].lower() in _SCHEMES:
        return True
    return re.search(r":.+@", text, re.DOTALL) is not None and not os.path.lexists(text)


def _without_options(rest: str) -> str:
    """What comes before the first option that MongoDB knows, or after which there is no ``@``."""
    for found in re.finditer(r"\?([A-Za-z]+)=", rest):
        if found[1].lower() in URI_OPTIONS_VALIDATOR_MAP or "@" not in rest[found.end() :]:
            return rest[: found.start()]
    return rest
