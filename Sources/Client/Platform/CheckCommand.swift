/// The shell command of `--check`: it asks for the agent's version, lists the interfaces, and starts the capture that is
/// asked for, to end it as soon as its file header has come.
struct CheckCommand {
    let interface: String
    var filter: String?
    var snaplen: Int?

    /// For bash, dash and busybox alike. Prints `version=`, `interface=` and `header=` lines; the agent's log goes to
    /// standard error. An agent that does not notice that its reader has gone is killed after 3 seconds.
    var text: String {
        """
        printf 'version=%s\\n' "$(\(RemoteCommand.agent) -version 2>&1 </dev/null)"; \
        while IFS=: read -r n _; do case $n in *'|'*) ;; *) printf 'interface=%s\\n' $n;; esac; done </proc/net/dev; \
        [ -e \(RemoteCommand.agent) ] || exit 127; [ -x \(RemoteCommand.agent) ] || exit 126; \
        h=$( (\(agentCommand) </dev/null & p=$!; (sleep 3; kill -KILL $p) >/dev/null 2>&1 & w=$!; wait $p; \
        kill $w 2>/dev/null) | head -c 24 | wc -c); printf 'header=%s\\n' $h
        """
    }

    private var agentCommand: String {
        RemoteCommand(interface: interface, filter: filter, snaplen: snaplen).agentCommand
    }
}
