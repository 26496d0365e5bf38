/// The shell command of a session: runs the agent, and stops it when the session's standard input ends.
struct RemoteCommand {
    static let agent = "/tmp/lifecycle/cf-pcap"

    let interface: String
    var filter: String?
    var snaplen: Int?

    /// For bash, dash and busybox alike.
    ///
    /// The agent reads nothing; the session's standard input, kept as descriptor 3, belongs to the watcher, which stops
    /// the agent at its end or at a line. An agent that ends by itself ends the watcher and gives the session its
    /// status. This project's agent knows `-version`, and ends in order on SIGTERM. The reference agent does not know
    /// that flag, ends in order on SIGINT alone, and only with its next packet: hence two seconds before SIGTERM.
    var text: String {
        """
        exec 3<&0; v=$(\(Self.agent) -version 2>&1 </dev/null 3<&-) && echo "$v" >&2 || v=; \
        \(agentCommand) 3<&- </dev/null & p=$!; \
        (read -r _ <&3; [ "$v" ] || { kill -INT $p; sleep 2 3<&-; }; kill -TERM $p) >/dev/null 2>&1 & w=$!; \
        wait $p; r=$?; kill $w 2>/dev/null; exit $r
        """
    }

    /// The agent's command line.
    var agentCommand: String {
        var words = [Self.agent, "-v", "-interface", interface.quotedForShell]
        if let snaplen { words += ["-snaplen", "\(snaplen)"] }
        if let filter { words += ["-filter", filter.quotedForShell] }
        return words.joined(separator: " ")
    }
}
