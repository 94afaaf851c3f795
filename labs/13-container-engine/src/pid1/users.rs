//! Who a process in a container is to be: from `USER` to ids.

use std::fs::File;
use std::io::{self, Read};

use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat2};

use crate::error::StartError;

/// A user of the container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct User {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    /// Groups beside the main one.
    pub(crate) groups: Vec<u32>,
    pub(crate) home: String,
}

/// Reads `name`, `uid`, `name:group` or `uid:gid`. Names are looked up in the /etc/passwd and
/// /etc/group of the root that the caller is in; nothing else is asked (no NSS).
pub(crate) fn find_user(spec: &str) -> Result<User, StartError> {
    let passwd = read("/etc/passwd");
    // The container's root, by number, is in no group that matters.
    let root = matches!(spec, "" | "0");
    let group = if root {
        String::new()
    } else {
        read("/etc/group")
    };
    lookup(spec, &passwd, &group)
}

/// A file of the container's. It may be a link, but not one of those in /proc that lead to whatever a process
/// has open (`openat2(2)`, RESOLVE_NO_MAGICLINKS): that is ours so far, not the container's. Nor a device or a pipe,
/// which might never end.
fn read(path: &str) -> String {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let opened = openat2(CWD, path, flags, Mode::empty(), ResolveFlags::NO_MAGICLINKS);
    let mut text = String::new();
    let read = opened.map(File::from).map_err(io::Error::from);
    let _ = read.and_then(|mut file| match file.metadata()?.is_file() {
        true => file.read_to_string(&mut text),
        false => Ok(0),
    });
    text
}

fn lookup(spec: &str, passwd: &str, group: &str) -> Result<User, StartError> {
    let (who, with) = spec.split_once(':').unwrap_or((spec, ""));
    let who = if who.is_empty() { "0" } else { who };
    let number = who.parse::<u32>().ok();
    let entry = fields(passwd).find(|entry| {
        entry.first() == Some(&who)
            || (number.is_some() && entry.get(2).and_then(|id| id.parse().ok()) == number)
    });
    let id = |index: usize| {
        entry
            .as_ref()
            .and_then(|entry| entry.get(index)?.parse::<u32>().ok())
    };
    let missing = || {
        StartError::engine(format!(
            "unable to find user {who}: no matching entries in passwd file"
        ))
    };
    let uid = id(2).or(number).ok_or_else(missing)?;
    let mut groups = Vec::new();
    let gid = if with.is_empty() {
        let name = entry
            .as_ref()
            .and_then(|entry| entry.first().copied())
            .unwrap_or_default();
        let member = |entry: &Vec<&str>| {
            !name.is_empty()
                && entry
                    .get(3)
                    .is_some_and(|list| list.split(',').any(|member| member == name))
        };
        groups = fields(group)
            .filter(member)
            .filter_map(|entry| entry.get(2)?.parse().ok())
            .collect();
        id(3).unwrap_or(0)
    } else {
        let named = fields(group).find(|entry| entry.first() == Some(&with));
        let found = named
            .and_then(|entry| entry.get(2)?.parse().ok())
            .or_else(|| with.parse().ok());
        found.ok_or_else(|| {
            StartError::engine(format!(
                "unable to find group {with}: no matching entries in group file"
            ))
        })?
    };
    let home = entry
        .as_ref()
        .and_then(|entry| entry.get(5))
        .copied()
        .filter(|home| !home.is_empty());
    Ok(User {
        uid,
        gid,
        groups,
        home: home.unwrap_or("/").to_owned(),
    })
}

fn fields(table: &str) -> impl Iterator<Item = Vec<&str>> {
    table.lines().map(|line| line.split(':').collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str = "root:x:0:0:root:/root:/bin/sh\nwww:x:33:34:www:/var/www:/bin/false\n";
    const GROUP: &str = "root:x:0:\nlog:x:5:www,other\nwww:x:34:\n";

    fn ids(spec: &str) -> Result<(u32, u32, Vec<u32>, String), String> {
        let found = lookup(spec, PASSWD, GROUP).map_err(|error| error.message)?;
        Ok((found.uid, found.gid, found.groups, found.home))
    }

    #[test]
    fn names_numbers_and_groups() {
        assert_eq!(ids(""), Ok((0, 0, vec![], "/root".into())));
        assert_eq!(ids("www"), Ok((33, 34, vec![5], "/var/www".into())));
        assert_eq!(ids("33"), Ok((33, 34, vec![5], "/var/www".into())));
        assert_eq!(ids("www:log"), Ok((33, 5, vec![], "/var/www".into())));
        assert_eq!(ids("1000"), Ok((1000, 0, vec![], "/".into())));
        assert_eq!(ids("1000:7"), Ok((1000, 7, vec![], "/".into())));
    }

    #[test]
    fn unknown_names() {
        assert_eq!(
            ids("nope"),
            Err("unable to find user nope: no matching entries in passwd file".into())
        );
        assert_eq!(
            ids("www:nope"),
            Err("unable to find group nope: no matching entries in group file".into())
        );
    }
}
