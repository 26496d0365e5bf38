import Testing

@testable import Client

@Suite("Lists of instances")
struct IndexListTests {
    @Test(arguments: [
        ("0", [0...0]), ("0,2-4", [0...0, 2...4]), ("7-7", [7...7]), ("999999999", [999_999_999...999_999_999]),
        ("3,1", [3...3, 1...1]),
    ])
    func `are numbers and ranges`(text: String, ranges: [ClosedRange<Int>]) throws {
        #expect(try IndexList(text).ranges == ranges)
    }

    @Test(arguments: [
        "", ",", "1,", "a", "-1", "1-", "1-2-3", "+1", " 1", "1.5", "٣", "1000000000", "99999999999999999999",
    ])
    func `are nothing else`(text: String) {
        #expect(throws: UsageError("write 0 or 2-4 or 0,2-4")) {
            try IndexList(text)
        }
    }

    @Test
    func `that run backwards are told how to run`() {
        #expect(throws: UsageError("'4-2' ends before it begins, write 2-4")) { try IndexList("0,4-2") }
    }

    @Test(arguments: [
        ([0...9], [0, 1, 2], "3-9"), ([0...9], [4, 9], "0-3,5-8"), ([0...2], [2, 0, 1], ""),
        ([3...3, 5...6], [0, 5], "3,6"),
        ([0...999_999_999], [7], "0-6,8-999999999"),
    ])
    func `without some instances name the others`(ranges: [ClosedRange<Int>], indices: [Int], text: String) {
        #expect(IndexList.text(IndexList.difference(ranges, indices)) == text)
    }

    @Test(arguments: [
        ([3...3, 0...1], "0-1,3"), ([0...0, 1...1, 2...2], "0-2"), ([0...5, 2...3], "0-5"), ([4...4, 4...4], "4"),
        ([], ""),
    ])
    func `name each instance once, in order`(ranges: [ClosedRange<Int>], text: String) {
        #expect(IndexList.text(IndexList.merged(ranges)) == text)
    }
}
