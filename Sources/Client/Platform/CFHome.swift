#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The folder that holds the person's own configuration of cf.
struct CFHome: Sendable {
    /// The configuration's place in a home.
    static let configuration = ".cf/config.json"

    /// The folder: CF_HOME, or HOME.
    let path: String

    /// Finds the folder as cf does. Throws if neither variable is set.
    init(in environment: [String: String]) throws(PlatformError) {
        guard let path = ["CF_HOME", "HOME"].compactMap({ environment[$0] }).first(where: { !$0.isEmpty }) else {
            throw PlatformError("neither CF_HOME nor HOME is set: cf's configuration cannot be found")
        }
        self.path = path
    }

    /// Reads the configuration as it is now. Without a file, cf says itself that nobody is logged in.
    func read() throws(PlatformError) -> CFConfiguration {
        try CFConfiguration(try readBytes())
    }

    private func readBytes() throws(PlatformError) -> [UInt8] {
        let file = "\(path)/\(Self.configuration)"
        do {
            // Without waiting, should somebody have put a pipe there.
            let descriptor = try FileDescriptor.open(FilePath(file), .readOnly, options: [.nonBlocking, .closeOnExec])
            return try descriptor.closeAfter { try descriptor.readAll(limit: 16 << 20) }
        } catch Errno.noSuchFileOrDirectory {
            return []
        } catch {
            throw PlatformError("failed to read cf's configuration \(file): \(Self.describe(error))")
        }
    }

    /// Returns an error as people read it.
    static func describe(_ error: any Error) -> String {
        (error as? Errno).map { "\($0)" } ?? "\(error)"
    }
}
