"""`$CF_HOME/.cf/config.json`: read at the start, written anew at the end."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from glob import glob

from .failure import Failure


class Configuration:
    def __init__(self) -> None:
        """Raises OSError."""
        self.folder = os.path.join(os.environ.get("CF_HOME") or os.path.expanduser("~"), ".cf")
        self._remove_temporary_files()
        self.values: dict = {}
        try:
            with open(self._path) as file:
                self.values = json.load(file)
        except FileNotFoundError:
            pass

    @property
    def _path(self) -> str:
        return os.path.join(self.folder, "config.json")

    @property
    def plugin_folder(self) -> str:
        return os.path.join(os.environ.get("CF_PLUGIN_HOME") or os.path.dirname(self.folder), ".cf", "plugins")

    def _remove_temporary_files(self) -> None:
        # Versions before 8.7.11 do this whether or not another `cf` is just writing them, and fail where one was faster.
        for name in glob(os.path.join(self.folder, "temp-config?*")):
            os.remove(name)

    def need_target(self, space: bool = True) -> None:
        if not self.values.get("Target"):
            raise Failure("No API endpoint set. Use 'cf login' or 'cf api' to target an endpoint.")
        if not self.values.get("AccessToken"):
            raise Failure("Not logged in. Use 'cf login' or 'cf login --sso' to log in.")
        if space and not self.values.get("OrganizationFields", {}).get("GUID"):
            raise Failure("No org targeted, use 'cf target -o ORG' to target an org.")
        if space and not self.values.get("SpaceFields", {}).get("GUID"):
            raise Failure("No space targeted, use 'cf target -s SPACE' to target a space.")

    def write(self) -> None:
        """What was read at the start, and new tokens: what others have written since is lost."""
        try:
            os.makedirs(self.folder, mode=0o700, exist_ok=True)
            descriptor, name = tempfile.mkstemp(prefix="temp-config", dir=self.folder)
            with open(descriptor, "w") as file:
                json.dump(self.values, file, indent=2)
            os.rename(name, self._path)
        except OSError as error:
            print(f"Error writing config: {error}", file=sys.stderr, end="")
