#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Where cf looks for apps, as `cf target` sets it.
public struct Target: Sendable, Equatable {
    /// The platform's API; empty where none is set.
    public let api: String
    /// The org's name; empty where none is targeted.
    public let organization: String
    /// The space's name; empty where none is targeted.
    public let space: String

    /// What cf's configuration says. Throws where there is none.
    init(configuration: [UInt8]) throws(PlatformError) {
        guard let fields = try? JSONDecoder().decode(Fields.self, from: Data(configuration)) else {
            throw PlatformError("cf's configuration cannot be read; 'cf login' writes it anew")
        }
        api = fields.api ?? ""
        organization = fields.organization?.name ?? ""
        space = fields.space?.name ?? ""
    }

    private struct Fields: Decodable {
        struct Named: Decodable {
            var name: String?

            private enum CodingKeys: String, CodingKey {
                case name = "Name"
            }
        }

        var api: String?
        var organization: Named?
        var space: Named?

        private enum CodingKeys: String, CodingKey {
            case api = "Target"
            case organization = "OrganizationFields"
            case space = "SpaceFields"
        }
    }
}

extension Target: CustomStringConvertible {
    /// `org ORG / space SPACE`.
    public var description: String { "org \(organization) / space \(space)" }
}
