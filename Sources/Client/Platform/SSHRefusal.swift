/// SSH is switched off, for one of three reasons that three different people can change.
struct SSHRefusal: Equatable, CustomStringConvertible {
    enum Scope: Equatable {
        case platform, space, app
    }

    let scope: Scope
    let app: String
    let space: String

    /// `reason` as the platform gives it: "Disabled globally", "Disabled for space NAME", "Disabled for app".
    init(reason: String, app: String, space: String) {
        scope = reason.contains("globally") ? .platform : reason.contains("space") ? .space : .app
        self.app = app
        self.space = space
    }

    var description: String {
        switch scope {
        case .platform:
            "SSH is disabled on this platform: only its operator can enable it"
        case .space:
            """
            SSH is disabled for space '\(space)': a manager of the space enables it with 'cf allow-space-ssh \(space)', \
            then 'cf restart \(app)'
            """
        case .app:
            "SSH is disabled for app '\(app)': 'cf enable-ssh \(app)', then 'cf restart \(app)'"
        }
    }
}
