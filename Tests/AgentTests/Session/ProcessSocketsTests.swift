import CLinux
import Testing

@testable import Agent

@Suite("The sockets of a process")
struct ProcessSocketsTests {
    @Test
    func `are found among its descriptors`() throws {
        let connection = try LoopbackConnection(.v4)
        let inodes = ProcessSockets.inodes(of: Int(getpid()))
        for descriptor in connection.descriptors {
            #expect(inodes.contains(LoopbackConnection.inode(of: descriptor)))
        }
        // A file is no socket.
        let file = try TemporaryFile()
        #expect(!inodes.contains(LoopbackConnection.inode(of: file.descriptor)))
    }

    @Test
    func `are none if the process does not exist`() {
        #expect(ProcessSockets.inodes(of: 0).isEmpty)
        #expect(ProcessSockets.inodes(of: Int(Int32.max)).isEmpty)
    }

    @Test(
        arguments: [("socket:[59119]", 59119), ("socket:[0]", 0), ("socket:[18446744073709551615]", .max)]
            as [(String, UInt64)])
    func `have links with their inode numbers`(_ link: String, _ inode: UInt64) {
        #expect(ProcessSockets.inode(ofLink: ByteString(text: link)) == inode)
    }

    @Test(arguments: [
        "", "socket:[]", "socket:[", "socket:]", "socket:[1", "socket:1]", "pipe:[59119]", "/socket:[1]", "socket:[-1]",
        "socket:[1 ]", "socket:[18446744073709551616]", "anon_inode:[eventpoll]", "/dev/null",
    ])
    func `have no other links`(_ link: String) {
        #expect(ProcessSockets.inode(ofLink: ByteString(text: link)) == nil)
    }
}
