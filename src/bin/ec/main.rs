//! The `ec` command line.

fn main() {}
