internal import Subprocess

/// The output of a command that ran in an instance.
struct SessionOutput: Sendable {
    /// The end of the process of cf; its exit status is the command's, if that ran.
    let status: SessionEnd.Status
    /// The bytes on standard output.
    let output: [UInt8]
    /// The bytes on standard error.
    let errors: [UInt8]
}

extension SessionOutput {
    init(_ result: CFCommand.Result) {
        self.init(status: SessionEnd.Status(result.status), output: result.output, errors: result.errors)
    }
}

extension SessionEnd.Status {
    init(_ status: TerminationStatus) {
        switch status {
        case .exited(let code): self = .exited(Int(code))
        case .signaled(let signal): self = .signaled(Int(signal))
        }
    }
}
