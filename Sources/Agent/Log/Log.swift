import CLinux

/// Writes the agent's log to standard error, a line with one write(2) unless it is longer than PIPE_BUF (pipe(7)).
///
/// A reader that has stopped reading must not keep the agent from stopping. So a line is left out if standard error
/// accepts no byte of the line within ``timeout``. If standard error accepts a part of a line, the rest precedes the next line.
public final class Log {
    private static let timeout = Duration.milliseconds(200)

    /// Whether debug lines are logged.
    public var isVerbose = false
    /// The lines that are logged at all.
    public var threshold = Threshold.everything

    /// Selects the lines that a log writes.
    public enum Threshold {
        /// Writes lines of all levels; debug lines only if the log is verbose.
        case everything
        /// Writes errors only. For a standard error that leads to the same place as standard output.
        case errors
        /// Writes no line.
        case nothing
    }

    private let descriptor: Int32
    private var line = LogLine()
    /// The end of a line of which standard error has accepted a part.
    private var pending: ArraySlice<UInt8> = []

    /// Creates a log on standard error.
    public convenience init() { self.init(descriptor: STDERR_FILENO) }

    /// Creates a log on a descriptor, which stays the caller's.
    init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// Logs a detail, if the log is verbose.
    public func debug(_ message: ByteString, _ attributes: (inout LogLine) -> Void = { _ in }) {
        if isVerbose && threshold == .everything { write("DEBUG", message, attributes) }
    }

    /// Logs an event of the normal course.
    func info(_ message: ByteString, _ attributes: (inout LogLine) -> Void = { _ in }) {
        if threshold == .everything { write("INFO", message, attributes) }
    }

    /// Logs an event that the user may not expect.
    func warn(_ message: ByteString, _ attributes: (inout LogLine) -> Void = { _ in }) {
        if threshold == .everything { write("WARN", message, attributes) }
    }

    /// Logs the reason why there is no capture, or why it ends early.
    public func error(_ message: ByteString, _ attributes: (inout LogLine) -> Void = { _ in }) {
        if threshold != .nothing { write("ERROR", message, attributes) }
    }

    /// Writes text that is not a log line, such as the usage.
    public func print(_ text: ByteString) {
        writeBytes(text.bytes)
    }

    private func write(_ level: StaticString, _ message: ByteString, _ attributes: (inout LogLine) -> Void) {
        line.start(level, message, at: .now())
        attributes(&line)
        line.finish()
        writeBytes(line.bytes)
    }

    private func writeBytes(_ bytes: [UInt8]) {
        writePending()
        guard pending.isEmpty else { return }
        pending = bytes[...]
        writePending()
        if pending.count == bytes.count { pending = [] }
    }

    /// Writes pending bytes until none is left or standard error accepts none for ``timeout``. The corresponding C
    /// functions are `poll` and `write`.
    private func writePending() {
        var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        var deadline = MonotonicClock.now() + Self.timeout
        while !pending.isEmpty {
            let left = deadline - MonotonicClock.now()
            guard unsafe poll(&entry, 1, left.milliseconds) > 0 else { if left > .zero { continue } else { return } }
            // After POLLOUT a pipe accepts PIPE_BUF bytes without waiting (pipe(7)).
            let part = pending.prefix(Int(PIPE_BUF))
            let written = unsafe part.withUnsafeBytes { unsafe CLinux.write(descriptor, $0.baseAddress, $0.count) }
            if written > 0 {
                pending.removeFirst(written)
                deadline = MonotonicClock.now() + Self.timeout
            } else {
                guard written < 0, cf_pcap_errno() == EINTR || cf_pcap_errno() == EAGAIN, left > .zero else { return }
                // A terminal with free space accepts nothing while another process writes to it (tty_io.c, tty_write_lock).
                var pause = Duration.microseconds(100).timespec
                unsafe ppoll(nil, 0, &pause, nil)
            }
        }
    }
}
