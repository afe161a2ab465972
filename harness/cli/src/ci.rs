//! Whether a machine watches instead of a person.

use std::ffi::OsStr;

/// Whether this is continuous integration: `CI` is set, and not to `0`, `false` or nothing.
pub(crate) fn is_ci() -> bool {
    means_ci(std::env::var_os("CI").as_deref())
}

fn means_ci(value: Option<&OsStr>) -> bool {
    value.is_some_and(|value| !["", "0", "false"].iter().any(|no| value == OsStr::new(no)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(value: Option<&str>, expected: bool) {
        assert_eq!(means_ci(value.map(OsStr::new)), expected);
    }

    #[test]
    fn ci_is_what_does_not_deny_it() {
        check(None, false);
        check(Some(""), false);
        check(Some("0"), false);
        check(Some("false"), false);
        check(Some("1"), true);
        check(Some("true"), true);
    }
}
