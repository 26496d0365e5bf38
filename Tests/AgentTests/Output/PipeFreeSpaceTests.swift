import CLinux
import Testing

@testable import Agent

@Suite("The free space of a pipe")
struct PipeFreeSpaceTests {
    private let page = Int(sysconf(Int32(_SC_PAGESIZE)))

    @Test
    func `is the capacity of an empty pipe, which is widened`() throws {
        let pipe = try TestPipe(flags: O_NONBLOCK)
        let before = cf_pcap_pipe_capacity(pipe.writeEnd)
        var space = PipeFreeSpace(descriptor: pipe.writeEnd)
        #expect(space.capacity == Int(cf_pcap_pipe_capacity(pipe.writeEnd)))
        #expect(space.capacity >= Int(before))
        #expect(space.bytes(for: .max) == space.capacity)
        #expect(pipe.write(space.capacity) == space.capacity)
    }

    @Test
    func `is the capacity of a pipe that is larger than 1 MB from the start`() throws {
        let pipe = try TestPipe(flags: O_NONBLOCK)
        // A pipe of more than 1 MB needs a privilege (pipe(7), pipe-max-size).
        guard cf_pcap_widen_pipe(pipe.writeEnd, 2 << 20) >= 0 else { return }
        #expect(PipeFreeSpace(descriptor: pipe.writeEnd).capacity == 2 << 20)
    }

    @Test
    func `is zero while the pipe is full, and the capacity once it has been read`() throws {
        let pipe = try TestPipe(flags: O_NONBLOCK)
        var space = PipeFreeSpace(descriptor: pipe.writeEnd)
        space.noteWritten(pipe.write(space.capacity))
        #expect(space.bytes(for: .max) == 0)
        #expect(pipe.read(space.capacity).count == space.capacity)
        #expect(space.bytes(for: .max) == space.capacity)
    }

    @Test(arguments: [1, 100, 4095, 4096, 4097, 65_536])
    func `is at most two pages less than what has not been written`(_ count: Int) throws {
        let pipe = try TestPipe(flags: O_NONBLOCK)
        var space = PipeFreeSpace(descriptor: pipe.writeEnd)
        // A new pipe is small if the user has many (pipe(7), pipe-user-pages-soft).
        let count = min(count, space.capacity)
        space.noteWritten(pipe.write(count))
        let pages = (count + page - 1) / page
        #expect(space.bytes(for: .max) >= space.capacity - (pages + 2) * page)
        #expect(space.bytes(for: .max) <= space.capacity - pages * page)
    }

    @Test
    func `is zero after many small writes until they have been read`() throws {
        let pipe = try TestPipe(flags: O_NONBLOCK)
        var space = PipeFreeSpace(descriptor: pipe.writeEnd)
        var writes = 0
        while space.bytes(for: .max) > 0, writes < 1000 {
            space.noteWritten(pipe.write(1))
            writes += 1
        }
        // Two pages count as occupied besides: the next one to write, and one that the reader may have read in part.
        #expect((space.capacity / page - 2...space.capacity / page).contains(writes))
        _ = pipe.read(writes)
        #expect(space.bytes(for: .max) == space.capacity)
    }

    @Test
    func `is zero if the descriptor is not a pipe`() async {
        await #expect(processExitsWith: .success) {
            // Ends the process if the test hangs.
            alarm(60)
            var space = PipeFreeSpace(descriptor: -1)
            #expect(space.bytes(for: .max) == 0)
        }
    }

    @Test(arguments: [1, 100, 2049, 4095, 4096, 5000])
    func `is never more than the pipe accepts if others wrote to it before`(_ size: Int) throws {
        let pipe = try TestPipe(flags: O_NONBLOCK)
        var space = PipeFreeSpace(descriptor: pipe.writeEnd)
        // `(cat file; cf-pcap) | reader` is such a pipe.
        for _ in 0..<100 where pipe.write(size) != size { break }
        while true {
            let promised = space.bytes(for: .max)
            guard promised > 0 else { break }
            try #require(pipe.write(promised) == promised)
            space.noteWritten(promised)
        }
    }

    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func `is never more than the pipe accepts, whatever is written and read`(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let pipe = try TestPipe(flags: O_NONBLOCK)
        var space = PipeFreeSpace(descriptor: pipe.writeEnd)
        var written = 0
        for _ in 0..<5000 {
            if Bool.random(using: &random) {
                let promised = space.bytes(for: .max)
                let wanted = Self.sizes(promised, page).randomElement(using: &random)!
                let count = min(max(wanted, 0), promised)
                guard count > 0 else { continue }
                try #require(pipe.write(count) == count)
                space.noteWritten(count)
                written += count
            } else {
                let sizes = [1, 17, 1000, page - 1, page, page + 1, 3 * page + 5, 100_000, 1 << 20]
                _ = pipe.read(sizes.randomElement(using: &random)!)
            }
        }
        #expect(written > 100_000)
    }

    private static func sizes(_ space: Int, _ page: Int) -> [Int] {
        [1, 24, 116, page / 2 + 1, page - 1, page, page + 1, 2 * page + 1, space / 2, space - 1, space, space]
    }
}
