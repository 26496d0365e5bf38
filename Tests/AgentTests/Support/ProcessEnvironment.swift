import CLinux

/// Sets or removes an environment variable. Only a test with its own process may call this.
func setVariable(_ name: String, to value: String?) {
    if let value {
        unsafe setenv(name, value, 1)
    } else {
        unsafe unsetenv(name)
    }
}
