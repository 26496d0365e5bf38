/// The descriptors that the program was started with.
public enum StandardDescriptors {
    /// Opens /dev/null in the place of each standard stream that is closed: otherwise the output could get the number of
    /// standard error, and messages would be written into it. The corresponding C function is `open`.
    public static func fill() {
        while let new = try? FileDescriptor.open(FilePath("/dev/null"), .readOnly) {
            if new.rawValue <= FileDescriptor.standardError.rawValue { continue }
            try? new.close()
            return
        }
    }
}
