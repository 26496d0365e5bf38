/// The messages of cf that more than one part of this program has to know.
enum CFMessages {
    /// Returns whether cf has no token, or none that the platform takes.
    static func isLoggedOut(_ errors: String) -> Bool {
        [
            "Not logged in", "No API endpoint set", "log back in", "re-authenticate", "Invalid Auth Token",
            "Access token has expired", "Access token is invalid", "Access token is missing",
        ].contains { errors.contains($0) }
    }
}
