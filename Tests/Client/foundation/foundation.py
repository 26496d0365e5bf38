"""The apps, and the API that `cf` asks about them: JSON lines over a Unix socket."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import sys
import sysconfig
import tempfile
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from cf import tokens
from sessions.container import ADDRESS, wait_until

from .instance import SSH_PORT, Instance, agents

SPACE, ORGANIZATION = "space-guid", "organization-guid"
STARTS_AT_ONCE = 4

# A shell's program that Python takes for a string: the path of an interpreter may have spaces, a #! line may not.
PROGRAM = """#!/bin/sh
'''exec' "{python}" -IS "$0" "$@"
' '''
import sys
sys.path[:0] = {folders!r}
from cf.main import main
main()
"""


class Refusal(Exception):
    """What the API or the SSH proxy refuses, in the words that `cf` prints."""


@dataclass
class Process:
    type: str
    instances: list[Instance]
    guid: str = field(default_factory=lambda: str(uuid.uuid4()))


@dataclass
class Application:
    name: str
    processes: list[Process]
    guid: str = field(default_factory=lambda: str(uuid.uuid4()))
    state: str = "STARTED"
    ssh_disabled_by: str = ""
    """app, space or platform, where SSH is disabled."""
    may_be_entered: bool = True
    """Whether who asks has the role that SSH takes."""

    def process(self, type: str) -> Process | None:
        """The first of that type, which is the one that `cf ssh` takes."""
        return next((process for process in self.processes if process.type == type), None)


class Foundation:
    """Leaving the `with` block ends it and removes every file of it.

    - token_seconds: how long an access token is good for.
    - rotates: whether a refresh token is good for one refresh only, which brings the next.
    - changed: answers of the API that are not what the apps would give, path (without its query) to bytes.
    - failing: how many answers more fail before the API answers again, by path (without its query).
    - ssh_endpoint: what the API names as the SSH proxy.
    """

    def __init__(self) -> None:
        # Not in /tmp, for each container has a /tmp of its own.
        self.folder = Path(tempfile.mkdtemp(prefix="cf-foundation-", dir="/var/tmp"))
        self.folder.chmod(0o755)
        self.home = self.folder / "home"
        self.applications: list[Application] = []
        self.changed: dict[str, bytes] = {}
        self.failing: dict[str, int] = {}
        self.ssh_endpoint = "ssh.example.org:2222"
        self.requests: list[str] = []
        self.token_seconds = 600.0
        self.rotates = False
        self._refresh_token = ""
        self._access_tokens: dict[str, float] = {}
        self._socket = socket.socket(socket.AF_UNIX)
        (self.folder / "bin").mkdir()
        self._write_program()
        self.log_in()
        self._serve()

    # MARK: Apps

    def push(self, name: str, capabilities: str | None = "cap_net_raw=p", has_proxy: bool = False,
             **counts: int) -> Application:
        """An app with that many running instances of each process type. For the options see `Instance`."""
        processes = [Process(type, [Instance(self.folder, capabilities, has_proxy) for _ in range(count)])
                     for type, count in counts.items()]
        application = Application(name, processes)
        # From here on its instances are closed with the rest, however this ends.
        self.applications.append(application)
        with ThreadPoolExecutor(STARTS_AT_ONCE) as pool:
            list(pool.map(Instance.start, [instance for process in processes for instance in process.instances]))
        return application

    def reset(self) -> None:
        """As it was after its first app was pushed, whose instances must still be there."""
        self._kill_programs()
        first, *others = self.applications
        for application in others:
            for process in application.processes:
                for instance in process.instances:
                    if instance not in first.processes[0].instances:
                        instance.close()
        self.applications = [first]
        first.state, first.ssh_disabled_by, first.may_be_entered = "STARTED", "", True
        for instance in first.processes[0].instances:
            instance.state, instance.ssh_answer, instance.claimed_host_key = "RUNNING", None, None
        self.changed, self.failing, self.requests = {}, {}, []
        self.rotates, self.token_seconds = False, 600.0
        for folder in (self.home, self.folder / "tmp"):
            shutil.rmtree(folder, ignore_errors=True)
        (self.folder / "tmp").mkdir(mode=0o777)
        self.log_in()
        wait_until(lambda: not agents(first.processes[0].instances), 15, "no agent is left of the test before")

    def pretend(self, process: Process, *ssh_answers: dict) -> None:
        """Further instances without containers, each with that answer to `cf ssh`."""
        for answer in ssh_answers:
            process.instances.append(Instance(self.folder, None))
            process.instances[-1].pretend(answer)

    def scale(self, process: Process, count: int) -> None:
        for instance in process.instances[count:]:
            instance.close()
        del process.instances[count:]
        while len(process.instances) < count:
            instance = Instance(self.folder)
            instance.start()
            process.instances.append(instance)

    @property
    def instances(self) -> list[Instance]:
        return [instance for application in self.applications for process in application.processes
                for instance in process.instances]

    # MARK: The command line's side

    @property
    def program(self) -> Path:
        """`cf`."""
        return self.folder / "bin/cf"

    @property
    def environment(self) -> dict[str, str]:
        """In which `cf` is found and logged in."""
        return {
            "PATH": f"{self.program.parent}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8",
            "HOME": str(self.home), "CF_HOME": str(self.home), "TMPDIR": str(self.folder / "tmp"),
        }

    def _write_program(self) -> None:
        folders = [str(Path(__file__).parents[1]), sysconfig.get_path("platlib")]
        self.program.write_text(PROGRAM.format(python=sys.executable, folders=folders))
        self.program.chmod(0o755)
        (self.folder / "tmp").mkdir(mode=0o777)

    def log_in(self) -> None:
        """Writes the configuration as `cf login` leaves it."""
        configuration = {
            "ConfigVersion": 4, "Target": f"unix://{self.folder}/api.sock", "APIVersion": "3.200.0",
            "OrganizationFields": {"GUID": ORGANIZATION, "Name": "test-org"},
            "SpaceFields": {"GUID": SPACE, "Name": "test-space", "AllowSSH": True},
            "SSHOAuthClient": "ssh-proxy", "SSLDisabled": False, **self._new_tokens(),
        }
        (self.home / ".cf").mkdir(parents=True, exist_ok=True, mode=0o700)
        (self.home / ".cf/config.json").write_text(json.dumps(configuration, indent=2))
        (self.home / ".cf/config.json").chmod(0o600)

    def _configure(self, values: dict[str, str]) -> None:
        file = self.home / ".cf/config.json"
        file.write_text(json.dumps(json.loads(file.read_text()) | values, indent=2))

    def hand_over(self, user: int, group: int) -> None:
        """Whose configuration it is from here on."""
        for path in (self.home, *self.home.rglob("*"), self.folder / "tmp"):
            os.chown(path, user, group)

    def _new_tokens(self) -> dict[str, str]:
        access = tokens.new(str(uuid.uuid4()), self.token_seconds)
        if self.rotates or not self._refresh_token:
            self._refresh_token = str(uuid.uuid4())
        self._access_tokens[access] = time.monotonic() + self.token_seconds
        return {"AccessToken": access, "RefreshToken": self._refresh_token}

    def expire_tokens(self) -> None:
        """The access tokens have come to their end."""
        self._access_tokens.clear()
        self._configure({"AccessToken": tokens.new("expired", -1)})

    def revoke_tokens(self) -> None:
        """The platform takes none of them any more, though cf cannot see that."""
        self._access_tokens.clear()
        self._refresh_token = ""

    def delete(self, application: Application) -> None:
        """As `cf delete` does."""
        self.applications.remove(application)
        for process in application.processes:
            for instance in process.instances:
                instance.close()

    # MARK: Answers

    def _serve(self) -> None:
        self._socket.bind(f"{self.folder}/api.sock")
        os.chmod(f"{self.folder}/api.sock", 0o666)
        self._socket.listen(200)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as lines:
            line = lines.readline()
            if not line.endswith(b"\n"):
                return  # whoever wanted to ask has gone
            request = json.loads(line)
            descriptors: list[int] = []
            try:
                answer = self._answer_to(request, descriptors)
            except Refusal as refusal:
                answer = {"error": str(refusal)}
            try:
                socket.send_fds(connection, [json.dumps(answer).encode() + b"\n"], descriptors)
            except OSError:
                pass  # whoever asked has gone
            finally:
                for descriptor in descriptors:
                    os.close(descriptor)

    def _answer_to(self, request: dict, descriptors: list[int]) -> dict:
        if request["do"] == "refresh":
            if not self._refresh_token or request["refresh"] != self._refresh_token:
                raise Refusal("The token expired, was revoked, or the token ID is incorrect. "
                              "Please log back in to re-authenticate.")
            return {"tokens": self._new_tokens()}
        if self._access_tokens.get(request["token"], 0) < time.monotonic():
            return {"unauthorized": True}
        if request["do"] == "get":
            self.requests.append(request["path"])
            return {"body": self._get(request["path"]).decode(errors="surrogateescape")}
        assert request["do"] == "ssh", request
        self.requests.append(f"ssh {request['process']}/{request['index']}")
        instance = self._instance_for_ssh(request)
        if instance.ssh_answer is not None:
            answer = instance.ssh_answer
            if answer.get("once"):
                instance.ssh_answer = None
            return answer
        descriptors.append(self._connect(instance))
        return {"host_key": instance.host_key}

    def _instance_for_ssh(self, request: dict) -> Instance:
        application = self._application(name=request["app"])
        if application is None:
            raise Refusal(f"App '{request['app']}' not found.")
        process = application.process(request["process"])
        if process is None:
            raise Refusal(f"Process {request['process']} not found")
        if application.state != "STARTED":
            raise Refusal(f"Application '{application.name}' is not in the STARTED state")
        if request["index"] >= len(process.instances):
            raise Refusal(f"Instance {request['index']} of process {process.type} not found")
        instance = process.instances[request["index"]]
        if instance.state != "RUNNING":
            raise Refusal(f"Instance {request['index']} of process {process.type} not running")
        if application.ssh_disabled_by or not application.may_be_entered:
            raise Refusal("Error opening SSH connection: You are not authorized to perform the requested action.")
        return instance

    def _connect(self, instance: Instance) -> int:
        """A connection from outside to the instance's daemon."""
        connection = instance.container.outside.socket(kind=socket.SOCK_STREAM)
        connection.settimeout(5)
        try:
            connection.connect((instance.entrance, SSH_PORT))
        except OSError as error:
            connection.close()
            raise Refusal(f"Error opening SSH connection: dial tcp {instance.entrance}:{SSH_PORT}: {error.strerror or error}") from None
        connection.settimeout(None)
        return connection.detach()

    def _application(self, **wanted: str) -> Application | None:
        return next((application for application in self.applications
                     if all(getattr(application, key) == value for key, value in wanted.items())), None)

    def _get(self, path: str) -> bytes:
        url = urlsplit(path)
        if self.failing.get(url.path, 0) > 0:
            self.failing[url.path] -= 1
            return json.dumps(_error(10001, "UnknownError", "An unknown error occurred.")).encode()
        if url.path in self.changed:
            return self.changed[url.path]
        return json.dumps(self._resource(url.path.strip("/").split("/"), parse_qs(url.query)), indent=2).encode()

    def _resource(self, path: list[str], query: dict[str, list[str]]) -> dict:
        match path:
            case [""]:
                return {"links": {"app_ssh": {"href": self.ssh_endpoint, "meta": {"host_key_fingerprint": ""}}}}
            case ["v3", "spaces"]:
                return _page(path, query, [{"guid": SPACE, "name": "test-space"}])
            case ["v3", "apps"]:
                names = query.get("names", [""])[0].split(",") if "names" in query else None
                found = [application for application in self.applications if names is None or application.name in names]
                if SPACE not in query.get("space_guids", [SPACE])[0].split(","):
                    found = []
                found.sort(key=lambda application: application.name)
                return _page(path, query, [_app(application) for application in found])
            case ["v3", "apps", guid, *rest] if application := self._application(guid=guid):
                return self._app_resource(application, rest, path, query)
            case ["v3", "processes"]:
                return _page(path, query, [
                    {"guid": process.guid, "type": process.type, "instances": len(process.instances),
                     "relationships": {"app": {"data": {"guid": application.guid}}, "revision": None}}
                    for application in self.applications for process in application.processes])
            case ["v3", "processes", guid, "stats"]:
                for process in (process for application in self.applications for process in application.processes):
                    if process.guid == guid:
                        return {"resources": [_stat(process, index) for index in range(len(process.instances))]}
            case ["v3", ("apps" | "processes") as kind, _, *_]:
                return _error(10010, "CF-ResourceNotFound", "App not found" if kind == "apps" else "Process not found")
        return _error(10000, "CF-NotFound", "Unknown request")

    def _app_resource(self, application: Application, rest: list[str], path: list[str], query: dict) -> dict:
        match rest:
            case []:
                return _app(application)
            case ["processes"]:
                return _page(path, query, [{"guid": process.guid, "type": process.type, "instances": len(process.instances)}
                                           for process in application.processes])
            case ["permissions"]:
                return {"read_basic_data": True, "read_sensitive_data": application.may_be_entered}
            case ["ssh_enabled"]:
                by = application.ssh_disabled_by
                reason = {"": "", "platform": "Disabled globally"}.get(by, f"Disabled for {by}")
                return {"enabled": not by, "reason": reason}
        return _error(10000, "CF-NotFound", "Unknown request")

    # MARK: The end

    def close(self) -> None:
        # The thread that accepts would wait on after a mere close.
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for instance in self.instances:
            instance.close()
        self._kill_programs()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _kill_programs(self) -> None:
        """A cf whose client was killed notices only after minutes that its container is gone."""
        words = os.fsencode(self.program)
        for pid in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError):
                if words in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0"):
                    os.kill(int(pid), signal.SIGKILL)

    def __enter__(self) -> Foundation:
        return self

    def __exit__(self, *_) -> None:
        self.close()


