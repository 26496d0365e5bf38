import CLinux
import Testing

@testable import Agent

@Suite("The room in a pipe")
struct PipeRoomTests {
    private let page = Int(sysconf(Int32(_SC_PAGESIZE)))

    @Test
    func `is all of it while it is empty, and the pipe is widened`() throws {
        let pipe = try TestPipe(flags: O_NONBLOCK)
        let before = cf_pcap_pipe_capacity(pipe.writeEnd)
        var room = PipeRoom(descriptor: pipe.writeEnd)
        #expect(room.capacity == Int(cf_pcap_pipe_capacity(pipe.writeEnd)))
        #expect(room.capacity >= Int(before))
        #expect(room.room(for: .max) == room.capacity)
        #expect(pipe.write(room.capacity) == room.capacity)
    }

    @Test
    func `is left as it is where the pipe is wider than the agent would make it`() throws {
        let pipe = try TestPipe(flags: O_NONBLOCK)
        // Beyond 1 MB only a privileged process may go (pipe(7), pipe-max-size).
        guard cf_pcap_widen_pipe(pipe.writeEnd, 2 << 20) >= 0 else { return }
        #expect(PipeRoom(descriptor: pipe.writeEnd).capacity == 2 << 20)
    }

    @Test
    func `is none while it is full, and all again once it is read`() throws {
        let pipe = try TestPipe(flags: O_NONBLOCK)
        var room = PipeRoom(descriptor: pipe.writeEnd)
        room.noteWritten(pipe.write(room.capacity))
        #expect(room.room(for: .max) == 0)
        #expect(pipe.read(room.capacity).count == room.capacity)
        #expect(room.room(for: .max) == room.capacity)
    }

    @Test(arguments: [1, 100, 4095, 4096, 4097, 65_536])
    func `is at most two pages less than what was not written`(_ count: Int) throws {
        let pipe = try TestPipe(flags: O_NONBLOCK)
        var room = PipeRoom(descriptor: pipe.writeEnd)
        // A user whose pipes are many gets narrow ones (pipe(7), pipe-user-pages-soft).
        let count = min(count, room.capacity)
        room.noteWritten(pipe.write(count))
        let pages = (count + page - 1) / page
        #expect(room.room(for: .max) >= room.capacity - (pages + 2) * page)
        #expect(room.room(for: .max) <= room.capacity - pages * page)
    }

    @Test
    func `is none after many small writes, until they are read`() throws {
        let pipe = try TestPipe(flags: O_NONBLOCK)
        var room = PipeRoom(descriptor: pipe.writeEnd)
        var writes = 0
        while room.room(for: .max) > 0, writes < 1000 {
            room.noteWritten(pipe.write(1))
            writes += 1
        }
        // One for each page but two: that which is written next, and that which the reader has read in part.
        #expect((room.capacity / page - 2...room.capacity / page).contains(writes))
        _ = pipe.read(writes)
        #expect(room.room(for: .max) == room.capacity)
    }

    @Test
    func `is none where nothing is known of the descriptor`() async {
        await #expect(processExitsWith: .success) {
            // Ends a test that hangs.
            alarm(60)
            var room = PipeRoom(descriptor: -1)
            #expect(room.room(for: .max) == 0)
        }
    }

    @Test(arguments: [1, 100, 2049, 4095, 4096, 5000])
    func `is never more than the pipe takes where others wrote into it before`(_ size: Int) throws {
        let pipe = try TestPipe(flags: O_NONBLOCK)
        var room = PipeRoom(descriptor: pipe.writeEnd)
        // As `(cat file; cf-pcap) | reader` does.
        for _ in 0..<100 where pipe.write(size) != size { break }
        while true {
            let promised = room.room(for: .max)
            guard promised > 0 else { break }
            try #require(pipe.write(promised) == promised)
            room.noteWritten(promised)
        }
    }

    /// The promise: what it names is taken whole by a pipe that would block.
    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func `is never more than the pipe takes, whatever is written and read`(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let pipe = try TestPipe(flags: O_NONBLOCK)
        var room = PipeRoom(descriptor: pipe.writeEnd)
        var written = 0
        for _ in 0..<5000 {
            if Bool.random(using: &random) {
                let promised = room.room(for: .max)
                let wanted = Self.sizes(promised, page).randomElement(using: &random)!
                let count = min(max(wanted, 0), promised)
                guard count > 0 else { continue }
                try #require(pipe.write(count) == count)
                room.noteWritten(count)
                written += count
            } else {
                let sizes = [1, 17, 1000, page - 1, page, page + 1, 3 * page + 5, 100_000, 1 << 20]
                _ = pipe.read(sizes.randomElement(using: &random)!)
            }
        }
        #expect(written > 100_000)
    }

    private static func sizes(_ room: Int, _ page: Int) -> [Int] {
        [1, 24, 116, page / 2 + 1, page - 1, page, page + 1, 2 * page + 1, room / 2, room - 1, room, room]
    }
}
