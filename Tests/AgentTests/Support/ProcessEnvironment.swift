import CLinux

/// Sets a variable of the process's environment, or removes it. Only for processes of a test's own.
func setVariable(_ name: String, to value: String?) {
    if let value {
        unsafe setenv(name, value, 1)
    } else {
        unsafe unsetenv(name)
    }
}
