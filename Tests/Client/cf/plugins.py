"""Plugins: installing, listing and running them, and the RPC server that one tells its metadata."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import threading

from . import gob, help
from .configuration import Configuration
from .failure import Failure

METHOD = "CliRpcCmd.SetPluginMetadata"
ATTENTION = """Attention: Plugins are binaries written by potentially untrusted authors.
Install and use plugins at your own risk."""


def run(configuration: Configuration, command: str, arguments: list[str]) -> int:
    plugins = Plugins(configuration.plugin_folder)
    match command, arguments:
        case "install-plugin", [*options]:
            files = [word for word in options if word != "-f"]
            return plugins.install(files[0], "-f" in options)
        case "uninstall-plugin", [name]:
            return plugins.uninstall(name)
        case "plugins", []:
            return plugins.show()
        case "help", [name]:
            return plugins.help(name)
        case "help", []:
            print("cf: the commands that are known here are in cf/main.py and cf/plugins.py")
            return 0
    return plugins.run_command(command, arguments)


class Plugins:
    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._file = os.path.join(folder, "config.json")
        self._plugins: dict[str, dict] = {}
        if os.path.exists(self._file):
            with open(self._file) as file:
                self._plugins = json.load(file)["Plugins"]

    def install(self, file: str, forced: bool) -> int:
        if not os.path.exists(file):
            raise Failure(f"File not found locally, make sure the file exists at given path {file}")
        print(ATTENTION, flush=True)
        if not forced and input(f"Do you want to install the plugin {file}? [yN]: ").strip().lower() not in ("y", "yes"):
            print("Plugin installation cancelled.")
            return 1
        os.makedirs(self._folder, mode=0o700, exist_ok=True)
        copy = os.path.join(self._folder, "temp-plugin")
        shutil.copyfile(file, copy)
        os.chmod(copy, 0o700)
        try:
            metadata = self._ask(copy)
            self._refuse(metadata, forced)
            self._add(metadata, copy)
        finally:
            if os.path.exists(copy):
                os.remove(copy)
        print(f"Installing plugin {metadata['Name']}...\nOK\n")
        print(f"Plugin {metadata['Name']} {version(metadata.get('Version'))} successfully installed.")
        return 0

    def _ask(self, executable: str) -> dict:
        with Server() as server:
            done = subprocess.run([executable, str(server.port), "SendMetadata"])
            if done.returncode != 0:
                raise Failure(f"exit status {done.returncode}")
        if not server.metadata or not server.metadata.get("Name") or not server.metadata.get("Commands"):
            raise Failure("File is not a valid cf CLI plugin binary.")
        return server.metadata

    def _refuse(self, metadata: dict, forced: bool) -> None:
        from .main import COMMANDS

        if metadata.get("LibraryVersion", {}).get("Major", 0) > 1:
            raise Failure(f"Plugin {metadata['Name']} needs a newer plugin library.")
        if taken := [command["Name"] for command in metadata["Commands"] if command["Name"] in COMMANDS]:
            raise Failure(f"Plugin {metadata['Name']} could not be installed as it contains commands with names "
                          f"that are already used: {', '.join(taken)}.")
        if metadata["Name"] in self._plugins and not forced:
            raise Failure(f"Plugin {metadata['Name']} {version(metadata.get('Version'))} could not be installed. A plugin with "
                          "that name is already installed.\nTIP: Use 'cf install-plugin -f' to force a reinstall.")

    def _add(self, metadata: dict, copy: str) -> None:
        if metadata["Name"] in self._plugins:
            self.uninstall(metadata["Name"])
        location = os.path.join(self._folder, metadata["Name"])
        os.rename(copy, location)
        commands = [{"Alias": "", "HelpText": "", "UsageDetails": {}} | command for command in metadata["Commands"]]
        self._plugins[metadata["Name"]] = {
            "Location": location, "Version": metadata.get("Version", {}),
            "LibraryVersion": metadata.get("LibraryVersion", {}), "Commands": commands,
        }
        self._save()

    def uninstall(self, name: str) -> int:
        if name not in self._plugins:
            raise Failure(f"Plugin {name} does not exist.")
        print(f"Uninstalling plugin {name}...", flush=True)
        location = self._plugins[name]["Location"]
        with Server() as server:
            done = subprocess.run([location, str(server.port), "CLI-MESSAGE-UNINSTALL"])
        if done.returncode != 0:
            raise Failure(f"The plugin's uninstall method returned an unexpected error: exit status {done.returncode}")
        os.remove(location)
        del self._plugins[name]
        self._save()
        print(f"OK\n\nPlugin {name} successfully uninstalled.")
        return 0

    def _save(self) -> None:
        with open(self._file, "w") as file:
            json.dump({"Plugins": self._plugins}, file, indent=2)

    def show(self) -> int:
        rows = [("plugin", "version", "command name", "command help")]
        rows += [(name, version(plugin["Version"]), command["Name"], command["HelpText"])
                 for name, plugin in sorted(self._plugins.items()) for command in plugin["Commands"]]
        widths = [max(len(row[column]) for row in rows) for column in range(4)]
        print("Listing installed plugins...\n")
        for row in rows:
            print("   ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())
        print("\nUse 'cf repo-plugins' to list plugins in registered repos available to install.")
        return 0

    def _command(self, name: str) -> tuple[dict, dict] | None:
        return next(((plugin, command) for plugin in self._plugins.values() for command in plugin["Commands"]
                     if name in (command["Name"], command["Alias"])), None)

    def help(self, name: str) -> int:
        if found := self._command(name):
            help.show_plugin_command(found[1])
        else:
            help.show(name)
        return 0

    def run_command(self, name: str, arguments: list[str]) -> int:
        """As a child with cf's own standard streams. Any exit but 0 becomes 1."""
        found = self._command(name)
        if found is None:
            print(f"'{name}' is not a registered command. See 'cf help -a'")
            return 1
        if "-v" in arguments:
            arguments.remove("-v")
        sys.stdout.flush()
        with Server() as server:
            done = subprocess.run([found[0]["Location"], str(server.port), name, *arguments])
        return min(abs(done.returncode), 1)


def version(numbers: dict | None) -> str:
    numbers = numbers or {}
    return ".".join(str(numbers.get(key, 0)) for key in ("Major", "Minor", "Build"))


class Server:
    """Answers one net/rpc connection at a time on 127.0.0.1; `metadata` is what it was told."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.metadata: dict | None = None
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection, connection.makefile("rb") as stream:
                self._answer(connection, stream)

    def _answer(self, connection: socket.socket, stream) -> None:
        def take(count: int) -> bytes:
            data = stream.read(count)
            if len(data) < count:
                raise EOFError
            return data

        decoder = gob.Decoder(take)
        try:
            request, body = decoder.next(), decoder.next()
            known = request["ServiceMethod"] == METHOD
            if known:
                self.metadata = body
            error = "" if known else f"rpc: can't find method {request['ServiceMethod']}"
            connection.sendall(gob.answer(request["ServiceMethod"], request.get("Seq", 0), error))
            stream.read()
        except (EOFError, OSError, gob.GobError) as error:
            print(f"rpc: gob error: {error!r}", file=sys.stderr)

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
