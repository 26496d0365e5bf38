#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The parts of the Cloud Controller's answers, API version 3, that are read.
enum API {
    struct List<Item: Decodable & Sendable>: Decodable, Sendable {
        var resources: [Item]
    }

    struct Application: Decodable {
        var state: String
        var name: String?
    }

    struct SpaceApplication: Decodable, Sendable {
        var guid: String
        var name: String
        var state: String
    }

    struct SpaceProcess: Decodable, Sendable {
        struct Relationships: Decodable {
            struct Link: Decodable {
                struct Identifier: Decodable {
                    var guid: String
                }

                var data: Identifier?
            }

            var app: Link
        }

        var guid: String
        var type: String
        var instances: Int
        var relationships: Relationships
    }

    struct Process: Decodable, Equatable {
        var guid: String
        var type: String
        var instances: Int
    }

    struct Stats: Decodable {
        var index: Int
        var state: String
        var instanceGUID: String?
        var host: String?
        var address: String?
        var details: String?

        private enum CodingKeys: String, CodingKey {
            case index, state, host, details
            case instanceGUID = "instance_guid"
            case address = "instance_internal_ip"
        }
    }

    struct SSHEnabled: Decodable {
        var enabled: Bool
        var reason: String?
    }

    struct Permissions: Decodable {
        /// Whether the person may read environment variables, which takes the same roles as SSH.
        var readSensitiveData: Bool

        private enum CodingKeys: String, CodingKey {
            case readSensitiveData = "read_sensitive_data"
        }
    }

    struct Root: Decodable {
        struct Links: Decodable {
            struct Link: Decodable {
                var href: String?
            }

            var appSSH: Link?

            private enum CodingKeys: String, CodingKey {
                case appSSH = "app_ssh"
            }
        }

        var links: Links
    }

    /// An answer that is a refusal; `cf curl` ends with status 0 all the same.
    struct Refusal: Decodable {
        struct Entry: Decodable {
            var code: Int?
            var title: String?
            var detail: String?
        }

        var errors: [Entry]

        /// The kind of failure, by the codes of the Cloud Controller's `errors/v3.yml` and `v2.yml`.
        ///
        /// Codes that are not known here, as those of a database or a cell out of reach, may be gone a moment later.
        var kind: PlatformError.Kind {
            let codes = errors.map(\.code)
            if codes.contains(where: { $0 == 1000 || $0 == 10002 }) { return .loggedOut }
            if codes.contains(10010) { return .notFound }
            return codes.contains { [1001, 10000, 10003, 10005, 10008].contains($0) } ? .other : .passing
        }
    }

    /// The most values in an answer. A decoder takes 25 to 80 bytes for each, however short it is: an app of 10,000 instances
    /// has a quarter of this.
    private static let mostValues = 1 << 20

    /// Whether a byte stands before a value. In a text it counts as well.
    private static func isSeparator(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: ",") || byte == UInt8(ascii: "[") || byte == UInt8(ascii: "{")
    }

    /// Decodes the answer to a question for `path`. Throws if it is a refusal, or none of the API.
    static func decode<Answer: Decodable>(_ bytes: [UInt8], from path: String) throws(PlatformError) -> Answer {
        guard bytes.count(where: isSeparator) <= mostValues else {
            throw PlatformError("the platform's answer to \(path) has more than \(mostValues) values")
        }
        let data = Data(bytes)
        if let refusal = try? JSONDecoder().decode(Refusal.self, from: data) {
            let details = refusal.errors.compactMap { $0.detail ?? $0.title }.joined(separator: "; ")
            throw PlatformError("the platform refuses \(path): \(details.inOneLine(limit: 300))", refusal.kind)
        }
        do {
            return try JSONDecoder().decode(Answer.self, from: data)
        } catch {
            let text = String(decoding: bytes.prefix(4096), as: UTF8.self).inOneLine(limit: 100)
            throw PlatformError("the platform's answer to \(path) cannot be understood: '\(text)'", .passing)
        }
    }

    /// Returns whether a text can stand in a path as an identifier.
    static func isIdentifier(_ text: String) -> Bool {
        (1...200).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || byte == UInt8(ascii: "-") {
                case true: true
                case false: UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20
                }
            }
    }
}
