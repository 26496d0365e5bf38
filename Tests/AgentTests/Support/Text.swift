@testable import Agent

extension ByteString {
    /// Creates a string of a text's UTF-8 bytes. The arguments of tests are `String`, which the test library shows as
    /// text.
    init(text: String) {
        self.init(text.utf8)
    }

    var text: String { String(decoding: bytes, as: UTF8.self) }
}

extension String {
    /// Returns the string repeated `count` times.
    func repeated(_ count: Int) -> ByteString {
        ByteString(text: String(repeating: self, count: count))
    }
}
