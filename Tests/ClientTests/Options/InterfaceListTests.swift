import Testing

@testable import Client

@Suite("The interfaces that are asked for")
struct InterfaceListTests {
    private func options(_ words: String...) throws -> CaptureOptions {
        guard case .capture(let options) = try CommandLineArguments(["demo"] + words).invocation() else {
            throw UsageError("no capture")
        }
        return options
    }

    @Test(
        arguments: [
            ([], ["eth0"]), (["--interface", "lo"], ["lo"]), (["--interface", "lo,eth0"], ["lo", "eth0"]),
            (["--interface", "lo", "--interface=eth0,lo"], ["lo", "eth0"]), (["--interface", "any"], ["any"]),
        ] as [([String], [String])])
    func `come from one list or several, each of them once`(words: [String], names: [String]) throws {
        guard case .capture(let options) = try CommandLineArguments(["demo"] + words).invocation() else {
            return #expect(Bool(false), "no capture")
        }
        #expect(options.interfaces == names)
    }

    @Test(arguments: [
        ("", "write eth0"), ("lo,", "write eth0"), ("any,lo", "leave out the others"), ("a,b,c,d,e", "4 at once"),
    ])
    func `are refused where they do not go together`(list: String, words: String) {
        let error = #expect(throws: UsageError.self) { try options("--interface", list) }
        #expect(error?.description.contains(words) == true)
    }

    @Test
    func `are in the names of capture points where there are several`() throws {
        let id = InstanceID(process: "web", index: 1)
        #expect(try options("--interface", "lo").points(of: id).map(\.description) == ["web/1"])
        #expect(try options("--interface", "lo,eth0").points(of: id).map(\.description) == ["web/1 lo", "web/1 eth0"])
    }
}
