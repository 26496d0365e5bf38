@testable import Client

extension SessionRequest {
    /// A session to the first instance of the app `demo`, without a filter.
    static let web0 = SessionRequest(
        app: "demo", instance: InstanceID(process: "web", index: 0), route: SSHRoute(environment: [:]))
}
