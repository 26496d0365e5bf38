#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The program that a process runs, found so that a plugin uses the CLI that started it: there may be several.
enum ParentProgram {
    /// Returns the path of the CLI that runs as this process; nil if it cannot be found, or is no longer there.
    static func path(of process: Int32) -> String? {
        #if canImport(Darwin)
            // The corresponding C function is `proc_pidpath`.
            var buffer = [CChar](repeating: 0, count: 4 * Int(MAXPATHLEN))
            let length = unsafe proc_pidpath(process, &buffer, UInt32(buffer.count))
            guard length > 0 else { return nil }
            let path = String(decoding: buffer.prefix(Int(length)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
            return isProgram(path) ? path : nil
        #else
            return program(commandLine: commandLine(of: process), in: "/proc/\(process)")
        #endif
    }

    /// Returns the program behind a command line of the form `cf pcap APP`, or `INTERPRETER … cf pcap APP`: a CLI that is a
    /// script is named by the word before `pcap`. `folder` holds `exe` and `cwd` (proc_pid_exe(5), proc_pid_cwd(5)).
    static func program(commandLine: [String], in folder: String) -> String? {
        let words = commandLine.filter { $0 != "-v" }
        guard let command = words.dropFirst().firstIndex(of: "pcap") else { return nil }
        let program: String?
        if command == 1 {
            program = try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/exe")
        } else {
            let script = words[command - 1]
            program = script.hasPrefix("/") ? script : "\(folder)/cwd/\(script)"
        }
        return program.flatMap { isProgram($0) ? $0 : nil }
    }

    /// Reads the arguments of a process. proc_pid_cmdline(5): each ends with a zero byte.
    private static func commandLine(of process: Int32) -> [String] {
        let path = FilePath("/proc/\(process)/cmdline")
        guard let file = try? FileDescriptor.open(path, .readOnly, options: .closeOnExec),
            let bytes = try? file.closeAfter({ try file.readAll(limit: 1 << 20) })
        else { return [] }
        return bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Returns whether a path names a file that can be executed.
    static func isProgram(_ path: String) -> Bool {
        var isFolder = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && !isFolder
            && FileManager.default.isExecutableFile(atPath: path)
    }
}
