import Testing

@testable import Client

@Suite("Empty captures")
struct EmptyCaptureTests {
    private func explanation(_ arguments: String...) throws -> String {
        guard case .capture(let options) = try CommandLineArguments(["my app"] + arguments).invocation() else {
            throw UsageError("no capture")
        }
        return EmptyCapture(options: options).explanation
    }

    @Test(arguments: [
        ([], "requests in plain text pass --interface lo"),
        (["--interface", "lo"], "calls to services pass --interface eth0"),
        (["--interface", "any"], "Nothing passes any but the SSH session"),
        (["--port", "8080"], "The filter names port 8080: behind the platform's proxy"),
        (["-f", "tcp dst port 8080 or (port 443)"], "app's own port on lo: --interface lo"),
        (["--interface", "lo", "--port", "5432"], "its calls to services pass --interface eth0"),
        (["--interface", "any", "--port", "5432"], "port 5432, which nothing uses now"),
        (["--host", "db.internal"], "cf ssh 'my app' -c 'getent ahosts db.internal' shows the addresses"),
        (["--host", "db.internal", "-i", "2-4"], "cf ssh 'my app' -i 2 -c 'getent"),
        (["--host", "db.internal", "--process", "worker"], "cf ssh 'my app' --process 'worker' -c 'getent"),
        (["-f", "icmp"], "Nothing matches the filter 'icmp': leave it out"),
        (["--host", "10.0.0.1"], "Nothing matches the filter 'host 10.0.0.1'"),
    ])
    func `are explained by what the filter names, with what to type`(arguments: [String], words: String) throws {
        var text = ""
        guard case .capture(let options) = try CommandLineArguments(["my app"] + arguments).invocation() else { return }
        text = EmptyCapture(options: options).explanation
        #expect(text.hasPrefix("No packet has come for 10 seconds. ") && text.contains(words), "\(text)")
        #expect(!text.contains("\n"))
    }

    @Test
    func `are explained by all that the filter names`() throws {
        let text = try explanation("--host", "db.internal", "--port", "5432")
        #expect(text.contains("port 5432") && text.contains("db.internal"))
    }
}
