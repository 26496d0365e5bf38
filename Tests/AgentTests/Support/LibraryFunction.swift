import Glibc
import Testing

/// A function of the C library, found by its name, because Swift does not import every function, and tables name them.
@safe struct LibraryFunction {
    private typealias Pointer = @convention(c) (Int, Int, Int, Int, Int, Int, Int) -> Int

    private let pointer: Pointer

    init(_ name: String) {
        // A null handle stands for all that the process has loaded (dlsym(3), RTLD_DEFAULT). The calling conventions of
        // Linux pass six integers in registers and more on the stack; a function reads as many as it has parameters.
        unsafe pointer = unsafeBitCast(dlsym(nil, name)!, to: Pointer.self)
    }

    /// Calls the function with integers or addresses. Returns its result as an `int`, and the value of errno.
    func callAsFunction(_ arguments: [Int]) -> (result: Int32, error: Int32) {
        func argument(_ index: Int) -> Int { index < arguments.count ? arguments[index] : 0 }
        let result = pointer(
            argument(0), argument(1), argument(2), argument(3), argument(4), argument(5), argument(6))
        return (Int32(truncatingIfNeeded: result), errno)
    }
}

/// A function of the C library that makes one system call, and its arguments.
struct LibraryCall: Codable, Sendable, CustomTestStringConvertible {
    let name: String
    let arguments: [Int]

    init(_ name: String, _ arguments: Int...) {
        (self.name, self.arguments) = (name, arguments)
    }

    /// Creates a call of syscall(2) with a system call's number and arguments.
    init(system arguments: [Int]) {
        (name, self.arguments) = ("syscall", arguments)
    }

    var testDescription: String { "\(name)\(arguments)" }

    func make() -> (result: Int32, error: Int32) { LibraryFunction(name)(arguments) }
}
