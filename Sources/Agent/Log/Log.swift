import CLinux

/// The agent's log on standard error.
///
/// A line waits for a slow reader. It waits no longer than ``timeout`` without progress, so a reader that has stopped
/// reading does not keep a capture from stopping. If standard error accepts no byte of a line, the line is left out. If
/// it accepts a part of a line, the rest is written before the next line. A line to a file waits until it is written.
/// Each line is one write(2) unless it is longer than `PIPE_BUF` (pipe(7)).
public final class Log {
    /// The time for which a line waits while standard error accepts nothing.
    private static let timeout = Duration.milliseconds(200)

    /// Whether debug lines are logged.
    public var isVerbose = false
    /// The selection of lines that are logged.
    public var threshold = Threshold.everything

    /// A selection of lines by their levels.
    public enum Threshold {
        /// Lines of all levels. Debug lines only if the log is verbose.
        case everything
        /// Errors only, for a standard error that leads to the same file or pipe as standard output.
        case errors
        /// No lines.
        case nothing
    }

    /// The descriptor that the lines are written to.
    private let descriptor: Int32
    /// The last line. Its memory is used again.
    private var line = LogLine()
    /// The bytes of a line that standard error has accepted in part.
    private var pending: ArraySlice<UInt8> = []

    /// Creates a log on standard error.
    public convenience init() { self.init(descriptor: STDERR_FILENO) }

    /// Creates a log on a descriptor. The log does not close it.
    init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// Logs a detail, if the log is verbose.
    public func debug(_ message: ByteString, _ attributes: (inout LogLine) -> Void = { _ in }) {
        if isVerbose && threshold == .everything { write("DEBUG", message, attributes) }
    }

    /// Logs an event of a normal capture.
    func info(_ message: ByteString, _ attributes: (inout LogLine) -> Void = { _ in }) {
        if threshold == .everything { write("INFO", message, attributes) }
    }

    /// Logs an event that the user may not expect.
    func warn(_ message: ByteString, _ attributes: (inout LogLine) -> Void = { _ in }) {
        if threshold == .everything { write("WARN", message, attributes) }
    }

    /// Logs the reason why a capture cannot begin or ends early.
    public func error(_ message: ByteString, _ attributes: (inout LogLine) -> Void = { _ in }) {
        if threshold != .nothing { write("ERROR", message, attributes) }
    }

    /// Writes text that is not a log line, such as the usage.
    public func print(_ text: ByteString) {
        writeBytes(text.bytes)
    }

    /// Writes a line of a level.
    private func write(_ level: StaticString, _ message: ByteString, _ attributes: (inout LogLine) -> Void) {
        line.start(level, message, at: .now())
        attributes(&line)
        line.finish()
        writeBytes(line.bytes)
    }

    /// Writes bytes after the pending ones, or leaves them out if standard error accepts nothing.
    private func writeBytes(_ bytes: [UInt8]) {
        writePending()
        guard pending.isEmpty else { return }
        pending = bytes[...]
        writePending()
        if pending.count == bytes.count { pending = [] }
    }

    /// Writes pending bytes until none are left or standard error has accepted none for ``timeout``.
    ///
    /// The corresponding C functions are `poll` and `write`.
    private func writePending() {
        var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        var deadline = MonotonicClock.now() + Self.timeout
        while !pending.isEmpty {
            let left = deadline - MonotonicClock.now()
            guard unsafe poll(&entry, 1, left.milliseconds) > 0 else { if left > .zero { continue } else { return } }
            // A pipe that is ready for writing accepts PIPE_BUF bytes without waiting (pipe(7)).
            let part = pending.prefix(Int(PIPE_BUF))
            let written = unsafe part.withUnsafeBytes { unsafe CLinux.write(descriptor, $0.baseAddress, $0.count) }
            if written > 0 {
                pending.removeFirst(written)
                deadline = MonotonicClock.now() + Self.timeout
            } else {
                guard written < 0, cf_pcap_errno() == EINTR || cf_pcap_errno() == EAGAIN, left > .zero else { return }
                // A terminal is ready but accepts nothing while another process writes to it (tty_io.c,
                // tty_write_lock).
                var pause = Duration.microseconds(100).timespec
                unsafe ppoll(nil, 0, &pause, nil)
            }
        }
    }
}
