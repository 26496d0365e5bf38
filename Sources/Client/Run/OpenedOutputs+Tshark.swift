extension OpenedOutputs {
    /// The outputs that tshark reads.
    static func readers(
        _ options: CaptureOptions, _ context: Context, isShownOnly: Bool
    ) -> [any Output] {
        guard let tshark = context.tshark else { return [] }
        var outputs: [any Output] = []
        if let form = options.printedForm {
            outputs.append(
                TsharkOutput(
                    tshark, PacketPrinter.arguments(form, displayFilter: options.displayFilter),
                    isRequired: isShownOnly,
                    reader: PacketPrinter(form, isFiltered: options.displayFilter != nil),
                    consequence: "nothing more is shown", lines: context.lines))
        }
        if let filter = options.untilDisplay, let match = context.match {
            outputs.append(
                TsharkOutput(
                    tshark, DisplayFilterWatch.arguments(filter), isRequired: false, reader: DisplayFilterWatch(match),
                    consequence: "\(DisplayFilterWatch.option) waits for nothing any more",
                    watch: DisplayFilterWatch.watch,
                    lines: context.lines))
        }
        return outputs
    }
}
