import CLinux

/// The process while packets flow: no system calls but those listed in `CLinux/sandbox.c`.
public enum Sandbox {
    /// Enters it. On the packet socket, `capture`, nothing can be sent any more. The corresponding C function is `prctl`
    /// with PR_SET_SECCOMP.
    public static func enter(capture: Int32) throws(SetupFailure) {
        cf_pcap_set_memory_aside()
        guard cf_pcap_enter_sandbox(capture) == 0 else {
            throw SetupFailure("failed to enter the sandbox: \(SystemError.last.description)")
        }
    }
}
