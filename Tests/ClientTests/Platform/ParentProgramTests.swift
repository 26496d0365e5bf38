import Foundation
import Testing

@testable import Client

@Suite("The program of the parent")
struct ParentProgramTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try folder.addExecutable("cf8", "#!/bin/sh\n")
        try folder.add("cwd/notes", "")
        try FileManager.default.createSymbolicLink(
            atPath: folder.path + "/exe", withDestinationPath: folder.path + "/cf8")
    }

    @Test(arguments: [
        ["cf", "pcap", "demo"], ["cf8", "-v", "pcap", "demo"], ["/usr/bin/cf", "pcap"],
    ])
    func `is its executable`(commandLine: [String]) {
        #expect(ParentProgram.program(commandLine: commandLine, in: folder.path) == folder.path + "/cf8")
    }

    @Test
    func `is the script that an interpreter runs`() {
        let script = folder.path + "/cf8"
        let found = ParentProgram.program(commandLine: ["python3", "-I", script, "pcap", "x"], in: folder.path)
        #expect(found == script)
    }

    @Test(arguments: [
        [], ["pcap"], ["bash"], ["bash", "run.sh", "demo"], ["sh", "notes", "pcap"], ["sh", "no", "pcap"],
    ])
    func `is not guessed`(commandLine: [String]) {
        #expect(ParentProgram.program(commandLine: commandLine, in: folder.path) == nil)
    }

    @Test
    func `counts no longer where the file is gone`() throws {
        try FileManager.default.removeItem(atPath: folder.path + "/cf8")
        #expect(ParentProgram.program(commandLine: ["cf", "pcap"], in: folder.path) == nil)
    }
}
