//! The lines that are compared, by subject.

mod base;
mod build;
mod command_line;
mod lifecycle;
mod pid1;

/// Lines of bash, each run on both engines. `$I` is an image with 13-probe as its entrypoint, `$S` one
/// with no command at all; `c1`, `c2` are names of containers, removed after each group.
pub type Group = (&'static str, &'static [&'static str]);

/// A group of which the lines are made.
pub type Lines = (String, Vec<String>);

/// All of them.
pub fn all() -> Vec<Lines> {
    let written = [
        base::GROUPS,
        build::GROUPS,
        command_line::GROUPS,
        lifecycle::GROUPS,
        pid1::GROUPS,
    ];
    let owned = |(title, lines): &Group| {
        let lines = lines.iter().map(|line| (*line).to_owned()).collect();
        ((*title).to_owned(), lines)
    };
    let mut all: Vec<_> = written.concat().iter().map(owned).collect();
    all.extend(lifecycle::table());
    all
}
