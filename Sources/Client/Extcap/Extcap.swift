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
}
