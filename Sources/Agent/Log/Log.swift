import CLinux

/// The agent's log, one write a line, on standard error.
///
/// A line that standard error does not take within ``patience`` is left out, or its rest comes before the next one: a
/// reader that has stopped reading must not keep the agent from stopping.
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
    public convenience init() {
        self.init(descriptor: STDERR_FILENO)
    }

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

    /// The corresponding C function is `write`.
    private func writeRest() {
        while !rest.isEmpty, canWrite() {
            // After POLLOUT a pipe takes PIPE_BUF bytes without waiting (pipe(7)).
            let part = rest.prefix(Int(PIPE_BUF))
            let written = unsafe part.withUnsafeBytes { unsafe CLinux.write(descriptor, $0.baseAddress, $0.count) }
            if written < 0, cf_pcap_errno() == EINTR { continue }
            guard written > 0 else { return }
            rest.removeFirst(written)
        }
    }

    /// The corresponding C function is `poll`.
    private func canWrite() -> Bool {
        let deadline = MonotonicClock.now() + Self.patience
        var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        while unsafe poll(&entry, 1, (deadline - MonotonicClock.now()).milliseconds) < 0, cf_pcap_errno() == EINTR {}
        return entry.revents & Int16(POLLOUT) != 0
    }
}
