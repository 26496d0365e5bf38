import CLinux

/// The agent's log, one write a line, on standard error.
///
/// A line of which standard error takes nothing within ``patience`` is left out; the rest of one that it took in part is
/// written before the next one: a reader that has stopped reading must not keep the agent from stopping.
public final class Log {
    private static let patience = Duration.milliseconds(200)

    /// Whether debug lines are logged.
    public var isVerbose = false
    /// What is logged at all.
    public var extent = Extent.everything

    /// How much is logged.
    public enum Extent {
        /// All lines of the levels asked for.
        case everything
        /// Only why there is no capture: for a standard error that leads to the same place as standard output.
        case errors
        /// No line.
        case nothing
    }

    private let descriptor: Int32
    private var line = LogLine()
    /// What standard error has not taken yet of a line that it took in part.
    private var rest: ArraySlice<UInt8> = []

    /// A log on standard error. Reads the time zone; the corresponding C function is `tzset`.
    public convenience init() { self.init(descriptor: STDERR_FILENO) }

    init(descriptor: Int32) {
        self.descriptor = descriptor
        Timestamp.loadTimeZone()
    }

    /// Logs where the user asked for details.
    public func debug(_ message: ByteString, _ attributes: (inout LogLine) -> Void = { _ in }) {
        if isVerbose && extent == .everything { write("DEBUG", message, attributes) }
    }

    /// Logs what happens in the normal course.
    public func info(_ message: ByteString, _ attributes: (inout LogLine) -> Void = { _ in }) {
        if extent == .everything { write("INFO", message, attributes) }
    }

    /// Logs what the user may not expect.
    public func warn(_ message: ByteString, _ attributes: (inout LogLine) -> Void = { _ in }) {
        if extent == .everything { write("WARN", message, attributes) }
    }

    /// Logs why there is no capture, or no more of it.
    public func error(_ message: ByteString, _ attributes: (inout LogLine) -> Void = { _ in }) {
        if extent != .nothing { write("ERROR", message, attributes) }
    }

    /// Writes text that is no log line, such as the usage.
    public func print(_ text: ByteString) {
        put(text.bytes)
    }

    private func write(_ level: StaticString, _ message: ByteString, _ attributes: (inout LogLine) -> Void) {
        line.start(level, message, at: .now())
        attributes(&line)
        line.finish()
        put(line.bytes)
    }

    private func put(_ bytes: [UInt8]) {
        writeRest()
        guard rest.isEmpty else { return }
        rest = bytes[...]
        writeRest()
        if rest.count == bytes.count { rest = [] }
    }

    /// The corresponding C functions are `poll` and `write`.
    private func writeRest() {
        var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        var deadline = MonotonicClock.now() + Self.patience
        while !rest.isEmpty {
            let left = deadline - MonotonicClock.now()
            guard unsafe poll(&entry, 1, left.milliseconds) > 0 else { if left > .zero { continue } else { return } }
            // After POLLOUT a pipe takes PIPE_BUF bytes without waiting (pipe(7)).
            let part = rest.prefix(Int(PIPE_BUF))
            let written = unsafe part.withUnsafeBytes { unsafe CLinux.write(descriptor, $0.baseAddress, $0.count) }
            if written > 0 {
                rest.removeFirst(written)
                deadline = MonotonicClock.now() + Self.patience
            } else {
                guard written < 0, cf_pcap_errno() == EINTR || cf_pcap_errno() == EAGAIN, left > .zero else { return }
                // A terminal with room takes nothing while another process writes there (tty_io.c, tty_write_lock).
                var pause = Duration.microseconds(100).timespec
                unsafe ppoll(nil, 0, &pause, nil)
            }
        }
    }
}
