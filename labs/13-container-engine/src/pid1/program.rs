//! The end of the way: the program is found, and we become it.

use std::convert::Infallible;
use std::ffi::{CStr, CString};
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;

use nix::fcntl::AtFlags;
use nix::libc;
use nix::unistd::{execve, execveat};

use crate::error::{StartError, plain};
use crate::store::image;

/// What the init is called in the container, as Docker's is.
pub(crate) const INIT: &CStr = c"/sbin/docker-init";

/// The file that a command names, looked up as a shell would, in the container's PATH.
pub(crate) fn find(argv: &[String], env: &[String]) -> Result<String, StartError> {
    let name = argv.first().map(String::as_str).unwrap_or_default();
    let error = |code, what: &str| StartError {
        code,
        message: format!("exec: \"{name}\": {what}"),
    };
    if name.contains('/') {
        let data = fs::metadata(name).map_err(|cause| match cause.kind() {
            io::ErrorKind::PermissionDenied => {
                error(126, &format!("stat {name}: permission denied"))
            }
            _ => error(127, &format!("stat {name}: {}", plain(cause))),
        })?;
        return match is_program(&data) {
            true => Ok(name.to_owned()),
            false => Err(error(126, "permission denied")),
        };
    }
    let path = env
        .iter()
        .find_map(|text| text.strip_prefix("PATH="))
        .unwrap_or(image::PATH);
    let mut places = path
        .split(':')
        .filter(|dir| !dir.is_empty())
        .map(|dir| format!("{dir}/{name}"));
    let found = places
        .find(|place| !name.is_empty() && fs::metadata(place).is_ok_and(|data| is_program(&data)));
    found.ok_or_else(|| error(127, "executable file not found in $PATH"))
}

fn is_program(data: &fs::Metadata) -> bool {
    !data.is_dir() && data.permissions().mode() & 0o111 != 0
}

/// Becomes the program. When the kernel will not, because the file is no program after all or its
/// interpreter is missing, the container has begun already: it says so on its own stderr and ends
/// with 1, as runc's does.
pub(crate) fn exec(
    program: &str,
    init: Option<File>,
    argv: &[String],
    env: &[String],
) -> Result<Infallible, StartError> {
    let c = |text: &String| CString::new(text.as_bytes());
    let all = |list: &[String]| list.iter().map(c).collect::<Result<Vec<_>, _>>();
    let (Ok(argv), Ok(env), Ok(path)) = (all(argv), all(env), CString::new(program)) else {
        return Err(StartError::engine("a command or variable holds a NUL"));
    };
    let Err(error) = match init {
        Some(file) => {
            let mut init_argv = vec![INIT.to_owned(), c"--".to_owned()];
            init_argv.extend(argv);
            execveat(file, c"", &init_argv, &env, AtFlags::AT_EMPTY_PATH)
        }
        None => execve(&path, &argv, &env),
    };
    let _ = writeln!(io::stderr(), "exec {program}: {}", plain(error));
    die(1)
}

/// Ends the calling process at once. For children that were forked and have become no other program:
/// they hold copies of their parent's buffers and destructors, and those are the parent's to flush and run.
#[allow(unsafe_code)]
pub(crate) fn die(code: i32) -> ! {
    // SAFETY: takes an integer and touches no memory of ours. It is "unsafe" only as a C function.
    unsafe { libc::_exit(code) }
}
