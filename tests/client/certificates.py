"""Self-signed certificates."""

import subprocess
from pathlib import Path

from tests.conftest import require_command


def self_signed(folder: Path, *names: str) -> tuple[Path, Path]:
    """Make a certificate for host names, and its key.

    Args:
        folder: where.
        names: as in subjectAltName, e.g. "DNS:localhost".
    """
    require_command("openssl")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    words = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1"
    subprocess.run(
        [
            *words.split(),
            *("-subj", "/CN=CodeSync test", "-addext", f"subjectAltName={','.join(names)}"),
            *("-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )
    return certificate, key


def expired(certificate: Path, key: Path) -> None:
    """Replace a certificate by one that ended yesterday."""
    command = ["openssl", "x509", "-in", str(certificate), "-signkey", str(key), "-days", "-1"]
    subprocess.run([*command, "-out", str(certificate)], check=True, capture_output=True)
