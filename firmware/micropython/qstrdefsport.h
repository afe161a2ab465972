// Strings that only this port interns and that no source file names by itself.
// *FORMAT-OFF*
Q(/lib)
