import CLinux

/// The error of a failed system call.
struct SystemError: Error, Equatable, Sendable {
    /// The number of the error, a value of `errno`.
    let number: Int32

    /// The error of this thread's last failed call.
    static var last: SystemError { SystemError(number: cf_pcap_errno()) }

    /// The error in words.
    ///
    /// The corresponding C function is `strerror`.
    var description: ByteString {
        // strerror(3) never returns a null pointer. The text is copied before another call can change it.
        unsafe ByteString(cString: strerror(number))
    }
}
