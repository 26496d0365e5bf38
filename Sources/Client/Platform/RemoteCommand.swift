/// The shell command of a session: runs the agent, and stops it when the session's standard input ends.
///
/// So no agent outlives its client, even if the client is killed and can tell nobody:
/// 1. The kernel closes the client's end of the pipe that is the standard input of its `cf ssh`.
/// 2. `cf ssh` reads the end of the pipe, and ends the standard input of the remote shell. If cf has ended as well, as by
///    SIGPIPE when it writes packets to the client's other pipe, or if the network is cut, the SSH daemon ends that input
///    when it finds the connection closed or dead.
/// 3. The `read` of the watcher in ``text`` returns, and the watcher sends the agent SIGTERM.
/// 4. The agent hands over what it has, for ``Timeouts/agentDrain`` at most, and exits.
/// 5. The shell ends with the agent's status, the session with the shell, and cf with the session.
///
/// A run that ends in order goes the same way from the second step: ``Session/Command/stop`` closes the pipe. And the agent
/// ends by itself if the connection of its session ends without these steps, as where the shell is killed: the agent's
/// `SessionWatch`.
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
