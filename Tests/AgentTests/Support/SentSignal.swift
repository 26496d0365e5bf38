import CLinux

/// Writes to a pipe what signalfd(2) gives for a signal, for `Signals` to read from its other end.
func sendSignal(_ signal: Int32, to writeEnd: Int32) {
    var information = signalfd_siginfo()
    information.ssi_signo = UInt32(signal)
    _ = unsafe withUnsafeBytes(of: &information) { unsafe write(writeEnd, $0.baseAddress, $0.count) }
}
