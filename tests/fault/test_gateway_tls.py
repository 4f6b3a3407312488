"""A supplier behind TLS: its certificate is checked against its name, whatever its address."""

from __future__ import annotations

import ssl
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

sys.path.insert(0, str(Path(__file__).parents[1]))

from gateway_parts.stage import Stage
from gateway_parts.supplier import Supplier


def certificate(folder: Path, name: str) -> Path:
    """A certificate that signs itself, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{name}.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + secret)
    return path


def supplier_with(path: Path) -> Supplier:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(path)
    return Supplier(tls=tls)


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    trusted = certificate(folder, "localhost")
    found = Stage(folder, env={"SSL_CERT_FILE": str(trusted)})
    found.good = supplier_with(trusted)
    found.other_name = supplier_with(certificate(folder, "elsewhere.example"))
    yield found
    found.close()
    found.good.stop()
    found.other_name.stop()


def test_a_supplier_behind_tls_is_called(stage):
    stage.offer("nuri/tls", upstream=f"https://localhost:{stage.good.port}/v1")
    secret = stage.key()
    for _ in range(3):
        response = stage.chat(secret, model="nuri/tls")
        assert response.status_code == 200, response.text
    with stage.stream(secret, model="nuri/tls") as response:
        assert response.read().endswith(b"data: [DONE]\n\n")
    assert stage.good.connections == 1


def test_a_certificate_for_another_name_is_refused(stage):
    stage.offer("nuri/other", upstream=f"https://localhost:{stage.other_name.port}/v1")
    response = stage.chat(stage.key(), model="nuri/other")
    assert response.status_code == 502
    assert response.json()["error"]["code"] == "gateway.upstream.failed"
    assert not stage.other_name.served


def test_a_certificate_does_not_count_for_the_bare_address(stage):
    stage.offer("nuri/address", upstream=f"https://127.0.0.1:{stage.good.port}/v1")
    assert stage.chat(stage.key(), model="nuri/address").status_code == 502
