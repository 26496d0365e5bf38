// Declares nothing. The linker finds the replacements by libpcap's names for them.
