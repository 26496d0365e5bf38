import CLinux

/// The agent's log, one write a line, on standard error.
///
/// A line that standard error does not take within ``patience`` is left out: a reader that has stopped reading must not
/// keep the agent from stopping.
public final class Log {
    /// Less than the 100 ms of libpcap's alarm (packet_socket.c), each of which begins the wait anew.
    private static let patience = Duration.milliseconds(50)

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

    /// A log on standard error. Reads the time zone; the corresponding C function is `tzset`.
    public convenience init() {
        self.init(descriptor: STDERR_FILENO)
    }

    init(descriptor: Int32) {
        self.descriptor = descriptor
        Timestamp.loadTimeZone()
    }

    /// Logs where the user asked for details.
    public func debug(_ message: StaticString, _ attributes: (inout LogLine) -> Void = { _ in }) {
        if isVerbose && extent == .everything { write("DEBUG", message, attributes) }
    }

    /// Logs what happens in the normal course.
    public func info(_ message: StaticString, _ attributes: (inout LogLine) -> Void = { _ in }) {
        if extent == .everything { write("INFO", message, attributes) }
    }

    /// Logs what the user may not expect.
    public func warn(_ message: StaticString, _ attributes: (inout LogLine) -> Void = { _ in }) {
        if extent == .everything { write("WARN", message, attributes) }
    }

    /// Logs why there is no capture, or no more of it.
    public func error(_ message: StaticString, _ attributes: (inout LogLine) -> Void = { _ in }) {
        if extent != .nothing { write("ERROR", message, attributes) }
    }

    /// Logs a message that is made up for the occasion.
    public func error(text message: ByteString) {
        line.start("ERROR", message.bytes, at: .now())
        line.finish()
        put(line.bytes)
    }

    /// Writes text that is no log line, such as the usage.
    public func print(_ text: ByteString) {
        put(text.bytes)
    }

    private func write(_ level: StaticString, _ message: StaticString, _ attributes: (inout LogLine) -> Void) {
        // A string literal's code units are constant and live as long as the program.
        let units = unsafe UnsafeBufferPointer(start: message.utf8Start, count: message.utf8CodeUnitCount)
        unsafe line.start(level, units, at: .now())
        attributes(&line)
        line.finish()
        put(line.bytes)
    }

    /// The corresponding C function is `write`.
    private func put(_ bytes: [UInt8]) {
        var rest = bytes[...]
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
        var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        while unsafe poll(&entry, 1, Self.patience.milliseconds) < 0, cf_pcap_errno() == EINTR {}
        return entry.revents & Int16(POLLOUT) != 0
    }
}
