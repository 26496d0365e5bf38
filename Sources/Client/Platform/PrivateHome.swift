#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

#if canImport(System)
    import System
#else
    import SystemPackage
#endif

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// A run's own copies of CF_HOME, in a folder that nobody else may read.
///
/// cf writes its configuration anew when it ends, from what it read when it started. With copies, a `cf target` made
/// during a capture stays, and processes of cf that run at once do not get in each other's way. The lock on the folder
/// tells a run that lives from one that was killed: the kernel gives it up with the process.
public final class PrivateHome: Sendable {
    private static let prefix = "cf-pcap-home-"
    private static let configuration = ".cf/config.json"

    /// The home of commands that run one after the other; it has the newest tokens.
    let shared: String
    private let source: String
    private let folder: String
    private let lock: FileDescriptor

    /// Copies the configuration under `home` into a new folder in `temporary`, and removes what killed runs left there.
    init(copying home: String, in temporary: String) throws(PlatformError) {
        source = home
        Self.removeLeftovers(in: temporary)
        (folder, lock) = try Self.makeLockedFolder(in: temporary)
        shared = folder + "/home"
        do throws(PlatformError) {
            try Self.copy(from: home, to: shared)
        } catch {
            remove()
            throw error
        }
    }

    /// A new copy, for one process of cf that runs beside others. `discard` removes it.
    public func makeCopy() throws(PlatformError) -> String {
        let copy = "\(folder)/\(UUID().uuidString)"
        try Self.copy(from: shared, to: copy)
        return copy
    }

    /// Copies the configuration again, since its tokens are newer. No process of cf may be at work on the shared copy,
    /// but copies may be made of it meanwhile. The corresponding C function is `rename`.
    func renew() throws(PlatformError) {
        let new = "\(folder)/renewed"
        defer { discard(new) }
        try Self.copy(from: source, to: new)
        if unsafe rename("\(new)/\(Self.configuration)", "\(shared)/\(Self.configuration)") != 0 { discard(shared) }
    }

    /// Removes a copy that its process has left.
    public func discard(_ copy: String) {
        try? FileManager.default.removeItem(atPath: copy)
    }

    /// Removes everything.
    public func remove() {
        try? FileManager.default.removeItem(atPath: folder)
        try? lock.close()
    }

    /// The configuration as it is now.
    func readConfiguration() throws(PlatformError) -> [UInt8] {
        try Self.readConfiguration(of: shared) ?? []
    }

    // MARK: Copies

    private static func copy(from home: String, to copy: String) throws(PlatformError) {
        let bytes = try readConfiguration(of: home)
        let path = "\(copy)/\(configuration)"
        do {
            try FileManager.default.createDirectory(atPath: "\(copy)/.cf", withIntermediateDirectories: true)
            // Without a configuration, cf says itself that nobody is logged in.
            guard let bytes else { return }
            let file = try FileDescriptor.open(
                FilePath(path), .writeOnly, options: [.create, .exclusiveCreate, .closeOnExec],
                permissions: .ownerReadWrite)
            try file.closeAfter { _ = try file.writeAll(bytes) }
        } catch {
            throw PlatformError("failed to copy cf's configuration to \(path): \(describe(error))")
        }
    }

    /// nil where there is no such file.
    private static func readConfiguration(of home: String) throws(PlatformError) -> [UInt8]? {
        let path = "\(home)/\(configuration)"
        do {
            // Without waiting, should somebody have put a pipe there.
            let file = try FileDescriptor.open(FilePath(path), .readOnly, options: [.nonBlocking, .closeOnExec])
            return try file.closeAfter { try file.readAll(limit: 16 << 20) }
        } catch Errno.noSuchFileOrDirectory {
            return nil
        } catch {
            throw PlatformError("failed to read cf's configuration \(path): \(describe(error))")
        }
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
        var (opened, named) = (stat(), stat())
        return unsafe fstat(descriptor.rawValue, &opened) == 0 && (unsafe lstat(folder, &named)) == 0
            && (opened.st_dev, opened.st_ino) == (named.st_dev, named.st_ino)
    }

    private static func describe(_ error: any Error) -> String {
        (error as? Errno).map { "\($0)" } ?? "\(error)"
    }
}

extension FileDescriptor {
    /// All bytes up to the end. Throws `Errno.fileTooLarge` behind the limit.
    fileprivate func readAll(limit: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while true {
            let part = try unsafe [UInt8](unsafeUninitializedCapacity: 65_536) { buffer, count in
                count = try unsafe read(into: UnsafeMutableRawBufferPointer(buffer))
            }
            if part.isEmpty { return bytes }
            bytes += part
            guard bytes.count <= limit else { throw Errno.fileTooLarge }
        }
    }
}
