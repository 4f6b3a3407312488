"""A real Slurm for the tests that need one: started once per test process."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from madang.compute.engines.slurm import SlurmEngine, SlurmSettings

HERE = Path(__file__).parent / "slurm"
USER = "www-data"
DATABASE = "mariadbd"
START_S_MAX = 300


@dataclass(frozen=True)
class SlurmRig:
    """One cluster. `root` holds everything that it writes."""

    root: Path
    port: int

    @property
    def conf(self) -> str:
        return str(self.root / "etc" / "slurm.conf")

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port + 20}"

    @property
    def jwt_key(self) -> bytes:
        return (self.root / "state" / "jwt.key").read_bytes()

    @property
    def records(self) -> Path:
        return self.root / "records"

    def engine(
        self, *, rest: bool = True, address: str = "", timeout_s: float = 10.0, late_s: int = 60
    ):
        settings = SlurmSettings(
            site="gwangju", cluster="madang", user=USER,
            address=(address or self.address) if rest else "", jwt_key=self.jwt_key,
            conf=self.conf, logs=self.records / "logs", records=self.records,
            timeout_s=timeout_s, books_late_s=late_s,
        )  # fmt: skip
        return SlurmEngine(settings)

    def run(self, *words: str, check: bool = True) -> str:
        """A command of Slurm's own, as root: what an administrator, or misfortune, does."""
        done = subprocess.run(
            words, env=self.environment(), capture_output=True, text=True, timeout=30,
            check=False,
        )  # fmt: skip
        assert not check or done.returncode == 0, (words, done.stdout, done.stderr)
        return done.stdout

    def environment(self) -> dict[str, str]:
        return {**os.environ, "SLURM_CONF": self.conf, "SLURM_TIME_FORMAT": "%s"}

    def pid(self, daemon: str) -> int:
        if daemon == DATABASE:
            return int((self.root / "mysqlrun" / "mysqld.pid").read_text())
        return int((self.root / "pid" / f"{daemon}.pid").read_text())

    def kill(self, daemon: str, how: signal.Signals = signal.SIGKILL) -> None:
        """A daemon of this cluster, by its own pid file."""
        pid = self.pid(daemon)
        assert str(self.root) in Path(f"/proc/{pid}/environ").read_text(errors="replace") + (
            Path(f"/proc/{pid}/cmdline").read_text(errors="replace")
        ), daemon
        os.kill(pid, how)
        until(lambda: not Path(f"/proc/{pid}").exists() or _is_zombie(pid), 20)

    def start(self, daemon: str, *words: str) -> None:
        database = self.root / "mysqlrun" / "mysql.sock"
        subprocess.run(
            [daemon, *words], env={**self.environment(), "MYSQL_UNIX_PORT": str(database)},
            check=True, timeout=30, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def start_database(self) -> None:
        """What slurmdbd keeps its rows in."""
        words = (
            f"setsid {DATABASE} --defaults-file={self.root}/etc/my.cnf --user=mysql"
            f" </dev/null >>{self.root}/log/mysqld.log 2>&1 &"
        )
        subprocess.run(["sh", "-c", words], check=True, timeout=30, stdin=subprocess.DEVNULL)
        until(lambda: self.run("sacctmgr", "-n", "show", "cluster", check=False).strip(), 60)

    def reconfigure(self, **values: str) -> str:
        """Write these into slurm.conf, in place of what stands there; the text from before."""
        path = Path(self.conf)
        before = path.read_text()
        kept = [line for line in before.splitlines() if line.partition("=")[0] not in values]
        added = [f"{name}={value}" for name, value in values.items()]
        path.write_text("\n".join([*added, *kept, ""]))
        self.run("scontrol", "reconfigure")
        return before

    def restore(self, conf: str) -> None:
        Path(self.conf).write_text(conf)
        self.run("scontrol", "reconfigure")

    def start_rest(self) -> None:
        """slurmrestd, as neither root nor Slurm's own user, with its own pid file."""
        words = (
            "setpriv --reuid=daemon --regid=daemon --clear-groups -- setsid slurmrestd"
            " -a rest_auth/jwt -s openapi/v0.0.38,openapi/dbv0.0.38"
            f" 127.0.0.1:{self.port + 20} </dev/null >>{self.root}/log/slurmrestd.log 2>&1 &"
            f" echo $! >{self.root}/pid/slurmrestd.pid"
        )
        subprocess.run(
            ["sh", "-c", words], env={**self.environment(), "SLURM_JWT": "daemon"}, check=True,
            timeout=30, stdin=subprocess.DEVNULL,
        )  # fmt: skip

        def answers() -> bool:
            try:
                socket.create_connection(("127.0.0.1", self.port + 20), 1).close()
            except OSError:
                return False
            return True

        until(answers, 30)

    def empty(self, within_s: float = 180) -> None:
        """No job of anybody's, and every node idle: for a test that measures the cluster."""

        def look() -> bool:
            left = self.run("squeue", "-h", "-o", "%A", check=False).split()
            if left:
                self.run("scancel", *sorted(set(left)), check=False)
            states = self.run("sinfo", "-h", "-N", "-o", "%T", check=False).split()
            return not left and set(states) == {"idle"}

        until(look, within_s)

    def until_up(self) -> None:
        until(lambda: "UP" in self.run("scontrol", "ping", check=False), 30)
        until(lambda: self.run("sacctmgr", "-n", "show", "cluster", check=False).strip(), 30)


def _is_zombie(pid: int) -> bool:
    return ") Z " in Path(f"/proc/{pid}/stat").read_text()


def until(
    what: Callable[[], object], within_s: float, tell: Callable[[], str] | None = None
) -> object:
    """Wait on state, with a deadline; look ten times a second. `tell` says how things stand
    when the time is over."""
    deadline = time.monotonic() + within_s
    while not (found := what()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within_s} s\n{tell() if tell else ''}")
        time.sleep(0.1)
    return found


OFFSETS = (17, 19, 20, *range(100, 110))
"""From its base: controller, accounting, REST, and a port for each node."""
BLOCK, BLOCKS = 200, 40


def _base() -> int:
    """A block of ports that nobody has: another run's cluster may stand in the first."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    first = os.getpid() % BLOCKS
    for number in range(first, first + BLOCKS):
        base = 11_000 + number % BLOCKS * BLOCK + int(worker) * BLOCK * BLOCKS
        if all(_is_free(base + offset) for offset in OFFSETS):
            return base
    raise AssertionError("no block of ports is free")


def _is_free(port: int) -> bool:
    with socket.socket() as one:
        try:
            one.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def start_cluster() -> SlurmRig:
    port = _base()
    root = Path(tempfile.mkdtemp(prefix="mslurm-"))
    root.chmod(0o755)
    done = subprocess.run(
        [HERE / "up.sh", root], env={**os.environ, "PORT_BASE": str(port)}, timeout=START_S_MAX,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout.decode()
    return SlurmRig(root, port)


def stop_cluster(rig: SlurmRig) -> None:
    subprocess.run(
        [HERE / "down.sh", rig.root], timeout=START_S_MAX, check=False,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    shutil.rmtree(rig.root, ignore_errors=True)
