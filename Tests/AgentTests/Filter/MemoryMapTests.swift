import CLinux
import Testing

@testable import Agent

@Suite("/proc/self/maps")
struct MemoryMapTests {
    @Test(
        arguments: [
            ("7f2b8c000000-7f2b8e000000 rw-s 00000000 00:08 61234 socket:[61234]", 0x7F2B_8C00_0000, 0x7F2B_8E00_0000),
            ("00400000-00401000 r--s 00000000 fd:00 1 /a b", 0x40_0000, 0x40_1000),
            ("0-1 ---s 0", 0, 1), ("7fffffffffffffff-8000000000000000 rw-s 0", Int.max, nil),
        ] as [(String, Int, Int?)])
    func `lists shared mappings`(_ line: String, _ start: Int, _ end: Int?) {
        let range = MemoryMap.sharedRange(line.utf8)
        #expect(range?.lowerBound == UInt(start))
        #expect(range?.upperBound == end.map { UInt($0) } ?? 1 << 63)
    }

    @Test(arguments: [
        // Private mappings.
        "7f2b8c000000-7f2b8e000000 rw-p 00000000 00:00 0", "7ffc1000-7ffc2000 r-xp 00000000 00:00 0 [vdso] s",
        "7f0000000000-7f0000001000 rw-p 00000000 00:01 7 /dev/shm/rw-s (deleted)",
        // No mappings.
        "", " ", "-", "s", "rw-s", "1-2", "1-2 rw-s", "1-2 s 0", "1-2 rws 0", "1-2 rw-sx 0", "2-1 rw-s 0", "1-1 rw-s 0",
        "1 rw-s 0", "1-2-3 rw-s 0", "x-2 rw-s 0", "-2 rw-s 0", "1- rw-s 0", "1ffffffffffffffff-2 rw-s 0",
        "0x1-0x2 rw-s 0",
    ])
    func `lists other mappings, which are skipped`(_ line: String) {
        #expect(MemoryMap.sharedRange(line.utf8) == nil)
    }

    @Test
    func `lists the mappings of this process`() throws {
        let size = 1 << 20
        let shared = unsafe mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)
        defer { unsafe munmap(shared, size) }
        let address = UInt(bitPattern: shared)
        let maps = try #require(contents(of: "/proc/self/maps")).split(separator: UInt8(ascii: "\n"))
        let ranges = maps.compactMap { MemoryMap.sharedRange($0) }
        // The kernel may join the mapping with an adjacent one.
        #expect(ranges.contains { $0.contains(address) && $0.contains(address + UInt(size) - 1) })
    }
}
