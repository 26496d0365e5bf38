/// A reason to stop a capture that is no failure.
enum StopReason: Equatable, Sendable {
    /// A signal. The text is the log's name for it.
    case signal(ByteString)
    /// The end of the SSH session that carries the capture.
    case sessionEnded
    /// The end of standard output's reader.
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
