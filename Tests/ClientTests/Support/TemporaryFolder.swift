import Foundation

/// A folder that goes when the test has ended.
final class TemporaryFolder {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.path + "/cf-pcap-tests-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// Adds a file, and the folders that its name leads through. Returns its path.
    @discardableResult
    func add(_ name: String, _ text: String) throws -> String {
        let file = URL(fileURLWithPath: "\(path)/\(name)")
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
        return file.path
    }

    /// Adds a file that can be executed. Returns its path.
    ///
    /// A process of its own writes it: what a child that another test is making has open for writing, if only for a
    /// moment, cannot be executed (ETXTBSY).
    @discardableResult
    func addExecutable(_ name: String, _ text: String) throws -> String {
        let path = "\(path)/\(name)"
        let source = try add(name + ".text", text)
        try Process.run(URL(fileURLWithPath: "/bin/cp"), arguments: [source, path]).waitUntilExit()
        try FileManager.default.removeItem(atPath: source)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
        return path
    }

    /// The names in it.
    var names: [String] {
        get throws { try Self.names(in: path) }
    }

    static func names(in path: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path).sorted()
    }
}
