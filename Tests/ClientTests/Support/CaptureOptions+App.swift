import ArgumentParser

@testable import Client

extension CaptureOptions {
    /// The options of a command line that names an app alone.
    init(app: String) {
        do {
            self = try CaptureOptions.parse([app])
        } catch {
            fatalError("\(error)")
        }
    }
}
