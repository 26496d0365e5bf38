import CLinux
import Testing

@testable import Agent

@Suite("Files")
struct FileTests {
    @Test(arguments: [0, 1, 4095, 4096, 4097, 20_000])
    func `are read whole`(_ count: Int) throws {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
        let file = try TemporaryFile(bytes)
        #expect(contents(of: "/proc/self/fd/\(file.descriptor)") == bytes)
    }

    @Test
    func `are nil if they cannot be opened or read`() {
        #expect(contents(of: "/proc/self/no such file") == nil)
        #expect(contents(of: "/proc/self") == nil)
    }

    @Test
    func `have an error if they cannot be opened`() {
        let error = #expect(throws: SystemError.self) { _ = try FileDescriptor(reading: "/proc/self/no such file") }
        #expect(error == SystemError(number: ENOENT))
        #expect(error?.description == "No such file or directory")
    }

    @Test
    func `are closed when their descriptor is destroyed`() throws {
        let pipe = try TestPipe()
        var entry = pollfd(fd: pipe.writeEnd, events: 0, revents: 0)
        do {
            let owner = FileDescriptor(owning: pipe.giveAwayReadEnd())
            _ = owner.rawValue
            #expect(unsafe poll(&entry, 1, 0) == 0)
        }
        // A child process of another test may hold the descriptor for a moment.
        #expect(unsafe poll(&entry, 1, 10_000) == 1)
        #expect(entry.revents & Int16(POLLERR) != 0)
    }
}
