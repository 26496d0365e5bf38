import ArgumentParser

/// The groups of options in help, in their order there.
enum HelpGroup: String, CaseIterable {
    case choose, see, keep, stop, other

    /// The help of an option of this group.
    ///
    /// swift-argument-parser groups options by splitting them over several structs. Here they stay in one table, and the
    /// discussion of each option, which nothing prints, carries its group.
    func help(_ text: String, _ valueName: String? = nil) -> ArgumentHelp {
        ArgumentHelp(text, discussion: rawValue, valueName: valueName)
    }
}
