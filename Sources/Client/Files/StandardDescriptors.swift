internal import SystemPackage

/// The descriptors that the program was started with.
public enum StandardDescriptors {
    /// Puts something that takes no byte in the place of those that are closed: the output would get the number of one of
    /// them, and the messages that are written to it.
    public static func fill() {
        while let new = try? FileDescriptor.open(FilePath("/dev/null"), .readOnly) {
            if new.rawValue <= FileDescriptor.standardError.rawValue { continue }
            try? new.close()
            return
        }
    }
}
