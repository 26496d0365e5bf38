import Testing

@testable import Client

@Suite("Answers of the API")
struct APITests {
    private func decode(_ text: String) async -> String? {
        await failure { try API.decode(Array(text.utf8), from: "/v3/x") as API.List<API.Stats> }
    }

    @Test
    func `of more than a million values are refused before they are decoded`() async {
        let dense = "{\"resources\":[" + String(repeating: "[],", count: 1 << 20) + "[]]}"
        #expect(await decode(dense) == "the platform's answer to /v3/x has more than 1048576 values")
    }

    @Test
    func `of many instances are read`() async throws {
        let one = #"{"index": 7, "state": "DOWN", "details": "a, b, [c]", "usage": {}, "ports": [1, 2, 3]}"#
        let text = #"{"resources": ["# + Array(repeating: one, count: 10_000).joined(separator: ",") + "]}"
        let list: API.List<API.Stats> = try API.decode(Array(text.utf8), from: "/v3/x")
        #expect(list.resources.count == 10_000)
    }
}
