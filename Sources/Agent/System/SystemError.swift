import CLinux

/// A failed system call's error number.
public struct SystemError: Error, Equatable, Sendable {
    /// The value of `errno`.
    public let number: Int32

    /// What the last failed call in this thread left in `errno`.
    static var last: SystemError { SystemError(number: cf_pcap_errno()) }

    /// The error in words. The corresponding C function is `strerror`.
    public var description: ByteString {
        // strerror(3) never returns a null pointer; its text is copied before the next call could change it.
        unsafe ByteString(cString: strerror(number))
    }
}
