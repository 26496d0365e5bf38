import CLinux

@testable import Agent

/// Returns the lines that `body` logs, without their times.
func logged(isVerbose: Bool = false, _ body: (Log) -> Void) throws -> [String] {
    let pipe = try TestPipe(flags: O_NONBLOCK)
    let log = Log(descriptor: pipe.writeEnd)
    log.isVerbose = isVerbose
    body(log)
    pipe.closeWriteEnd()
    let text = String(decoding: pipe.read(), as: UTF8.self)
    return text.split(separator: "\n").map { line in
        line.hasPrefix("time=") ? String(line.drop { $0 != " " }.dropFirst()) : String(line)
    }
}
