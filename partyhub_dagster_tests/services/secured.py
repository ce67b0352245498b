"""A broker that asks who is there: TLS with and without client certificates, PLAIN, SCRAM and OAUTHBEARER.

Certificates are made by openssl for this broker alone. Tokens of OAUTHBEARER are not signed, which Kafka's own
validator takes: what is shown is that the hub asks for a token and logs in with it, not that a token can be trusted.
"""

import base64
import json
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

from partyhub_dagster_tests.services.programs import ServiceError
from partyhub_dagster_tests.services.servers import HOST, Kafka

USER = "hub"
PASSWORD = "hub-secret"  # noqa: S105 - of a broker that listens on this machine alone
_LISTENERS = """
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller_port},TLS://{host}:{tls_port},\
LOGIN://{host}:{login_port},OPEN://{host}:{open_port},OAUTH://{host}:{oauth_port}
advertised.listeners=PLAINTEXT://{host}:{port},TLS://{host}:{tls_port},LOGIN://{host}:{login_port},\
OPEN://{host}:{open_port},OAUTH://{host}:{oauth_port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,TLS:SSL,LOGIN:SASL_SSL,OPEN:SASL_PLAINTEXT,\
OAUTH:SASL_SSL
inter.broker.listener.name=PLAINTEXT
ssl.keystore.type=PEM
ssl.keystore.location={folder}/server.pem
ssl.truststore.type=PEM
ssl.truststore.location={folder}/ca.pem
listener.name.tls.ssl.client.auth=required
listener.name.login.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512
listener.name.login.plain.sasl.jaas.config={plain} user_{user}="{password}";
listener.name.login.scram-sha-256.sasl.jaas.config={scram};
listener.name.login.scram-sha-512.sasl.jaas.config={scram};
listener.name.open.sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.open.scram-sha-512.sasl.jaas.config={scram};
listener.name.oauth.sasl.enabled.mechanisms=OAUTHBEARER
listener.name.oauth.oauthbearer.sasl.jaas.config={oauth};
"""
_MODULE = "org.apache.kafka.common.security"


class SecuredKafka(Kafka):
    """One broker with a listener for each way to come in, and an open one for the test itself."""

    port_names: ClassVar[tuple[str, ...]] = (
        "port", "controller_port", "tls_port", "login_port", "open_port", "oauth_port",
    )  # fmt: skip
    scram: ClassVar[tuple[str, ...]] = tuple(
        f"SCRAM-SHA-{bits}=[name={USER},password={PASSWORD}]" for bits in (256, 512)
    )

    def properties(self) -> str:
        """Return the properties, the listeners in place of the open one alone."""
        kept = [line for line in super().properties().splitlines() if "listeners=" not in line]
        kept = [line for line in kept if not line.startswith("listener.security")]
        more = _LISTENERS.format(
            host=HOST, folder=self.folder, user=USER, password=PASSWORD, **self.ports,
            plain=f"{_MODULE}.plain.PlainLoginModule required", scram=f"{_MODULE}.scram.ScramLoginModule required",
            oauth=f'{_MODULE}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker"',
        )  # fmt: skip
        if not (self.folder / "server.pem").exists():
            make_certificates(self.folder)
        return "\n".join(kept) + more


def make_certificates(folder: Path) -> None:
    """Make an authority (ca.pem), a server's key and certificate (server.pem), and a client's (client.pem, client.key).

    The client's key is encrypted with PASSWORD; other.pem is an authority that signed none of them.
    """
    for name in ("ca", "other"):
        _openssl(
            folder,
            "req -x509 -newkey rsa:2048 -nodes -days 2 -keyout {0}.key -out {0}.pem -subj /CN={0}",
            name,
        )
    (folder / "san").write_text(f"subjectAltName=IP:{HOST}\n", encoding="utf-8")
    for name in ("server", "client"):
        _openssl(folder, "req -newkey rsa:2048 -nodes -keyout {0}.plain -out {0}.csr -subj /CN={0}", name)
        signed = (
            "x509 -req -in {0}.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile san -out {0}.crt"
        )
        _openssl(folder, signed, name)
    parts = [(folder / name).read_text(encoding="utf-8") for name in ("server.plain", "server.crt", "ca.pem")]
    (folder / "server.pem").write_text("".join(parts), encoding="utf-8")
    shutil.copyfile(folder / "client.crt", folder / "client.pem")
    _openssl(folder, "pkcs8 -topk8 -v2 aes256 -in {0}.plain -out {0}.key -passout pass:" + PASSWORD, "client")


def _openssl(folder: Path, words: str, name: str) -> None:
    command = ["openssl", *words.format(name).split()]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ServiceError(f"openssl could not make certificates. It said:\n{done.stderr}")


@contextmanager
def token_server() -> Iterator[str]:
    """Yield the URL of a server that gives tokens to USER with PASSWORD, and to nobody else."""
    allowed = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()

    class Tokens(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            good = self.headers.get("Authorization") == allowed
            told = {"access_token": _token(), "token_type": "Bearer", "expires_in": 600}
            body = json.dumps(told if good else {"error": "invalid_client"}).encode()
            self.send_response(200 if good else 401)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer((HOST, 0), Tokens) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://{HOST}:{server.server_port}/token"
        server.shutdown()


def _token() -> str:
    now = int(time.time())
    claims = {"sub": USER, "iat": now, "exp": now + 600, "scope": "kafka"}
    parts = [json.dumps(part).encode() for part in ({"alg": "none", "typ": "JWT"}, claims)]
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts) + "."
