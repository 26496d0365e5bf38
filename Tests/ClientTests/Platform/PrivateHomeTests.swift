import Foundation
import Testing

@testable import Client

@Suite("Private copies of CF_HOME")
struct PrivateHomeTests {
    private let temporary: TemporaryFolder

    init() throws {
        temporary = try TemporaryFolder()
    }

    private func mode(of path: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        return try #require(attributes[.posixPermissions] as? Int)
    }

    @Test
    func `hold the configuration without the refresh token, for nobody else to read`() throws {
        let copies = try PrivateHome(in: temporary.path)
        defer { copies.remove() }
        let folder = "\(temporary.path)/\(try #require(try temporary.names.first))"
        #expect(try mode(of: folder) == 0o700)
        let text = #"{"Target":"https://api","AccessToken":"a","RefreshToken":"r","New":[1,2.5,null,true,{"a":"b"}]}"#
        let configuration = try CFConfiguration(Array(text.utf8))
        let (first, second) = (
            try copies.makeCopy(of: configuration), try copies.makeCopy(of: configuration)
        )
        #expect(first != second && first.hasPrefix(folder))
        let file = first + "/.cf/config.json"
        #expect(try mode(of: file) == 0o600)
        let copied = try JSONDecoder().decode(JSONValue.self, from: Data(contentsOf: URL(fileURLWithPath: file)))
        let expected = text.replacing(#""r""#, with: #""""#)
        #expect(try copied == JSONDecoder().decode(JSONValue.self, from: Data(expected.utf8)))
        copies.discard(first)
        #expect(!FileManager.default.fileExists(atPath: first))
        #expect(FileManager.default.fileExists(atPath: second))
    }

    @Test
    func `leave nothing`() throws {
        let copies = try PrivateHome(in: temporary.path)
        _ = try copies.makeCopy(of: CFConfiguration([]))
        copies.remove()
        #expect(try temporary.names.isEmpty)
    }

    @Test
    func `that killed runs left go with the next run, those of living runs stay`() throws {
        try temporary.add("cf-pcap-home-killed/home/.cf/config.json", "{}")
        let living = try PrivateHome(in: temporary.path)
        defer { living.remove() }
        #expect(try temporary.names.count == 1)
        let next = try PrivateHome(in: temporary.path)
        #expect(try temporary.names.count == 2)
        next.remove()
        #expect(throws: Never.self) { try living.makeCopy(of: CFConfiguration([])) }
    }

    @Test
    func `leave alone what is not theirs`() throws {
        let other = try TemporaryFolder()
        try other.add("precious", "x")
        try FileManager.default.createSymbolicLink(
            atPath: temporary.path + "/cf-pcap-home-link", withDestinationPath: other.path)
        try temporary.add("cf-pcap-home-file", "x")
        try temporary.add("cf-pcap-other-tool/file", "x")
        try PrivateHome(in: temporary.path).remove()
        #expect(try temporary.names == ["cf-pcap-home-file", "cf-pcap-home-link", "cf-pcap-other-tool"])
        #expect(try other.names == ["precious"])
    }

    @Test(.enabled(if: geteuid() == 0))
    func `leave alone what is another user's`() throws {
        try temporary.add("cf-pcap-home-other/file", "x")
        try #require(unsafe chown(temporary.path + "/cf-pcap-home-other", 12345, 12345) == 0)
        try PrivateHome(in: temporary.path).remove()
        #expect(try temporary.names == ["cf-pcap-home-other"])
    }

    @Test
    func `that cannot be made say where and why`() throws {
        let failure = try #require(throws: PlatformError.self) {
            try PrivateHome(in: temporary.path + "/nowhere")
        }
        #expect(failure.description.hasPrefix("failed to make a folder in \(temporary.path)/nowhere: "))
        #expect(failure.description.hasSuffix("; TMPDIR names another place"))
    }
}
