/// The size of a terminal.
struct TerminalSize: Equatable {
    var columns = 80
    var rows = 24

    /// The size of a terminal that may be resized at any time; 80 by 24 where it does not tell.
    /// The corresponding C function is `ioctl` with `TIOCGWINSZ`.
    static func of(_ descriptor: Int32) -> TerminalSize {
        var size = winsize()
        guard unsafe ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else {
            return TerminalSize()
        }
        return TerminalSize(columns: Int(size.ws_col), rows: Int(size.ws_row))
    }
}
