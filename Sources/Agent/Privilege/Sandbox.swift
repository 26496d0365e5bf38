import CLinux

/// The process while packets flow: no system calls but those listed in `CLinux/sandbox.c`.
public enum Sandbox {
    /// What is used in it besides the standard streams. -1 stands for what the session watch does not need.
    public struct Descriptors: Sendable {
        /// The packet socket, and where signals are read.
        let capture: Int32
        let signals: Int32
        let watch: (v4: Int32, v6: Int32)
    }

    /// Enters it. On the packet socket nothing can be sent any more. The corresponding C function is `prctl` with
    /// PR_SET_SECCOMP.
    public static func enter(with descriptors: Descriptors) throws(Failure) {
        let used = cf_pcap_descriptors(
            capture: descriptors.capture, signals: descriptors.signals,
            socket_tables: (descriptors.watch.v4, descriptors.watch.v6))
        guard cf_pcap_enter_sandbox(used) == 0 else {
            throw Failure("failed to enter the sandbox: \(SystemError.last.description)")
        }
    }
}
