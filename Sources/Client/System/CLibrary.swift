// The only choices of a C library and of swift-system in the client: other files import neither.
//
// On Apple's systems swift-subprocess takes the types of the system's own `System`, and elsewhere those of the package.

#if canImport(Darwin)
    @_exported public import Darwin
#elseif canImport(Musl)
    @_exported public import Musl
#else
    @_exported public import Glibc
#endif

#if canImport(System)
    @_exported public import System
#else
    @_exported public import SystemPackage
#endif
