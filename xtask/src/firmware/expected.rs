//! Whether a firmware is, byte for byte, the one that the repository expects.
//!
//! `expected-hashes` has one line for each pair of a firmware and a toolchain:
//! `SHA-256  NAME  COMPILER VERSION, newlib VERSION`. Of the toolchain only the
//! compiler is compared: newlib gives no more than headers. Lines that start with
//! `#` are comments.

use std::fmt;

/// What the table says about a firmware.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    /// The expected bytes.
    Equal,
    /// Other bytes from the same compiler: a source has changed, or the build depends on this host.
    Differs {
        /// What stands in the table.
        expected: String,
    },
    /// The table does not know this compiler.
    UnknownToolchain,
}

impl fmt::Display for Comparison {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Comparison::Equal => out.write_str("as expected"),
            Comparison::Differs { expected } => {
                write!(out, "differs from the expected {expected:.16}")
            }
            Comparison::UnknownToolchain => out.write_str("no hash is expected of this compiler"),
        }
    }
}

/// Looks `name`, built by `compiler` (the first line of its `--version`), up in the text of `expected-hashes`.
pub(crate) fn compare(table: &str, name: &str, compiler: &str, found: &str) -> Comparison {
    let compiler = &short_version(compiler);
    let mut lines = table.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
        let (hash, rest) = line.trim().split_once(char::is_whitespace)?;
        let (of, by) = rest.trim_start().split_once(char::is_whitespace)?;
        let by = by.split(',').next().unwrap_or(by).trim();
        (of == name && by == compiler).then_some(hash)
    });
    match lines.next() {
        Some(expected) if expected == found => Comparison::Equal,
        Some(expected) => Comparison::Differs { expected: expected.to_owned() },
        None => Comparison::UnknownToolchain,
    }
}

/// `arm-none-eabi-gcc 15:12.2.rel1-1` of `arm-none-eabi-gcc (15:12.2.rel1-1) 12.2.1 20221205`:
/// the name and the packager's version, which stands in brackets.
fn short_version(line: &str) -> String {
    let mut words = line.split_whitespace();
    let (name, version) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    format!("{name} {}", version.trim_matches(['(', ')']))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "# hash, firmware, compiler\n\
        aaaa  lab-m0  arm-none-eabi-gcc 15:12.2.rel1-1, newlib 3.3.0-1.3+deb12u1\n\
        bbbb  other   arm-none-eabi-gcc 15:12.2.rel1-1, newlib 3.3.0-1.3+deb12u1\n";
    const GCC: &str = "arm-none-eabi-gcc (15:12.2.rel1-1) 12.2.1 20221205";

    #[track_caller]
    fn check(name: &str, compiler: &str, found: &str, expected: &str) {
        assert_eq!(compare(TABLE, name, compiler, found).to_string(), expected);
    }

    #[test]
    fn the_same_bytes_are_as_expected() {
        check("lab-m0", GCC, "aaaa", "as expected");
    }

    #[test]
    fn other_bytes_differ() {
        check("lab-m0", GCC, "bbbb", "differs from the expected aaaa");
    }

    #[test]
    fn another_compiler_or_firmware_is_not_judged() {
        check(
            "lab-m0",
            "arm-none-eabi-gcc (15:14.2.rel1-1) 14.2.1 20241119",
            "aaaa",
            "no hash is expected of this compiler",
        );
        check("bare-metal", GCC, "aaaa", "no hash is expected of this compiler");
    }
}
