import Testing

@testable import Client

@Suite("The command of --on-file")
struct HandoverCommandTests {
    @Test(arguments: [
        ("cp {} x", #"cp "${1}" x"#),
        (#"cp "{}" x"#, #"cp "${1}" x"#),
        ("cp '{}' x", #"cp ''"${1}"'' x"#),
        (#"echo "$(basename {})" {}"#, #"echo "$(basename "${1}")" "${1}""#),
        (#"echo "$(basename "{}")""#, #"echo "$(basename "${1}")""#),
        ("echo `basename {}`", #"echo `basename "${1}"`"#),
        (#"(cat {}; echo "it's (") | x"#, #"(cat "${1}"; echo "it's (") | x"#),
        (#"echo it\'s {}"#, #"echo it\'s "${1}""#),
        (#"echo \{} {}"#, #"echo \{} "${1}""#),
    ])
    func `has the path as one word wherever it stands`(text: String, script: String) throws {
        #expect(try HandoverCommand(text).script == script)
    }

    @Test(arguments: ["", "cp", "cp { }", #"cp \{}"#, "cp }{"])
    func `is refused where it does not take the path`(text: String) {
        let error = #expect(throws: UsageError.self) { try HandoverCommand(text) }
        #expect(error?.description == "it does not say where the file's path goes, write {} there")
    }

    @Test(arguments: ["cp '{}", #"cp {} ""#, "(cp {}", #"echo {} "$(x""#, "echo {} `x", #"cp {} \"#])
    func `is refused where a quote does not end`(text: String) {
        let error = #expect(throws: UsageError.self) { try HandoverCommand(text) }
        #expect(error?.description.hasSuffix("has a quote or a parenthesis without its end") == true)
    }
}
