// Nothing to import: the linker finds the replacements by libpcap's names.
