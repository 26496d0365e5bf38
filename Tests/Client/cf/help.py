"""`cf help`."""

SSH = """NAME:
   ssh - SSH to an application container instance

USAGE:
   cf ssh APP_NAME [--process PROCESS] [-i INDEX] [-c COMMAND]...
   [--disable-pseudo-tty] [--skip-host-validation]

OPTIONS:
   --app-instance-index, -i        App process instance index (Default: 0)
   --command, -c                   Command to run
   --disable-pseudo-tty, -T        Disable pseudo-tty allocation
   --process                       App process name (Default: web)
   --skip-host-validation, -k      Skip host key validation. Not recommended!

SEE ALSO:
   allow-space-ssh, enable-ssh, space-ssh-allowed, ssh-code, ssh-enabled
"""


def show(command: str) -> None:
    print(SSH if command == "ssh" else f"NAME:\n   {command} - a command of this small cf\n")


def show_plugin_command(command: dict) -> None:
    """The help of a plugin's command, from its metadata."""
    print(f"NAME:\n   {command['Name']} - {command['HelpText']}\n")
    print(f"USAGE:\n   {command['UsageDetails'].get('Usage', '')}")
    if command.get("Alias"):
        print(f"\nALIAS:\n   {command['Alias']}")
    options = command["UsageDetails"].get("Options", {})
    names = {name: f"-{name}" if len(name) == 1 else f"--{name}" for name in sorted(options)}
    if names:
        width = max(map(len, names.values())) + 6
        print("\nOPTIONS:")
        print("\n".join(f"   {dashed:{width}}{options[name]}" for name, dashed in names.items()))
