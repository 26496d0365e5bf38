/// The destination of the output: a file, a pipe, or what standard output leads to.
///
/// A file is created when the run begins, so that what is wrong with it is said before anything is captured, and
/// removed at the end if nothing was written. One that exists is overwritten only if asked for, and then by the first
/// bytes.
final class Destination: ByteDestination {
    let name: String
    let isLive: Bool
    private(set) var written: Int64 = 0

    /// Makes room on a full disk. Returns whether there may be some now; then writing goes on.
    var makeRoom: (() -> Bool)?
    /// Whether the file ends with a part of a packet, which could not be taken back.
    private(set) var isCut = false
    private var isShortened = false
    /// The file that was opened; nil for what is not a regular file.
    private(set) var identity: FileIdentity?

    private var descriptor: FileDescriptor
    private var watch: OutputWatch?
    private let path: FilePath?
    private let isNew: Bool

    /// Opens the output that the options name. This may wait for the reader of a FIFO.
    static func open(
        _ options: CaptureOptions, waiting wait: ReaderWait = ReaderWait()
    ) throws(OutputError) -> Destination {
        let destination =
            switch options.output {
            case CaptureOptions.standardOutput?: try standardOutput(options.outputFormat.format)
            case let path?: try file(FilePath(path), overwrite: options.force, isChosen: true, wait)
            case nil:
                try DefaultName.firstFree(options.outputFormat) { name throws(OutputError) in
                    try file(FilePath(name), overwrite: options.force, isChosen: false, wait)
                }
            }
        try destination.checkThatNoMessagesGoThere()
        return destination
    }

    /// Throws if people would see the packets, or packets and messages lead to the same file, whatever its name is here.
    private func checkThatNoMessagesGoThere() throws(OutputError) {
        let isTerminal = isatty(descriptor.rawValue) != 0
        let output = try? descriptor.stat()
        let error = try? FileDescriptor.standardError.stat()
        let isShared = output.flatMap { output in error?.isSameFile(as: output) } ?? false
        guard isTerminal || isShared else { return }
        try? close()
        throw isTerminal ? .isTerminal : .isShared
    }

    /// The writing end of a pipe, which the destination closes.
    init(pipe descriptor: FileDescriptor, name: String) {
        self.descriptor = descriptor
        self.name = name
        (path, isNew, isLive) = (nil, false, true)
    }

    private init(_ descriptor: FileDescriptor, name: String, path: FilePath?, isNew: Bool) {
        self.descriptor = descriptor
        self.name = name
        self.path = path
        self.isNew = isNew
        let status = try? descriptor.stat()
        isLive = status?.type != .regular
        identity = isLive ? nil : status.map { FileIdentity($0) }
    }

    /// Creates a new file. Throws ``OutputError/exists(_:)`` if there is one.
    static func create(_ path: String) throws(OutputError) -> Destination {
        try file(FilePath(path), overwrite: false, isChosen: false, ReaderWait())
    }

    private static func standardOutput(_ format: CaptureOptions.Format) throws(OutputError) -> Destination {
        // A pcapng file may have another one behind it (pcapng, "Section Header Block"), a pcap file may not.
        if let output = try? FileDescriptor.standardOutput.stat(), format == .pcap, output.type == .regular,
            output.size > 0
        {
            throw .isNotEmpty
        }
        return Destination(.standardOutput, name: "standard output", path: nil, isNew: false)
    }

    /// Opens a file that is new, that may be overwritten, or that is no regular file and the choice of its owner.
    private static func file(
        _ path: FilePath, overwrite: Bool, isChosen: Bool, _ wait: ReaderWait
    ) throws(OutputError) -> Destination {
        // Who captures may see what others may not.
        let mode: FilePermissions = [.ownerReadWrite]
        do {
            let new = try FileDescriptor.open(
                path, .writeOnly, options: [.create, .exclusiveCreate, .closeOnExec], permissions: mode)
            return Destination(new, name: path.string, path: path, isNew: true)
        } catch Errno.fileExists {
            guard overwrite || isChosen && path.mayBeChosen else { throw .exists(path.string) }
        } catch {
            throw .failed(path: path.string, errno(error))
        }
        do {
            let old = try existing(path, wait)
            return Destination(old, name: path.string, path: path, isNew: false)
        } catch let error as OutputError {
            throw error
        } catch {
            throw .failed(path: path.string, errno(error))
        }
    }

