import Dispatch
import Testing

@testable import Client

@Suite("Registering the plugin")
struct PluginRegistrationTests {
    /// The CLI's side: a port that reads a call of this length, and answers.
    private static func answering(
        _ reply: [UInt8], to count: Int, _ body: (UInt16) throws -> Void
    ) throws -> [UInt8] {
        #if canImport(Darwin)
            let listener = socket(AF_INET, SOCK_STREAM, 0)
        #else
            let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #endif
        defer { close(listener) }
        // A socket that listens without having been bound gets a port of its own.
        try #require(listen(listener, 1) == 0)
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                #if canImport(Darwin)
                    unsafe getsockname(listener, $0, &size)
                #else
                    unsafe getsockname(listener, __SOCKADDR_ARG(__sockaddr__: $0), &size)
                #endif
            }
        }
        try #require(status == 0)
        let received = Received()
        let conversation = DispatchGroup()
        DispatchQueue.global().async(group: conversation) {
            #if canImport(Darwin)
                let connection = unsafe accept(listener, nil, nil)
            #else
                let connection = unsafe accept(listener, __SOCKADDR_ARG(__sockaddr__: nil), nil)
            #endif
            var buffer = [UInt8](repeating: 0, count: 65_536)
            while received.bytes.count < count {
                let part = unsafe read(connection, &buffer, buffer.count)
                if part <= 0 { break }
                received.bytes += buffer.prefix(part)
            }
            _ = unsafe write(connection, reply, reply.count)
            close(connection)
        }
        defer { conversation.wait() }
        try body(UInt16(bigEndian: address.sin_port))
        conversation.wait()
        return received.bytes
    }

    @Test
    func `tells cf what there is, and waits for the answer`() throws {
        let call = PluginMetadata.client.call
        let received = try Self.answering([1], to: call.count) { try PluginRegistration.register(port: $0) }
        #expect(received == call)
    }

    @Test
    func `fails where cf hangs up`() throws {
        _ = try Self.answering([], to: PluginMetadata.client.call.count) { port in
            let failure = try #require(throws: PluginRegistration.Failure.self) {
                try PluginRegistration.register(port: port)
            }
            #expect(failure.description.contains("without an answer"))
        }
    }

    @Test
    func `fails where nobody listens`() throws {
        let failure = try #require(throws: PluginRegistration.Failure.self) {
            try PluginRegistration.register(port: 1)
        }
        #expect(failure.description.contains("cf cannot be reached at port 1: "))
    }
}

/// Written by one thread, read after that has ended.
private final class Received: @unchecked Sendable {
    var bytes: [UInt8] = []
}
