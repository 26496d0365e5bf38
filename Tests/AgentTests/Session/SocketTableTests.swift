import Testing

@testable import Agent

@Suite("/proc/net/tcp and tcp6")
struct SocketTableTests {
    private let row =
        "   1: 02004D0A:08AE 01004D0A:CC48 01 00000000:00000000 02:000AFC63 00000000     0        0 60671 4 0 20 4 17 22 -1"

    private func socket(_ row: String) -> TCPSocket? {
        TCPSocket(row: [UInt8](row.utf8))
    }

    // MARK: Real tables

    @Test
    func `list OpenSSH's listener and a connection to it`() throws {
        let sockets = try Fixture.sockets("tcp-openssh-one-session")
        let server = Endpoint(v4: 0x0A4D_0002, port: 2222)
        #expect(
            sockets == [
                TCPSocket(
                    local: Endpoint(v4: 0, port: 2222), remote: Endpoint(v4: 0, port: 0), state: 0x0A, inode: 60670),
                TCPSocket(local: server, remote: Endpoint(v4: 0x0A4D_0001, port: 0xCC48), state: 0x01, inode: 60671),
            ])
        #expect(sockets.map { $0.isListening } == [true, false])
        #expect(sockets.map { $0.isConnected } == [false, true])
    }

    @Test
    func `list nothing if there is only the heading`() throws {
        #expect(try Fixture.sockets("tcp6-openssh-one-session").isEmpty)
    }

    @Test
    func `list the sockets of a dual-stack listener in tcp6`() throws {
        let sockets = try Fixture.sockets("tcp6-diego-sshd-three-sessions")
        #expect(sockets.count == 5)
        #expect(sockets[0].isListening)
        #expect(sockets[0].local == Endpoint(high: 0, low: 0, port: 2222))
        #expect(sockets[1].local == Endpoint(high: 0, low: 1, port: 2222))
        #expect(sockets[2].local == Endpoint(v4: 0x0A4D_0002, port: 2222))
        #expect(sockets[2].remote == Endpoint(v4: 0x0A4D_0001, port: 0xCC46))
    }

    @Test
    func `list both ends of a connection, one of them mapped`() throws {
        let server = try #require(try Fixture.sockets("tcp6-diego-sshd-three-sessions").first { $0.inode == 59195 })
        let client = try #require(try Fixture.sockets("tcp-diego-sshd-three-sessions").first { $0.inode == 59194 })
        #expect(client.local == server.remote)
        #expect(client.remote == server.local)
    }

    @Test
    func `list sockets of every state`() throws {
        let sockets = try Fixture.sockets("tcp-many-sockets") + Fixture.sockets("tcp6-many-sockets")
        #expect(sockets.count == 239 + 155)
        #expect(sockets.filter { $0.isListening }.count == 2)
        #expect(sockets.filter { $0.isConnected }.count == 190 + 132 + 11)
        #expect(sockets.allSatisfy { $0.inode != 0 || !$0.isConnected })
    }

    // MARK: Addresses

    @Test(
        arguments: [
            ("0100007F:1F90", 0x7F00_0001, 8080), ("00000000:0000", 0, 0), ("FFFFFFFF:FFFF", 0xFFFF_FFFF, 65535),
            ("02004D0A:08AE", 0x0A4D_0002, 2222), ("0a0b0c0d:00ff", 0x0D0C_0B0A, 255),
            ("0000000000000000FFFF00000100007F:1F90", 0x7F00_0001, 8080),
        ] as [(String, UInt32, UInt16)])
    func `have IPv4 addresses in the host's byte order, equal to the mapped ones`(
        _ column: String, _ address: UInt32, _ port: UInt16
    ) {
        #expect(Endpoint(column: column.utf8) == Endpoint(v4: address, port: port))
    }

    @Test
    func `have IPv6 addresses in four words of the host's byte order`() {
        #expect(
            Endpoint(column: "B80D01200000000000000000EFCDAB89:0016".utf8)
                == Endpoint(high: 0x2001_0DB8_0000_0000, low: 0x0000_0000_89AB_CDEF, port: 22))
        #expect(
            Endpoint(column: "00000000000000000000000001000000:08AE".utf8) == Endpoint(high: 0, low: 1, port: 2222))
    }

    @Test(arguments: [
        "", ":", "0100007F", "0100007F:", ":1F90", "0100007:1F90", "0100007F0:1F90", "0100007G:1F90", "0100007F:1F9",
        "0100007F:1F900", "0100007F:1F9G", "0100007F:1F90:1F90", "0100007F 1F90", "-100007F:1F90", "0x00007F:1F90",
        "0000000000000000FFFF00000100007:1F90", "0000000000000000FFFF00000100007F0:1F90",
        "0000000000000000FFFF0000G100007F:1F90", "00000000FFFF00000100007F:1F90",
    ])
    func `have no addresses of another form`(_ column: String) {
        #expect(Endpoint(column: column.utf8) == nil)
    }

    // MARK: Rows

    @Test
    func `list a socket in a row`() {
        #expect(socket(row)?.inode == 60671)
        #expect(socket(row)?.local.port == 2222)
    }

    @Test
    func `list no socket in a row that is truncated before the inode number`() {
        let end = row.utf8.count - "4 0 20 4 17 22 -1".utf8.count
        let start = end - " 60671 ".utf8.count
        for length in 0...start { #expect(socket(String(row.prefix(length))) == nil, "\(length) bytes") }
        #expect(socket(String(row.prefix(end))) != nil)
    }

    @Test(arguments: [
        ("02004D0A", "0200ZD0A"), (" 01 ", " 0G "), (" 01 ", " 101 "), ("60671", "-1"), ("60671", "x"),
        ("60671", "18446744073709551616"), ("08AE", "8AE"), ("CC48", "1CC48"),
    ])
    func `list no socket in a row with a malformed column`(_ column: String, _ garbage: String) {
        #expect(socket(row.replacing(column, with: garbage, maxReplacements: 1)) == nil)
    }

    @Test(arguments: [
        "", " ", "\0\0\0\0",
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode",
        ": : : : : : : : : :", "0 1 2 3 4 5 6 7 8 9 10",
    ])
    func `list no socket in a line of another form`(_ line: String) {
        #expect(socket(line) == nil)
    }

    @Test
    func `have any number of blanks between columns`() {
        #expect(socket(row.replacing(" ", with: "   ")) == socket(row))
    }

    @Test(arguments: [
        ("01", 1, true), ("08", 1, true), ("01", 0, false), ("08", 0, false), ("02", 1, false), ("03", 1, false),
        ("04", 1, false), ("05", 1, false), ("06", 1, false), ("07", 1, false), ("09", 1, false), ("0A", 1, false),
        ("0B", 1, false), ("0C", 1, false),
    ])
    func `list a socket as connected if a process holds it and its peer can still receive`(
        _ state: String, _ inode: Int, _ isConnected: Bool
    ) throws {
        let row = row.replacing(" 01 ", with: " \(state) ").replacing("60671", with: "\(inode)")
        #expect(try #require(socket(row)).isConnected == isConnected)
    }

    @Test
    func `are read up to the last newline`() {
        let whole = "heading\n\(row)\ngarbage\n\(row)\n"
        var text = [UInt8]("\(whole)\(row)".utf8)[...]
        var count = 0
        SocketTable.removeRows(from: &text) { _ in count += 1 }
        #expect(count == 2)
        #expect(text.elementsEqual(row.utf8))
    }

    @Test
    func `are parsed in a time that is proportional to the number of rows`() throws {
        let fixture = try Fixture.bytes("tcp6-many-sockets").split(separator: UInt8(ascii: "\n"))
        var table = [UInt8]()
        for index in 0..<10_000 {
            table.append(contentsOf: index == 0 ? fixture[0] : fixture[1 + index % (fixture.count - 1)])
            table.append(UInt8(ascii: "\n"))
        }
        var rest = table[...]
        var count = 0
        let before = threadTime()
        SocketTable.removeRows(from: &rest) { _ in count += 1 }
        let seconds = threadTime() - before
        print("10,000 rows of tcp6, \(table.count) bytes: \(seconds) s in this build")
        #expect(count == 9999)
        // The limit is for a debug build. A time proportional to the square of the number would be minutes.
        #expect(seconds < 30)
    }
}
