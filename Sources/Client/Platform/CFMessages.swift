/// What cf says, where more than one part of this program has to know it.
enum CFMessages {
    /// Whether cf has no token, or none that the platform takes.
    static func isLoggedOut(_ errors: String) -> Bool {
        ["Not logged in", "No API endpoint set", "log back in", "re-authenticate"].contains { errors.contains($0) }
    }
}
