internal import Subprocess

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension Configuration {
    /// Prepares a program that helps with the capture: tshark, Wireshark, a person's command for a file.
    ///
    /// The program leads a session of its own: a Ctrl-C is for the capture, and a question at the terminal fails instead of
    /// waiting. It gets the variables of `environment` but for those of cf (`CF_…`): it needs neither cf's configuration nor
    /// a password.
    static func helper(
        _ program: Executable, _ arguments: [String],
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) -> Configuration {
        var options = PlatformOptions()
        options.createSession = true
        return Configuration(
            executable: program, arguments: Arguments(arguments),
            environment: .only(environment.filter { !$0.key.hasPrefix("CF_") }), platformOptions: options)
    }
}

extension Environment {
    /// These variables, and none of this process's others.
    static func only(_ variables: [String: String]) -> Environment {
        .custom(Dictionary(uniqueKeysWithValues: variables.map { (.init(stringLiteral: $0), $1) }))
    }
}