def _app(application: Application) -> dict:
    return {"guid": application.guid, "name": application.name, "state": application.state,
            "lifecycle": {"type": "buildpack", "data": {"buildpacks": [], "stack": "cflinuxfs4"}}}


def _stat(process: Process, index: int) -> dict:
    instance = process.instances[index]
    running = instance.state == "RUNNING"
    return {
        "type": process.type, "index": index, "state": instance.state, "host": ADDRESS if running else "",
        "instance_guid": instance.guid, "uptime": 60, "details": None if instance.state != "CRASHED" else "Exited with status 137",
        "instance_internal_ip": ADDRESS if running else None, "instance_ports": [], "usage": {},
    }


def _page(path: list[str], query: dict[str, list[str]], resources: list[dict]) -> dict:
    size, number = int(query.get("per_page", ["50"])[0]), int(query.get("page", ["1"])[0])
    pages = max(1, -(-len(resources) // size))

    def link(page: int) -> dict:
        return {"href": f"https://api.example.org/{'/'.join(path)}?page={page}&per_page={size}"}

    return {
        "pagination": {
            "total_results": len(resources), "total_pages": pages, "first": link(1), "last": link(pages),
            "next": link(number + 1) if number < pages else None, "previous": link(number - 1) if number > 1 else None,
        },
        "resources": resources[(number - 1) * size:number * size],
    }


def _error(code: int, title: str, detail: str) -> dict:
    return {"errors": [{"code": code, "title": title, "detail": detail}]}
