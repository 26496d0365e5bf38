@unsafe @preconcurrency internal import Dispatch
internal import Synchronization
internal import SystemPackage

#if canImport(Darwin)
    internal import Darwin
#else
    internal import Glibc
#endif

/// The pipe through which a session's packets come. It is larger than others, and read in pieces as large: at a hundred
/// megabytes a second, waking up for each 64 kB costs more than all that is done with them.
@safe final class PacketPipe: @unchecked Sendable {
    /// What reading gives.
    enum Piece<Value> {
        /// What was made of the bytes.
        case made(Value)
        /// Nothing yet.
        case nothing
        /// Nothing any more.
        case end
    }

    /// Where a session writes. Closed by whoever starts the session.
    let writingEnd: FileDescriptor

    private let readingEnd: FileDescriptor
    /// Suspended but while somebody waits.
    private let source: any DispatchSourceRead
    private let waiting = Mutex<CheckedContinuation<Void, Never>?>(nil)

    private static let size = 256 << 10
    /// Where pieces are read to: as many as there are threads that read, and not one for each pipe.
    private static let rooms = Rooms(size: size)

    /// The corresponding C function is `pipe`.
    init() throws(Errno) {
        do {
            (readingEnd, writingEnd) = try FileDescriptor.pipe()
        } catch {
            throw error as? Errno ?? .ioError
        }
        for end in [readingEnd, writingEnd] { _ = fcntl(end.rawValue, F_SETFD, FD_CLOEXEC) }
        _ = fcntl(readingEnd.rawValue, F_SETFL, O_NONBLOCK)
        #if os(Linux)
            // F_SETPIPE_SZ of fcntl(2), a macro. The user may have as much in pipes as he is allowed already: then it stays
            // as large as it is.
            _ = fcntl(readingEnd.rawValue, 1031, Int32(Self.size))
        #endif
        source = DispatchSource.makeReadSource(
            fileDescriptor: readingEnd.rawValue, queue: DispatchQueue.global(qos: .userInitiated))
        source.setCancelHandler { [readingEnd] in try? readingEnd.close() }
        source.setEventHandler { [weak self] in self?.wake() }
    }

    deinit {
        // A source must not be freed while it is suspended.
        source.cancel()
        source.resume()
    }

    /// Reads what there is now; `body` makes something of it.
    func read<Value>(_ body: (UnsafeRawBufferPointer) -> Value) throws(Errno) -> Piece<Value> {
        let room = unsafe Self.rooms.take()
        defer { unsafe Self.rooms.giveBack(room) }
        do {
            let count = try unsafe readingEnd.read(into: room)
            return count == 0 ? .end : unsafe .made(body(UnsafeRawBufferPointer(rebasing: room[..<count])))
        } catch Errno.wouldBlock {
            return .nothing
        } catch {
            throw error as? Errno ?? .ioError
        }
    }

    /// Returns when there is something to read, or the task is cancelled.
    func waitUntilReadable() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                waiting.withLock { $0 = continuation }
                source.resume()
                if Task.isCancelled { wake() }
            }
        } onCancel: {
            wake()
        }
    }

    private func wake() {
        let continuation = waiting.withLock { waiting in
            defer { waiting = nil }
            if waiting != nil { source.suspend() }
            return waiting
        }
        continuation?.resume()
    }
}

/// Memory that is used for a moment, again and again.
@safe private final class Rooms: Sendable {
    private let size: Int
    private let unused = Mutex<[SendableRoom]>([])

    /// What a room holds belongs to whoever has taken it.
    @safe private struct SendableRoom: @unchecked Sendable {
        let bytes: UnsafeMutableRawBufferPointer
    }

    init(size: Int) {
        self.size = size
    }

    func take() -> UnsafeMutableRawBufferPointer {
        let room = unused.withLock { $0.popLast() }
        return unsafe room?.bytes ?? .allocate(byteCount: size, alignment: 8)
    }

    func giveBack(_ room: UnsafeMutableRawBufferPointer) {
        let room = unsafe SendableRoom(bytes: room)
        unused.withLock { $0.append(room) }
    }
}
