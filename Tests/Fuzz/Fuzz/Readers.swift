@testable import Agent

/// Tests the parser of `/proc/net/tcp`: a table in two parts has the same sockets as a whole one.
func fuzzSockets(_ bytes: [UInt8]) {
    guard let first = bytes.first else { return }
    let table = bytes.dropFirst()
    var whole = table
    var sockets: [TCPSocket] = []
    SocketTable.removeRows(from: &whole) { sockets.append($0) }
    require(!whole.contains(UInt8(ascii: "\n")), "a row was left")
    require(table.suffix(whole.count).elementsEqual(whole), "what was left is not the end")

    let split = table.startIndex + Int(first) * table.count / 256
    var part = table[..<split]
    var again: [TCPSocket] = []
    SocketTable.removeRows(from: &part) { again.append($0) }
    part.append(contentsOf: table[split...])
    SocketTable.removeRows(from: &part) { again.append($0) }
    require(sockets == again, "the sockets depend on how the table is split")
    for socket in sockets { requireSameRow(socket) }
}

private func requireSameRow(_ socket: TCPSocket) {
    let row =
        "0: \(column(socket.local)) \(column(socket.remote)) \(hexadecimal(socket.state, 2)) 0:0 0:0 0 0 0 \(socket.inode)"
    require(TCPSocket(row: row.utf8) == socket, "a row written anew reads differently")
    _ = socket.isConnected
}

/// Returns the column of an endpoint in the kernel's notation, in this host's byte order.
private func column(_ endpoint: Endpoint) -> String {
    let words = [endpoint.high >> 32, endpoint.high, endpoint.low >> 32, endpoint.low].map {
        hexadecimal(UInt32(truncatingIfNeeded: $0).bigEndian, 8)
    }
    return "\(words.joined()):\(hexadecimal(endpoint.port, 4))"
}

private func hexadecimal(_ value: some BinaryInteger, _ width: Int) -> String {
    let digits = String(value, radix: 16, uppercase: true)
    return String(repeating: "0", count: width - digits.count) + digits
}

/// Tests the parser of `/proc/PID/stat`.
func fuzzStat(_ bytes: [UInt8]) {
    guard let stat = ProcessStat(bytes) else { return }
    require((0...Int(Int32.max)).contains(stat.parent), "no process has that number")
    let between = [ByteString](repeating: "0", count: 28)
    let ignored: ByteString = stat.ignoresHangup ? "1" : "0"
    let text: ByteString = "1 (\(stat.name)) S \(stat.parent) \(between.joined(separator: " ")) \(ignored)"
    require(ProcessStat(text.bytes) == stat, "the same, written anew, reads differently")
    _ = SSHSession.isDaemon(stat.name)
}

/// Tests the parser of `CF_INSTANCE_PORTS`: a text that is parsed can be skipped as a value of another member.
func fuzzPorts(_ bytes: [UInt8]) {
    let text = ByteString(bytes)
    guard let ports = try? InstancePorts(text) else { return }
    let nested: ByteString = "[{\"other\":\(text),\"internal\":2222,\"internal_tls_proxy\":61002}]"
    require((try? InstancePorts(nested))?.proxyPort(for: 2222) == 61002, "a value is not passed over")
    for index in 0...2 as ClosedRange<Int32> {
        let interface = Interface(name: "any, lo or another", index: index)
        for port in Exclusion.choosePorts(for: nil, on: interface, ports).ports { require(port != 0, "port 0 is none") }
    }
}

/// Tests the parser of `SSH_CONNECTION`.
func fuzzConnection(_ bytes: [UInt8]) {
    // An environment variable contains no NUL.
    guard !bytes.contains(0), let connection = SSHConnection(ByteString(bytes)) else { return }
    let text: ByteString = "\(written(connection.client)) \(written(connection.server))"
    require(SSHConnection(text) == connection, "the same, written anew, reads differently")
}

/// Returns the address and port in the form of `SSH_CONNECTION`, from their form in the log.
private func written(_ endpoint: Endpoint) -> ByteString {
    let logged = endpoint.description.bytes
    guard let colon = logged.lastIndex(of: UInt8(ascii: ":")) else { fatalError("an endpoint has a port") }
    let address = logged[..<colon].filter { $0 != UInt8(ascii: "[") && $0 != UInt8(ascii: "]") }
    return "\(ByteString(address)) \(ByteString(logged[(colon + 1)...]))"
}

/// Tests the parser of command lines, with a NUL between two arguments.
func fuzzArguments(_ bytes: [UInt8]) {
    let arguments = bytes.split(separator: 0, omittingEmptySubsequences: false).map { ByteString($0) }
    do {
        guard case .capture(let options) = try Command(arguments[...], interfaces: ["lo"]) else { return }
        require((1...Options.largestSnaplen).contains(options.snaplen), "libpcap would not take the snaplen")
        _ = FilterRefusal.notCompiled("").failure(for: options.filter)
        let again: [ByteString] = [
            "-interface=\(options.interface)", "--snaplen", "\(options.snaplen)", "-filter", options.filter,
            "-v=\(options.isVerbose ? "true" : "false" as ByteString)",
        ]
        require(
            (try? Command(again[...], interfaces: [])) == .capture(options),
            "the same, written anew, reads differently")
    } catch {
        require(!error.description.isEmpty, "a refusal has no words")
    }
}

/// Tests the parser of `/proc/self/maps`.
func fuzzMaps(_ bytes: [UInt8]) {
    for line in bytes.split(separator: UInt8(ascii: "\n")) {
        guard let range = MemoryMap.sharedRange(line) else { continue }
        require(!range.isEmpty, "a mapping is empty")
        require(line.contains(UInt8(ascii: "s")), "a mapping that is not shared was taken for one that is")
    }
}

/// Tests the parser of the child process's reply, in parts.
func fuzzReply(_ bytes: [UInt8]) {
    var count = 0
    while count < bytes.count {
        let missing = FilterReply.missing(behind: Array(bytes.prefix(count)))
        if missing == 0 { break }
        require(FilterReply(Array(bytes.prefix(count))) == nil, "a part was taken for the whole")
        count += missing
    }
    // The bytes after the reply are not read.
    let whole = Array(bytes.prefix(count))
    guard let reply = FilterReply(whole) else { return }
    require(reply.bytes == whole, "the same, written anew, is different")
}

/// Tests the check for matching parentheses: an expression that passes cannot close a parenthesis around it.
func fuzzParentheses(_ bytes: [UInt8]) {
    guard ByteString(bytes).hasMatchingParentheses else { return }
    var depth = 1
    for byte in bytes {
        depth += byte == UInt8(ascii: "(") ? 1 : byte == UInt8(ascii: ")") ? -1 : 0
        require(depth > 0, "it closes what was opened before it")
    }
    require(depth == 1, "it leaves something open")
}
