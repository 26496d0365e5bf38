import Testing

@testable import Agent

@Suite("Filter expressions")
struct FilterExpressionTests {
    @Test(arguments: [
        ("", true), ("tcp port 80", true), ("()", true), ("(tcp) or (udp)", true), ("((tcp))", true), ("(", false),
        (")", false), (")(", false), ("port 80) or (port 2222", false), ("(tcp", false), ("tcp)", false),
        ("(tcp))", false), ("(tcp)) or ((udp)", false), ("\n(\ttcp )", true), ("\u{FF08}tcp", true),
    ])
    func `have matching parentheses, or not`(_ expression: String, _ matches: Bool) {
        #expect(ByteString(text: expression).hasMatchingParentheses == matches)
    }
}
