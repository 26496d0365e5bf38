/// The files of a capture. A set of one file is the usual output; a set that rotates begins another one when the present
/// one is full or has lasted long enough, and may keep the latest ones only.
final class FileSet: Output {
    let name: String
    let isRequired = true

    /// The names, limits and number of files of a set that rotates.
    private struct Series {
        let name: FileSetName
        let rotation: Rotation
        /// The complete files to keep; nil for all.
        let keep: Int?
    }

    private let series: Series?
    private let lines: OutputLines
    private let handover: FileHandover?
    /// A destination that is opened and was not asked for yet.
    private var next: Destination?
    private var current: Destination?
    private var number = 0
    private var firstPacket: ContinuousClock.Instant?
    private var complete: [CompleteFile] = []
    /// The paths of older files that could not be removed.
    private var unremovable: [String] = []
    private var removed = 0
    private var keepsAll = false

    /// Creates a set of one file, which is handed on when it is complete.
    init(of file: Destination, _ handover: FileHandover? = nil) {
        self.handover = handover
        next = file
        name = file.name
        series = nil
        lines = OutputLines()
    }

    /// Creates a set that rotates, and its first file. Each file is handed on when it is complete. Throws
    /// ``OutputError/setExists(_:)`` if files of such a set are there: no run continues another's set.
    init(
        _ name: FileSetName, _ rotation: Rotation, keep: Int?, lines: OutputLines, _ handover: FileHandover? = nil
    ) throws(OutputError) {
        self.handover = handover
        if let other = name.existing().first { throw .setExists(other) }
        series = Series(name: name, rotation: rotation, keep: keep)
        self.name = name.prefix
        self.lines = lines
        let first = try create()
        next = first
        // Another run may have begun one of the same name at the same moment: that of the lower name goes on.
        guard let lowest = name.existing().first, !first.name.hasSuffix(lowest) else { return }
        try first.close()
        throw .setExists(lowest)
    }

    var sizeLimit: Int64 { series?.rotation.size ?? .max }

    /// The path of the present file, or of the next or last one.
    var currentName: String { (current ?? next)?.name ?? complete.last?.path ?? name }

    var progress: OutputProgress? {
        let size = (current ?? next)?.written ?? complete.last?.size ?? 0
        return OutputProgress(file: currentName, size: size, completeFiles: series == nil ? nil : complete.count)
    }

    func open() throws(OutputError) -> any ByteDestination {
        let destination =
            if let next { next } else { try create() }
        next = nil
        current = destination
        firstPacket = nil
        return destination
    }

    func isDue(packets: UInt64, at now: ContinuousClock.Instant) -> Bool {
        removeExcess()
        guard let time = series?.rotation.time, packets > 0 else { return false }
        guard let firstPacket else {
            self.firstPacket = now
            return false
        }
        return now - firstPacket >= time
    }

    func didClose(packets: UInt64, isLast: Bool, failure: OutputError?) throws(OutputError) {
        defer { current = nil }
        guard series != nil else {
            if let failure { throw failure }
            if let current { handOn(current) }
            return
        }
        if case .lost? = failure, let failure { return lines.fail("\(failure)") }
        if let current, current.written > 0, !current.isCut, let file = CompleteFile(current) {
            complete.append(file)
            lines.say("'\(file.path)' is complete: \(packets) \(packets == 1 ? "packet" : "packets").")
            handOn(current)
            // The last one counts as the present file, besides which others are kept.
            if !isLast { removeExcess() }
        }
        if let failure { throw failure }
    }

    func keepAll() {
        keepsAll = true
    }

    /// The files that are there at the end; nil if there are none.
    var saved: SavedFiles? {
        guard series != nil else { return nil }
        let paths = unremovable + complete.map(\.path)
        return paths.isEmpty ? nil : SavedFiles(paths: paths, removed: removed)
    }

    private func create() throws(OutputError) -> Destination {
        guard let series else { throw .failed(path: name, .badFileDescriptor) }
        number += 1
        let path = series.name.path(number: number, at: WallClock.now() / 1_000_000_000)
        while true {
            do {
                let file = try Destination.create(path)
                file.makeRoom = { [weak self] in self?.removeForRoom() ?? false }
                return file
            } catch {
                guard error.isFullDisk, removeForRoom() else { throw error }
            }
        }
    }

    private func removeExcess() {
        guard let keep = series?.keep, !keepsAll else { return }
        while complete.count > keep {
            if !isPending(complete[0]) {
                remove(complete.removeFirst())
            } else {
                // Besides the files kept, `keep` more may wait for their command.
                guard complete.count > 2 * keep, removeWaiting(because: "--on-file is too slow") else { return }
            }
        }
    }

    /// Removes the oldest file that can be removed, of a set of which not all are to be kept. Returns false if there is none.
    private func removeForRoom() -> Bool {
        guard series?.keep != nil, !keepsAll else { return false }
        while let oldest = complete.first {
            if isPending(oldest) { return removeWaiting(because: "no space left") }
            lines.warn("no space left: the oldest file, '\(oldest.path)', is removed early")
            if remove(complete.removeFirst()) { return true }
        }
        return false
    }

    private func handOn(_ file: Destination) {
        if file.written > 0, !file.isCut { handover?.submit(file.name) }
    }

    private func isPending(_ file: CompleteFile) -> Bool { handover?.isPending(file.path) ?? false }

    /// Removes the oldest file that waits for its command and can be removed. Returns false if there is none.
    private func removeWaiting(because reason: String) -> Bool {
        while let handover, let index = complete.firstIndex(where: { handover.withdraw($0.path) }) {
            let file = complete.remove(at: index)
            lines.fail("\(reason): '\(file.path)' is removed, and was not handed on")
            if remove(file) { return true }
        }
        return false
    }

    /// Removes a file, unless its name leads to another file by now. Returns whether this run's file is gone.
    @discardableResult
    private func remove(_ file: CompleteFile) -> Bool {
        do throws(Errno) {
            if try file.remove() { removed += 1 }
            return true
        } catch {
            lines.fail("'\(file.path)' cannot be removed, and is kept: \(error)")
            unremovable.append(file.path)
            return false
        }
    }
}

/// A complete file of a set.
private struct CompleteFile {
    let path: String
    /// Its bytes on disk.
    let size: Int64
    private let identity: FileIdentity

    init?(_ destination: Destination) {
        guard let identity = destination.identity else { return nil }
        path = destination.name
        self.identity = identity
        size = destination.written
    }

    /// Removes the file. Returns false if the path names no file or another one. A new file may have got the inode of one
    /// that somebody removed, so the size counts as well. Throws why the file is still there.
    func remove() throws(Errno) -> Bool {
        let path = FilePath(path)
        guard let status = try? path.stat(followTargetSymlink: false), FileIdentity(status) == identity,
            status.size == size
        else { return false }
        try path.unlink()
        return true
    }
}

/// The files that a set consists of at its end.
struct SavedFiles: Equatable, Sendable {
    /// The paths, in the order of the files.
    let paths: [String]
    /// The number of older files that were removed, as the set was to keep the latest only.
    let removed: Int
}
