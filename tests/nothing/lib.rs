//! Nothing: this package exists for the tests beside this file.
