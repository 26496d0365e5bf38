import CLinux

extension TestPipe {
    /// Writes what signalfd(2) gives for a signal, so that `Signals` can read it from the pipe.
    func send(_ signal: Int32) {
        var information = signalfd_siginfo()
        information.ssi_signo = UInt32(signal)
        _ = unsafe withUnsafeBytes(of: &information) { unsafe CLinux.write(writeEnd, $0.baseAddress, $0.count) }
    }
}