    /// Opens a file that exists. A FIFO is opened when it has a reader.
    private static func existing(_ path: FilePath, _ wait: ReaderWait) throws -> FileDescriptor {
        guard (try? path.stat().type) == .fifo else {
            return try FileDescriptor.open(path, .writeOnly, options: [.closeOnExec])
        }
        return try wait.untilThereIsOne(of: path.string) {
            try FileDescriptor.open(path, .writeOnly, options: [.closeOnExec, .nonBlocking])
        }
    }

    /// Puts a new file in the place of the old one, so that no other program that has the old one open writes into it.
    /// Empties the old one if that cannot be: its folder may not be written to, or its name is a link.
    private func replaceOld() {
        guard let path, let own = try? descriptor.stat(), let there = try? path.stat(followTargetSymlink: false),
            own.isSameFile(as: there), let new = path.replaceByNewFile()
        else {
            try? descriptor.resize(to: 0)
            return
        }
        try? descriptor.close()
        descriptor = new
    }

    func report(to watch: OutputWatch) {
        self.watch = watch
    }

    /// Writes packets, however long that takes. If that fails and a part of a packet cannot be taken back, throws
    /// ``OutputError/cut(path:_:)``.
    func write(packets: UnsafeRawBufferPointer, wholeLength: (Int) -> Int) throws(OutputError) -> Bool {
        unsafe try write(packets, wholeLength: wholeLength)
        return true
    }

    func write(whole bytes: UnsafeRawBufferPointer) throws(OutputError) {
        unsafe try write(bytes) { _ in 0 }
    }

    private func write(_ bytes: UnsafeRawBufferPointer, wholeLength: (Int) -> Int) throws(OutputError) {
        if written == 0 && path != nil && !isNew && !isLive { replaceOld() }
        isShortened = isShortened || written > 0 && !isLive && descriptor.endsBeforePosition
        var done = 0
        while done < bytes.count {
            do {
                let end = isLive ? min(done + OutputWatch.pieceSize, bytes.count) : bytes.count
                let count = try unsafe writeSome(UnsafeRawBufferPointer(rebasing: bytes[done..<end]))
                done += count
                written += Int64(count)
            } catch Errno.brokenPipe {
                throw .readerGone
            } catch {
                if OutputError.failed(path: name, Self.errno(error)).isFullDisk, makeRoom?() == true { continue }
                let rest = done - wholeLength(done)
                guard takeBack(rest) || rest == 0 else {
                    isCut = true
                    throw .cut(path: name, Self.errno(error))
                }
                throw .failed(path: name, Self.errno(error))
            }
        }
    }

    private func writeSome(_ bytes: UnsafeRawBufferPointer) throws(Errno) -> Int {
        watch?.begin(name, isLive: isLive)
        defer { watch?.end() }
        return try unsafe descriptor.writeSome(bytes)
    }

    var hasLostReader: Bool { isLive && descriptor.hasLostReader }

    /// Cuts the last `count` bytes off the file, unless it is appended to: others may have written there (open(2),
    /// O_APPEND). Returns whether they are gone.
    private func takeBack(_ count: Int) -> Bool {
        guard count > 0, !isLive, fcntl(descriptor.rawValue, F_GETFL) & O_APPEND == 0,
            let position = try? descriptor.seek(offset: 0, from: .current),
            (try? descriptor.resize(to: position - Int64(count))) != nil
        else { return false }
        _ = try? descriptor.seek(offset: position - Int64(count), from: .start)
        written -= Int64(count)
        return true
    }

    /// Closes the file, unless it is standard output. Removes one that was created here and is still empty.
    func close() throws(OutputError) {
        if let path, isNew, written == 0, isStillEmpty(at: path) { try? path.unlink() }
        if descriptor == .standardOutput && isShortened { throw .lost(name) }
        guard descriptor != .standardOutput else { return }
        let isLost = isLost
        do {
            try descriptor.close()
        } catch {
            throw .failed(path: name, Self.errno(error))
        }
        if isLost { throw .lost(name) }
    }

    /// Whether the file's name leads to another file by now, or somebody else has changed the file's length.
    private var isLost: Bool {
        if isShortened { return true }
        guard let path, !isLive, written > 0, let own = try? descriptor.stat() else { return false }
        guard let there = try? path.stat(), own.isSameFile(as: there) else { return true }
        return own.size != written
    }

    /// Whether the path still names the file that was created, and nobody else has written there.
    private func isStillEmpty(at path: FilePath) -> Bool {
        guard let own = try? descriptor.stat(), let there = try? path.stat(followTargetSymlink: false) else {
            return false
        }
        return own.size == 0 && own.isSameFile(as: there)
    }

    /// swift-system's calls throw nothing else.
    private static func errno(_ error: any Error) -> Errno {
        error as? Errno ?? .ioError
    }
}
