//! Who the container's process is: from `USER` to ids, and down to the capabilities.

use std::fs;
use std::os::fd::{AsFd, AsRawFd};

use nix::libc;
use nix::unistd::{Gid, Uid, setgid, setgroups, setuid};

use crate::error::{StartError, plain};

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
    let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
    // The container's root, by number, is in no group that matters.
    let root = matches!(spec, "" | "0");
    let group = if root {
        String::new()
    } else {
        fs::read_to_string("/etc/group").unwrap_or_default()
    };
    lookup(spec, &passwd, &group)
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

/// What Docker leaves to a container's root, as bits of `capabilities(7)`: CHOWN, DAC_OVERRIDE,
/// FOWNER, FSETID, KILL, SETGID, SETUID, SETPCAP, NET_BIND_SERVICE, NET_RAW, SYS_CHROOT, MKNOD,
/// AUDIT_WRITE, SETFCAP.
const KEPT: u64 = 0xa804_25fb;

/// Becomes `user`, for good. `privileged` says whether a real root started us, so that every id
/// exists; in an ordinary user's container only root does.
#[allow(unsafe_code)]
pub(crate) fn become_user(user: &User, privileged: bool) -> Result<(), StartError> {
    let failed = |error: std::io::Error| {
        StartError::engine(format!("cannot become user {}: {}", user.uid, plain(error)))
    };
    if !privileged {
        if (user.uid, user.gid) != (0, 0) {
            crate::pid1::namespace::rename_root(user.uid, user.gid).map_err(failed)?;
        }
        drop_capabilities();
        return Ok(());
    }
    drop_capabilities();
    // A container whose output we read through a pipe may open /dev/stdout again: it has to own it.
    if user.uid != 0 {
        for stream in [
            std::io::stdin().as_fd(),
            std::io::stdout().as_fd(),
            std::io::stderr().as_fd(),
        ] {
            // SAFETY: an open descriptor and two integers. It fails for /dev/null's file: no matter.
            unsafe { libc::fchown(stream.as_raw_fd(), user.uid, libc::gid_t::MAX) };
        }
    }
    let groups: Vec<_> = std::iter::once(user.gid)
        .chain(user.groups.iter().copied())
        .map(Gid::from_raw)
        .collect();
    // The user last: it is the right to change the others.
    setgroups(&groups)
        .and_then(|()| setgid(Gid::from_raw(user.gid)))
        .and_then(|()| setuid(Uid::from_raw(user.uid)))
        .map_err(|error| failed(error.into()))
}

/// Drops what Docker does not leave, for this process and for all that it becomes.
#[allow(unsafe_code)]
fn drop_capabilities() {
    for capability in 0..64 {
        if KEPT & (1 << capability) == 0 {
            // The kernel says EINVAL after the last capability that it knows.
            // SAFETY: takes integers only.
            if unsafe { libc::prctl(libc::PR_CAPBSET_DROP, capability, 0, 0, 0) } != 0 {
                break;
            }
        }
    }
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
