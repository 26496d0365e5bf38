internal import Subprocess

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The link in Wireshark's folder that makes this program an interface of Wireshark.
public enum ExtcapLink {
    /// Nothing was linked, or removed.
    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    private static let name = "cf-pcap"

    /// Links this program into Wireshark's personal folder. Returns what was done, in a sentence.
    public static func install() async throws(Failure) -> String {
        let folder = try await folder()
        let (link, program) = ("\(folder)/\(name)", try program())
        if let target = target(of: link) {
            guard isOwn(target, program) else { throw inTheWay(link) }
            if target == program { return "'\(link)' is there already, and leads to \(program)" }
            unlink(link)
        } else if FileManager.default.fileExists(atPath: link) {
            throw inTheWay(link)
        }
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: program)
        } catch {
            throw Failure(description: "failed to link '\(link)': \(reason(error))")
        }
        return "linked '\(link)' to \(program): Wireshark lists 'cf pcap' when it is started again"
    }

    /// Removes the link. Returns what was done, in a sentence.
    public static func uninstall() async throws(Failure) -> String {
        let link = "\(try await folder())/\(name)"
        guard let target = target(of: link) else {
            if FileManager.default.fileExists(atPath: link) { throw inTheWay(link) }
            return "there is no '\(link)', nothing to remove"
        }
        guard isOwn(target, try program()) else { throw inTheWay(link) }
        unlink(link)
        guard self.target(of: link) == nil else { throw Failure(description: "failed to remove '\(link)'") }
        return "removed '\(link)'"
    }

    private static func inTheWay(_ link: String) -> Failure {
        Failure(description: "'\(link)' is not a link to this program: it is left as it is, move it away")
    }

    /// Returns whether a link leads to this program, or to one of its names that is no longer there: plugins move.
    private static func isOwn(_ target: String, _ program: String) -> Bool {
        let names = ["cf-pcap-client", "pcap", "cf-pcap"]
        return target == program || names.contains(target.split(separator: "/").last.map(String.init) ?? "")
    }

    private static func target(of link: String) -> String? {
        try? FileManager.default.destinationOfSymbolicLink(atPath: link)
    }

    private static func unlink(_ link: String) {
        try? FileManager.default.removeItem(atPath: link)
    }

    private static func reason(_ error: any Error) -> String {
        let underlying = (error as? CocoaError)?.underlying as? POSIXError
        return underlying.map { "\($0.code)" } ?? "\(error)"
    }

    /// Returns the path of this program. The corresponding call of Linux is readlink(2) of `/proc/self/exe`.
    private static func program() throws(Failure) -> String {
        #if canImport(Darwin)
            var buffer = [CChar](repeating: 0, count: 4 * Int(MAXPATHLEN))
            var size = UInt32(buffer.count)
            guard unsafe _NSGetExecutablePath(&buffer, &size) == 0 else {
                throw Failure(description: "this program's path is not known")
            }
            return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        #else
            guard let path = target(of: "/proc/self/exe") else {
                throw Failure(description: "this program's path is not known, /proc is missing")
            }
            return path
        #endif
    }

    /// Returns Wireshark's personal folder for extcap programs. Newer versions name it, 4.0 reads `extcap` in the folder of
    /// the configuration, and does not.
    private static func folder() async throws(Failure) -> String {
        let answer = try? await Subprocess.run(
            .helper(.name("tshark"), ["-G", "folders"]), output: .string(limit: 1 << 16), error: .discarded)
        guard let text = answer?.standardOutput else {
            throw Failure(description: "there is no 'tshark' in PATH, which tells Wireshark's folders: install tshark")
        }
        guard let folder = personalFolder(in: text) else {
            throw Failure(description: "'tshark -G folders' names no personal folder")
        }
        return folder
    }

    /// Reads the answer of `tshark -G folders`: a name, a colon, white space, a path.
    static func personalFolder(in folders: String) -> String? {
        var paths: [Substring: String] = [:]
        for line in folders.split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { continue }
            let path = parts[1].drop { $0 == " " || $0 == "\t" }
            if path.hasPrefix("/") { paths[parts[0]] = String(path) }
        }
        return paths["Personal Extcap path"] ?? paths["Personal configuration"].map { "\($0)/extcap" }
    }
}
