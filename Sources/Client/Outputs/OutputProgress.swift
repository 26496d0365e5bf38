/// The state of an output that consists of files.
struct OutputProgress: Equatable, Sendable {
    /// The path of the file that is written now, or was written last.
    let file: String
    /// Its bytes on disk.
    let size: Int64
    /// The number of complete files of the set that are kept beside it; nil where the output is one file.
    let completeFiles: Int?
}
