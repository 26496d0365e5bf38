/// The answers to Wireshark, which starts this program for each question and shows its standard error in a dialog.
public enum Extcap {
    /// Prints the answer to a question that is no capture. Asks the platform only for the apps, since Wireshark asks all
    /// else whenever it starts. Throws ``PlatformError`` if the platform does not tell them.
    public static func answer(_ request: ExtcapRequest) async throws {
        switch request {
        case .interfaces: print(ExtcapAnswer.interfaces, terminator: "")
        case .linkTypes: print(ExtcapAnswer.linkTypes, terminator: "")
        case .configuration: print(ExtcapAnswer.configuration, terminator: "")
        case .reload(let field): try await printValues(of: field)
        case .capture: break
        }
    }

    private static func printValues(of field: String) async throws {
        guard field == "app" || field == ExtcapField.app.option else { return }
        let cf = try await CF.open(startedBy: nil)
        do {
            print(ExtcapAnswer.apps(try await cf.appNames()), terminator: "")
        } catch {
            await cf.close()
            throw error
        }
        await cf.close()
    }

    /// Throws unless a path names a FIFO of this user: anybody could make another one in a folder for all.
    public static func checkFIFO(_ path: String) throws(UsageError) {
        guard let there = try? FilePath(path).stat(followTargetSymlink: false) else {
            throw UsageError("there is no FIFO '\(path)'")
        }
        guard there.type == .fifo, there.userID.rawValue == geteuid() else {
            throw UsageError("'\(path)' is no FIFO of this user, Wireshark makes one for each capture")
        }
    }
}
