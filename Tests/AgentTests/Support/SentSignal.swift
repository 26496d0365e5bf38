import CLinux

/// Writes a signal to a pipe in the format of signalfd(2). `Signals` can read it from the other end.
func sendSignal(_ signal: Int32, to writeEnd: Int32) {
    var information = signalfd_siginfo()
    information.ssi_signo = UInt32(signal)
    _ = unsafe withUnsafeBytes(of: &information) { unsafe write(writeEnd, $0.baseAddress, $0.count) }
}
