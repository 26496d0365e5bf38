#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A folder that nobody else may read, for a run's own copies of CF_HOME: each process of cf works on one of its own.
///
/// cf writes its configuration when it ends, from what it read when it started. With copies, a `cf target` made during a
/// capture stays, and processes of cf that run at once do not remove each other's temporary files. A lock on the folder
/// tells a run that lives from one that was killed: the kernel releases it with the process.
///
/// A copy has no refresh token, so that no process of cf renews tokens: only ``Login`` does, in the person's own
/// configuration, before a copy is made.
final class PrivateHome: Sendable {
    private static let prefix = "cf-pcap-home-"

    private let folder: String
    private let lock: FileDescriptor

    /// Makes a new folder in `temporary`, and removes those that killed runs left there.
    init(in temporary: String) throws(PlatformError) {
        Self.removeLeftovers(in: temporary)
        (folder, lock) = try Self.makeLockedFolder(in: temporary)
    }

    /// Makes a home with this configuration, but for its refresh token, for one process of cf. `discard` removes it.
    func makeCopy(of configuration: CFConfiguration) throws(PlatformError) -> String {
        let copy = "\(folder)/\(UUID().uuidString)"
        let path = "\(copy)/\(CFHome.configuration)"
        do {
            try FileManager.default.createDirectory(atPath: "\(copy)/.cf", withIntermediateDirectories: true)
            let file = try FileDescriptor.open(
                FilePath(path), .writeOnly, options: [.create, .exclusiveCreate, .closeOnExec],
                permissions: .ownerReadWrite)
            try file.closeAfter { _ = try file.writeAll(configuration.jsonWithoutRefreshToken) }
        } catch {
            discard(copy)
            throw PlatformError("failed to copy cf's configuration to \(path): \(CFHome.describe(error))", .passing)
        }
        return copy
    }

    /// Removes a copy whose process has ended.
    func discard(_ copy: String) {
        try? FileManager.default.removeItem(atPath: copy)
    }

    /// Removes everything.
    func remove() {
        try? FileManager.default.removeItem(atPath: folder)
        try? lock.close()
    }

    // MARK: The folder

    private static func makeLockedFolder(in temporary: String) throws(PlatformError) -> (String, FileDescriptor) {
        // A run that removes leftovers may take the folder for one before it is locked.
        for _ in 1...10 {
            let folder = try makeFolder(in: temporary)
            if let lock = lock(folder, anyway: true) { return (folder, lock) }
        }
        throw PlatformError("failed to lock a folder in \(temporary): other runs removed it ten times")
    }

    /// A folder of mode 0700. The corresponding C function is `mkdtemp`.
    private static func makeFolder(in temporary: String) throws(PlatformError) -> String {
        var template = Array("\(temporary)/\(prefix)XXXXXX".utf8CString)
        let made = unsafe template.withUnsafeMutableBufferPointer { unsafe mkdtemp($0.baseAddress!) != nil }
        guard made else {
            throw PlatformError(
                "failed to make a folder in \(temporary): \(Errno(rawValue: errno)); TMPDIR names another place")
        }
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Locks a folder that is this user's own; nil where it is not, is gone, or is locked by another run. Where the file
    /// system has no locks, `anyway` takes the folder without, and nobody removes it as left behind.
    private static func lock(_ folder: String, anyway: Bool) -> FileDescriptor? {
        let options: FileDescriptor.OpenOptions = [.directory, .noFollow, .closeOnExec]
        guard let descriptor = try? FileDescriptor.open(FilePath(folder), .readOnly, options: options) else {
            return nil
        }
        let isLocked = flock(descriptor.rawValue, LOCK_EX | LOCK_NB) == 0 || (anyway && errno != EWOULDBLOCK)
        if isLocked, isOwn(descriptor), isSame(descriptor, folder) { return descriptor }
        try? descriptor.close()
        return nil
    }

    private static func removeLeftovers(in temporary: String) {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: temporary)) ?? []
        for name in names where name.hasPrefix(prefix) {
            let folder = "\(temporary)/\(name)"
            guard let lock = lock(folder, anyway: false) else { continue }
            try? FileManager.default.removeItem(atPath: folder)
            try? lock.close()
        }
    }

    private static func isOwn(_ descriptor: FileDescriptor) -> Bool {
        var status = stat()
        return unsafe fstat(descriptor.rawValue, &status) == 0 && status.st_uid == geteuid()
    }

    /// Whether the path still names the folder that is open.
    private static func isSame(_ descriptor: FileDescriptor, _ folder: String) -> Bool {
        guard let opened = try? descriptor.stat(), let named = try? FilePath(folder).stat(followTargetSymlink: false)
        else { return false }
        return FileIdentity(opened) == FileIdentity(named)
    }
}
