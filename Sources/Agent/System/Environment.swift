import CLinux

/// Returns the value of an environment variable, or nil if the variable is not set.
///
/// The corresponding C function is `getenv`.
func environment(_ name: ByteString) -> ByteString? {
    unsafe name.withCString { name in
        guard let value = unsafe getenv(name) else { return nil }
        return unsafe ByteString(cString: value)
    }
}
