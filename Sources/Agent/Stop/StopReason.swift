/// A reason to stop that is no failure.
enum StopReason: Equatable, Sendable {
    /// A signal asks for it. The value is the log's name for the signal.
    case signal(ByteString)
    /// The SSH session that carries the capture has ended.
    case sessionEnded
    /// Nobody will read what is written to standard output.
    case readerGone

    /// Logs the reason.
    func report(to log: Log) {
        switch self {
        case .signal(let name): log.info("received signal, stopping capture") { $0.add("signal", name) }
        case .sessionEnded: log.info("SSH session ended, stopping capture")
        case .readerGone: log.info("reader of standard output is gone, stopping capture")
        }
    }
}
