import Dispatch
import Synchronization

/// A descriptor that people read, written to from a thread of its own: a terminal that is stopped, or a pipe that nobody
/// reads, holds up nothing else.
final class TerminalWriter: Sendable {
    private struct State {
        var lines: [String] = []
        var omitted = 0
        var table: [String] = []
        var isDirty = false
        var isWriting = false
    }

    /// Lines that wait at most; what comes while they do is left out.
    private static let limit = 1000

    /// Whether a table could be drawn over there.
    private let isTerminal: Bool
    private let descriptor: Int32
    private let queue = DispatchQueue(label: "cf-pcap.display")
    private let state = Mutex(State())
    /// The painter, which only the queue uses.
    private let painter = Mutex(Painter())

    init(descriptor: Int32, isTerminal: Bool) {
        self.descriptor = descriptor
        self.isTerminal = isTerminal
    }

    /// Whether a table can be drawn over now: a job in the background leaves the terminal to whoever uses it.
    /// The corresponding C function is `tcgetpgrp`, which fails for a terminal that is not this session's.
    var takesTable: Bool {
        guard isTerminal else { return false }
        let foreground = tcgetpgrp(descriptor)
        return foreground == -1 || foreground == getpgrp()
    }

    var size: TerminalSize { TerminalSize.of(descriptor) }

    /// Whether all has been written.
    var isIdle: Bool { state.withLock { !$0.isWriting } }

    /// Adds lines, above the table if there is one.
    func add(_ lines: [String]) {
        change { state in
            let room = max(0, Self.limit - state.lines.count)
            state.lines += lines.prefix(room)
            state.omitted += lines.dropFirst(room).count
        }
    }

    /// Replaces the table; of those that come while none can be written, the last one counts.
    func draw(_ table: [String]) {
        change { $0.table = table }
    }

    /// Returns when all has been written, or after a second.
    func flush() {
        let isDone = DispatchSemaphore(value: 0)
        queue.async { isDone.signal() }
        _ = isDone.wait(timeout: .now() + 1)
    }

    private func change(_ body: (inout State) -> Void) {
        let mustStart = state.withLock { state in
            body(&state)
            state.isDirty = true
            defer { state.isWriting = true }
            return !state.isWriting
        }
        if mustStart { queue.async { self.drain() } }
    }

    private func drain() {
        while let (lines, table) = take() {
            let text = painter.withLock {
                $0.paint(lines: lines, table: table, columns: size.columns)
            }
            write(Array(text.utf8)[...])
        }
    }

    /// Returns the text to write, or nil if nothing has changed since the last call.
    private func take() -> (lines: [String], table: [String])? {
        state.withLock { state in
            guard state.isDirty else {
                state.isWriting = false
                return nil
            }
            if state.omitted > 0 { state.lines.append("(\(state.omitted) lines could not be shown)") }
            defer {
                state.lines = []
                state.omitted = 0
                state.isDirty = false
            }
            return (state.lines, state.table)
        }
    }

    /// Writes all bytes. There is nobody to tell of a failure. The corresponding C function is `write`.
    private func write(_ bytes: ArraySlice<UInt8>) {
        let descriptor = FileDescriptor(rawValue: descriptor)
        var rest = bytes
        while !rest.isEmpty, let count = try? unsafe rest.withUnsafeBytes({ unsafe try descriptor.writeSome($0) }) {
            rest = rest.dropFirst(count)
        }
    }
}
