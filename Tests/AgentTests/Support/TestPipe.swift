import CLinux

@testable import Agent

/// A pipe with both ends in the test's process.
final class TestPipe {
    let readEnd: Int32
    let writeEnd: Int32
    private var ownsReadEnd = true
    private var isWriteEndOpen = true

    /// Opens a pipe with the flags of pipe2(2).
    init(flags: Int32 = 0) throws(SystemError) {
        var ends: (Int32, Int32) = (-1, -1)
        let result = unsafe withUnsafeMutableBytes(of: &ends) { ends in
            unsafe pipe2(ends.assumingMemoryBound(to: Int32.self).baseAddress, flags | O_CLOEXEC)
        }
        guard result == 0 else { throw .last }
        (readEnd, writeEnd) = ends
    }

    deinit {
        if ownsReadEnd { close(readEnd) }
        closeWriteEnd()
    }

    /// Returns the read end. The caller closes it.
    func giveAwayReadEnd() -> Int32 {
        ownsReadEnd = false
        return readEnd
    }

    func closeWriteEnd() {
        if isWriteEndOpen { close(writeEnd) }
        isWriteEndOpen = false
    }

    /// Writes `count` zero bytes with one call, and returns the result of write(2).
    func write(_ count: Int) -> Int {
        let bytes = [UInt8](repeating: 0, count: count)
        return unsafe bytes.withUnsafeBytes { unsafe CLinux.write(writeEnd, $0.baseAddress, $0.count) }
    }

    /// Reads up to `count` bytes with one call. Returns none if there are none now.
    func read(_ count: Int = 1 << 20) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let taken = unsafe bytes.withUnsafeMutableBytes { unsafe CLinux.read(readEnd, $0.baseAddress, $0.count) }
        return [UInt8](bytes.prefix(max(taken, 0)))
    }
}
