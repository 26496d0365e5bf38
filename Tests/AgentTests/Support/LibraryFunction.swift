import Glibc
import Testing

/// A function of the C library, found by its name. Tables in files name functions, and Swift does not import all of
/// them.
@safe struct LibraryFunction {
    private typealias Pointer = @convention(c) (Int, Int, Int, Int, Int, Int, Int) -> Int

    private let pointer: Pointer

    init(_ name: String) {
        // A null handle searches all loaded libraries (dlsym(3), RTLD_DEFAULT). By the calling convention of Linux, six
        // integers are in registers and others on the stack. A function reads as many as it has parameters.
        unsafe pointer = unsafeBitCast(dlsym(nil, name)!, to: Pointer.self)
    }

    /// Calls the function with integers or addresses. Returns its result as a C `int`, and `errno`.
    func callAsFunction(_ arguments: [Int]) -> (result: Int32, error: Int32) {
        func argument(_ index: Int) -> Int { index < arguments.count ? arguments[index] : 0 }
        let result = pointer(
            argument(0), argument(1), argument(2), argument(3), argument(4), argument(5), argument(6))
        return (Int32(truncatingIfNeeded: result), errno)
    }
}

/// A call of a C function that makes one system call.
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
