import Foundation
import Testing

@testable import Client

@Suite("Private copies of CF_HOME")
struct PrivateHomeTests {
    private let home: TemporaryFolder
    private let temporary: TemporaryFolder

    init() throws {
        home = try TemporaryFolder()
        temporary = try TemporaryFolder()
        try home.add(".cf/config.json", #"{"Target":"https://api.example.com"}"#)
    }

    private func mode(of path: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        return try #require(attributes[.posixPermissions] as? Int)
    }

    @Test
    func `hold the configuration, for nobody else to read`() throws {
        let copies = try PrivateHome(copying: home.path, in: temporary.path)
        defer { copies.remove() }
        let folder = "\(temporary.path)/\(try #require(try temporary.names.first))"
        #expect(try mode(of: folder) == 0o700)
        #expect(copies.shared.hasPrefix(folder))
        let file = copies.shared + "/.cf/config.json"
        #expect(try mode(of: file) == 0o600)
        #expect(try String(contentsOfFile: file, encoding: .utf8) == #"{"Target":"https://api.example.com"}"#)
    }

    @Test
    func `are made anew from the newest for each session`() throws {
        let copies = try PrivateHome(copying: home.path, in: temporary.path)
        defer { copies.remove() }
        try "new".write(toFile: copies.shared + "/.cf/config.json", atomically: true, encoding: .utf8)
        let (first, second) = (try copies.makeCopy(), try copies.makeCopy())
        #expect(first != second)
        #expect(try String(contentsOfFile: first + "/.cf/config.json", encoding: .utf8) == "new")
        copies.discard(first)
        #expect(!FileManager.default.fileExists(atPath: first))
        #expect(FileManager.default.fileExists(atPath: second))
    }

    @Test
    func `leave nothing`() throws {
        let copies = try PrivateHome(copying: home.path, in: temporary.path)
        _ = try copies.makeCopy()
        copies.remove()
        #expect(try temporary.names.isEmpty)
    }

    @Test
    func `that killed runs left go with the next run, those of living runs stay`() throws {
        try temporary.add("cf-pcap-home-killed/home/.cf/config.json", "{}")
        let living = try PrivateHome(copying: home.path, in: temporary.path)
        defer { living.remove() }
        #expect(try temporary.names.count == 1)
        let next = try PrivateHome(copying: home.path, in: temporary.path)
        #expect(try temporary.names.count == 2)
        next.remove()
        #expect(FileManager.default.fileExists(atPath: living.shared))
    }

    @Test
    func `leave alone what is not theirs`() throws {
        let other = try TemporaryFolder()
        try other.add("precious", "x")
        try FileManager.default.createSymbolicLink(
            atPath: temporary.path + "/cf-pcap-home-link", withDestinationPath: other.path)
        try temporary.add("cf-pcap-home-file", "x")
        try temporary.add("cf-pcap-other-tool/file", "x")
        try PrivateHome(copying: home.path, in: temporary.path).remove()
        #expect(try temporary.names == ["cf-pcap-home-file", "cf-pcap-home-link", "cf-pcap-other-tool"])
        #expect(try other.names == ["precious"])
    }

    @Test(.enabled(if: geteuid() == 0))
    func `leave alone what is another user's`() throws {
        try temporary.add("cf-pcap-home-other/file", "x")
        try #require(unsafe chown(temporary.path + "/cf-pcap-home-other", 12345, 12345) == 0)
        try PrivateHome(copying: home.path, in: temporary.path).remove()
        #expect(try temporary.names == ["cf-pcap-home-other"])
    }

    @Test
    func `are empty where nobody has logged in`() throws {
        let nobody = try TemporaryFolder()
        let copies = try PrivateHome(copying: nobody.path, in: temporary.path)
        defer { copies.remove() }
        #expect(try copies.readConfiguration().isEmpty)
    }

    @Test
    func `that cannot be made say where and why`() throws {
        let failure = try #require(throws: PlatformError.self) {
            try PrivateHome(copying: home.path, in: temporary.path + "/nowhere")
        }
        #expect(failure.description.hasPrefix("failed to make a folder in \(temporary.path)/nowhere: "))
        #expect(failure.description.hasSuffix("; TMPDIR names another place"))
        try home.add(".cf/config.json", String(repeating: " ", count: 17 << 20))
        #expect(throws: PlatformError.self) { try PrivateHome(copying: home.path, in: temporary.path) }
        #expect(try temporary.names.isEmpty)
    }
}
