@testable import Agent

extension ByteString {
    /// Tests take their cases as `String`, which the test runner shows as text.
    init(text: String) {
        self.init(text.utf8)
    }

    var text: String { String(decoding: bytes, as: UTF8.self) }
}

extension String {
    /// Returns its bytes, repeated `count` times.
    func repeated(_ count: Int) -> ByteString {
        ByteString(text: String(repeating: self, count: count))
    }
}
