"""The executor image: its sources, its presence, and its build.

Its tag carries a hash of everything it is built from, and so does a label inside it. An image with
another hash, or whose label disagrees with its tag, is never used: it counts as missing.

Everything here blocks: call it in a thread.
"""

import hashlib
import tarfile
import threading
from collections.abc import Callable, Generator
from contextlib import closing, suppress
from dataclasses import dataclass
from importlib import resources
from io import BytesIO
from typing import Any, Final

import docker
import requests
from docker.errors import DockerException, ImageNotFound
from urllib3.exceptions import HTTPError

from codesync_server.executors.docker.build_log import BuildLog, printable_line
from codesync_server.executors.docker.engine import explain

REPOSITORY: Final = "codesync-executor"
LABEL: Final = "codesync.image"

BUILD_SECONDS: Final = 1800.0
"""How long a build may take in all; on a slow line most of it is the download of 220 MB."""


class ImageBuildError(Exception):
    """The image could not be built.

    Attributes:
        reason: what happened, for people.
        remedy: what to do about it.
        log: the last lines of the build, fit to be shown.
    """

    def __init__(self, reason: str, remedy: str, log: tuple[str, ...] = ()) -> None:
        super().__init__(f"{reason}; {remedy}")
        self.reason = reason
        self.remedy = remedy
        self.log = log


class _Expired(Exception):
    """The deadline of a build passed."""


@dataclass(frozen=True, slots=True)
class ImageState:
    """What the engine has.

    Attributes:
        tag: the image that this version needs.
        image_id: its content address, when it is there and is what its tag says.
        stale: tags of ours that this version does not use.
    """

    tag: str
    image_id: str | None
    stale: tuple[str, ...]

    @property
    def present(self) -> bool:
        """Whether jobs can run in it."""
        return self.image_id is not None


def dockerfile() -> bytes:
    """Read executor.Dockerfile; in a checkout the package holds a link to the one at the top."""
    folder = resources.files("codesync_server.executors.docker")
    return folder.joinpath("executor.Dockerfile").read_bytes()


def _context() -> bytes:
    """What a build may read, as a tar file: executor.Dockerfile alone."""
    content = dockerfile()
    header = tarfile.TarInfo("Dockerfile")
    header.size = len(content)
    packed = BytesIO()
    with tarfile.open(mode="w", fileobj=packed) as archive:
        archive.addfile(header, BytesIO(content))
    return packed.getvalue()


def image_hash() -> str:
    """Twelve hex digits that change with anything that the image is built from."""
    inputs = {"executor.Dockerfile": dockerfile()}
    digest = hashlib.sha256()
    for name, content in sorted(inputs.items()):
        # Lengths keep the inputs apart, so that no two sets of them run together.
        digest.update(f"{name} {len(content)}\n".encode() + content)
    return digest.hexdigest()[:12]


def image_tag() -> str:
    """Name the image that this version of the server runs jobs in."""
    return f"{REPOSITORY}:{image_hash()}"


def inspect(client: docker.APIClient) -> ImageState:
    """Look whether the engine has the image.

    Raises:
        DockerException: the engine does not say.
    """
    api: Any = client
    tag = image_tag()
    image_id: str | None = None
    with suppress(ImageNotFound):
        found: dict[str, Any] = api.inspect_image(tag)
        labels: dict[str, str] = found["Config"]["Labels"] or {}
        if labels.get(LABEL) == image_hash():
            image_id = str(found["Id"])
    tags = {name for image in api.images(name=REPOSITORY) for name in image["RepoTags"] or ()}
    if image_id is not None:
        tags.discard(tag)
    return ImageState(tag, image_id, tuple(sorted(tags)))


def resolve_network(client: docker.APIClient, setting: str) -> str | None:
    """Choose the network in which the build's steps reach the package mirrors.

    Args:
        client: the engine.
        setting: "auto", "default" (the engine's own choice), "host" or a network's name.

    Returns:
        What `build` takes; None leaves it to the engine.

    Raises:
        DockerException: the engine does not say what it has.
    """
    if setting == "default":
        return None
    if setting != "auto":
        return setting
    api: Any = client
    # An engine started with --bridge=none has nothing but the host's network to offer.
    return None if any(each["Name"] == "bridge" for each in api.networks()) else "host"


def build(
    client: docker.APIClient,
    *,
    network: str | None,
    progress: Callable[[str], None],
    deadline: float = BUILD_SECONDS,
) -> None:
    """Build the image, and see that it is there.

    Args:
        client: the engine; its own timeout does not count here, as a step may be silent for long.
        network: what `resolve_network` gave.
        progress: is told how it goes, a line at a time; when it raises, the build ends.
        deadline: seconds after which the build is broken off, whatever it does.

    Raises:
        ImageBuildError: there is no image; says why, and what to do.
    """
    build_log = BuildLog()
    try:
        with closing(_build_events(client, network, deadline)) as events:
            for event in events:
                for line in build_log.note(event):
                    progress(line)
        if not build_log.failure and not inspect(client).present:
            build_log.failure = "Docker says that the image is built, and does not have it"
    except _Expired:
        raise ImageBuildError(
            f"the build took longer than {deadline:g} s",
            "try again: what was fetched for finished steps is kept",
            build_log.tail,
        ) from None
    except (DockerException, requests.RequestException, HTTPError) as error:
        build_log.failure = f"Docker broke the build off: {printable_line(explain(error))}"
    if build_log.failure:
        raise ImageBuildError(build_log.failure, build_log.remedy, build_log.tail)


def _build_events(
    client: docker.APIClient, network: str | None, deadline: float
) -> Generator[dict[str, Any]]:
    """Have the engine build; pass on what it tells.

    Raises:
        _Expired: the deadline passed.
    """
    responses: list[Any] = []
    expired = threading.Event()

    def keep(response: Any, **_: object) -> None:
        if response.request.path_url.partition("?")[0].endswith("/build"):
            responses.append(response)

    def expire() -> None:
        expired.set()
        for response in responses:
            # Already over, then.
            with suppress(OSError, ValueError, RuntimeError):
                response.raw.shutdown()

    # A timeout of the client bounds one silence, never the whole; only ending the response from
    # outside does that, and the SDK shows its response to nobody but requests' own hooks.
    api: Any = client
    api.hooks["response"].append(keep)
    timer = threading.Timer(deadline, expire)
    timer.daemon = True
    timer.start()
    try:
        for event in api.build(
            fileobj=BytesIO(_context()),
            custom_context=True,  # the SDK would leave the file of a failed build open
            tag=image_tag(),
            labels={LABEL: image_hash()},
            network_mode=network,
            rm=True,
            forcerm=True,
            decode=True,
            timeout=deadline,
        ):
            if expired.is_set():
                break
            yield event
    except (DockerException, requests.RequestException, HTTPError):
        if not expired.is_set():
            raise
    finally:
        timer.cancel()
        api.hooks["response"].remove(keep)
        for response in responses:
            response.close()  # if it is not over, the engine gives the build up
    if expired.is_set():
        raise _Expired
