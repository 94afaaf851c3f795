//! Becoming a user, and giving up what Docker does not leave to one.

use std::io;
use std::os::fd::AsFd;

use nix::unistd::{Gid, Uid, fchown, setgid, setgroups, setuid};
use rustix::thread::{CapabilitySet, remove_capability_from_bounding_set};

use crate::error::StartError;
use crate::pid1::Step;
use crate::pid1::namespaces::rename_root;
use crate::pid1::users::User;

/// What Docker leaves to a container's root, of `capabilities(7)`.
const KEPT: [CapabilitySet; 14] = [
    CapabilitySet::AUDIT_WRITE,
    CapabilitySet::CHOWN,
    CapabilitySet::DAC_OVERRIDE,
    CapabilitySet::FOWNER,
    CapabilitySet::FSETID,
    CapabilitySet::KILL,
    CapabilitySet::MKNOD,
    CapabilitySet::NET_BIND_SERVICE,
    CapabilitySet::NET_RAW,
    CapabilitySet::SETFCAP,
    CapabilitySet::SETGID,
    CapabilitySet::SETPCAP,
    CapabilitySet::SETUID,
    CapabilitySet::SYS_CHROOT,
];

/// Becomes `user`, for good. `privileged` says whether a real root started us, so that every id
/// exists; in an ordinary user's container only root does.
pub(crate) fn become_user(
    user: &User,
    cap_add: &[String],
    privileged: bool,
) -> Result<(), StartError> {
    let what = format!("become user {}", user.uid);
    if !privileged {
        if (user.uid, user.gid) != (0, 0) {
            rename_root(user.uid, user.gid).step(&what)?;
        }
        drop_capabilities(cap_add);
        return Ok(());
    }
    drop_capabilities(cap_add);
    // A container whose output we read through a pipe may open /dev/stdout again: it has to own it.
    if user.uid != 0 {
        let own = |stream: &dyn AsFd| fchown(stream, Some(Uid::from_raw(user.uid)), None);
        for stream in [&io::stdin() as &dyn AsFd, &io::stdout(), &io::stderr()] {
            // It fails for the machine's /dev/null where that is not to be changed: anybody may open that.
            let _ = own(stream);
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
        .step(&what)
}

/// `CAP_SYS_PTRACE`, as `capabilities(7)` has it, or `ALL`.
pub(crate) fn capability(name: &str) -> Option<CapabilitySet> {
    match name.strip_prefix("CAP_") {
        None if name == "ALL" => Some(CapabilitySet::from_bits_retain(u64::MAX)),
        known => CapabilitySet::from_name(known?),
    }
}

/// Drops what Docker does not leave from the bounding set: neither this process nor what it becomes can get it back.
fn drop_capabilities(cap_add: &[String]) {
    let added = cap_add.iter().filter_map(|name| capability(name));
    let kept: CapabilitySet = KEPT.into_iter().chain(added).collect();
    for number in 0..u64::BITS {
        let capability = CapabilitySet::from_bits_retain(1 << number);
        // The kernel says EINVAL after the last one that it knows: PR_CAPBSET_DROP(2const).
        if !kept.contains(capability) && remove_capability_from_bounding_set(capability).is_err() {
            break;
        }
    }
}
