//! The files of /etc that say who and where the container is: made anew for each, as docker does, whatever the image or
//! the machine has.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::error::StartError;
use crate::pid1::Step;

/// Writes them into `etc`, a folder of the upper layer that is known to be one.
pub(crate) fn write(etc: &Path, hostname: &str) -> Result<(), StartError> {
    put(&etc.join("hostname"), &format!("{hostname}\n"))?;
    put(&etc.join("hosts"), &hosts(hostname))?;
    // Where the machine's is a link, it leads into /run, most often, of which a container sees nothing. Nothing answers
    // a query either way: the loopback is all the network there is.
    let resolver = Path::new("/etc/resolv.conf");
    match fs::read_to_string(resolver) {
        Ok(text) if resolver.is_symlink() => put(&etc.join("resolv.conf"), &text),
        _ => Ok(()),
    }
}

/// `hosts(5)`, with the lines that docker writes. There the last one has the address of the container in docker's
/// network; here it has no other than the loopback's.
fn hosts(hostname: &str) -> String {
    let short = hostname.split('.').next().unwrap_or_default();
    let alias = if short == hostname {
        String::new()
    } else {
        format!(" {short}")
    };
    format!(
        "127.0.0.1\tlocalhost\n\
        ::1\tlocalhost ip6-localhost ip6-loopback\n\
        fe00::0\tip6-localnet\n\
        ff00::0\tip6-mcastprefix\n\
        ff02::1\tip6-allnodes\n\
        ff02::2\tip6-allrouters\n\
        127.0.0.1\t{hostname}{alias}\n"
    )
}

/// A new file in place of what the image has there: a link is taken away, not followed.
fn put(path: &Path, text: &str) -> Result<(), StartError> {
    let what = format!("write {}", path.display());
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error).step(&what),
        _ => {}
    }
    let made = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o644)
        .open(path);
    made.and_then(|mut file| file.write_all(text.as_bytes()))
        .step(&what)
}
