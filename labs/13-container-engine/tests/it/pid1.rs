//! What PID 1 finds around itself; and that nothing of the machine's is opened, made or changed through
//! what an image contains: one test for each thing that the engine makes or reads in a container's root.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use crate::common::{Done, Folder, Pocket, skip};

/// Builds the image `name` from a folder that `fill` fills, and returns what a line of shell prints in it.
fn in_image(pocket: &Pocket, name: &str, fill: impl Fn(&Path), args: &[&str], line: &str) -> Done {
    let context = Folder::new();
    let root = context.0.join("root");
    fs::create_dir(&root).expect("a folder");
    fill(&root);
    fs::write(
        context.0.join("Dockerfile"),
        "FROM scratch\nCOPY root/ /\nCMD true\n",
    )
    .expect("a Dockerfile");
    let path = context.0.to_str().expect("UTF-8");
    pocket.ok(&["build", "-q", "-t", name, path]);
    let run = [&["run", "--rm"], args, &[name, "sh", "-c", line]].concat();
    pocket.run(&run)
}

/// A folder of the machine's that everybody may change; an image will point to it.
fn target() -> Folder {
    let folder = Folder::new();
    fs::write(folder.0.join("kept"), "the machine's\n").expect("a file");
    folder
}

/// That nothing was made, changed or deleted in it.
#[track_caller]
fn is_untouched(folder: &Folder) {
    let names: Vec<_> = fs::read_dir(&folder.0)
        .expect("a folder")
        .flatten()
        .map(|entry| entry.file_name())
        .collect();
    assert_eq!(names, ["kept"]);
    let text = fs::read_to_string(folder.0.join("kept")).expect("the file");
    assert_eq!(text, "the machine's\n");
    let mode = fs::metadata(&folder.0)
        .expect("the folder")
        .permissions()
        .mode();
    assert_eq!(mode & 0o7777, 0o777);
}

/// A folder at the top of this machine's root, for as long as the test runs; only root can make one.
struct TopFolder(PathBuf);

impl TopFolder {
    fn new() -> Option<Self> {
        let path = PathBuf::from(format!("/pocket-test-{}", std::process::id()));
        fs::create_dir(&path).ok()?;
        fs::write(path.join("from-the-machine"), "").expect("a file");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("its permissions");
        Some(Self(path))
    }
}

impl Drop for TopFolder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_link_in_place_of_a_top_level_folder_is_the_images() {
    let Some(top) = TopFolder::new() else {
        return skip("only root can make a folder in /");
    };
    let name = top.0.file_name().expect("a name");
    Pocket::each_user(|pocket| {
        // The control: where the image has nothing of that name, the machine's folder is there, as it is.
        let line = format!("ls {0}; stat -c %a {0}; readlink {0}", top.0.display());
        let plain = in_image(pocket, "plain", |_| {}, &[], &line);
        assert_eq!(plain.out, "from-the-machine\n755\n", "{plain:?}");
        let target = target();
        let link = |root: &Path| symlink(target.0.join("made"), root.join(name)).expect("a link");
        let done = in_image(pocket, "top", link, &[], &line);
        let made = format!("{}\n", target.0.join("made").display());
        assert!(done.out.ends_with(&made), "{done:?}");
        assert!(!done.out.contains("from-the-machine"), "{done:?}");
        is_untouched(&target);
    });
}

#[test]
fn a_link_in_place_of_a_folder_that_pocket_makes_is_the_images() {
    Pocket::each_user(|pocket| {
        for folder in ["home", "opt", "root", "run", "srv", "tmp", "var"] {
            let target = target();
            let link = |root: &Path| symlink(&target.0, root.join(folder)).expect("a link");
            let done = in_image(pocket, folder, link, &[], &format!("readlink /{folder}"));
            let shown = format!("{}\n", target.0.display());
            assert_eq!((done.code, done.out), (0, shown), "{folder}: {}", done.err);
            is_untouched(&target);
        }
    });
}

#[test]
fn a_link_further_down_is_the_images_too() {
    Pocket::each_user(|pocket| {
        for (above, inside) in [("var", "var/lib"), ("usr", "usr/local"), ("var", "var/run")] {
            let target = target();
            let link = |root: &Path| {
                fs::create_dir(root.join(above)).expect("a folder");
                symlink(&target.0, root.join(inside)).expect("a link");
            };
            let line = format!("readlink /{inside}");
            let done = in_image(pocket, "down", link, &[], &line);
            let shown = format!("{}\n", target.0.display());
            assert_eq!((done.code, done.out), (0, shown), "{inside}: {}", done.err);
            is_untouched(&target);
        }
    });
}

#[test]
fn dev_proc_and_sys_are_never_an_images() {
    Pocket::each_user(|pocket| {
        for folder in ["dev", "proc", "sys"] {
            let target = target();
            let link = |root: &Path| symlink(&target.0, root.join(folder)).expect("a link");
            let line = format!(
                "test -d /{folder} && ! test -L /{folder} && echo x >/dev/null && cat /proc/1/comm"
            );
            let done = in_image(pocket, folder, link, &[], &line);
            assert_eq!((done.code, done.out.as_str()), (0, "sh\n"), "{done:?}");
            is_untouched(&target);
        }
        // Nor is anything in them: docker mounts over it.
        for inside in ["dev/fd", "dev/pts", "dev/shm", "dev/null", "dev/ptmx"] {
            let target = target();
            let link = |root: &Path| {
                fs::create_dir(root.join("dev")).expect("a folder");
                symlink(target.0.join("kept"), root.join(inside)).expect("a link");
            };
            let line = format!("echo lost >/dev/null; readlink /{inside}");
            let done = in_image(pocket, "dev", link, &[], &line);
            assert!(
                !done.out.contains("kept") && done.err.is_empty(),
                "{done:?}"
            );
            is_untouched(&target);
        }
    });
}

#[test]
fn the_working_directory_is_made_in_the_container_whatever_leads_there() {
    Pocket::each_user(|pocket| {
        let target = target();
        let link = |root: &Path| symlink(&target.0, root.join("data")).expect("a link");
        let shown = target.0.join("new").display().to_string();
        let done = in_image(pocket, "work", link, &["-w", "/data/new"], "pwd -P");
        // In the container, /tmp is its own; the link leads to nothing there, as docker's would.
        assert!(
            done.code != 0 || done.out == format!("{shown}\n"),
            "{done:?}"
        );
        is_untouched(&target);
        let inside = |root: &Path| symlink("/srv", root.join("data")).expect("a link");
        let done = in_image(pocket, "work", inside, &["-w", "/data/new"], "pwd -P");
        assert_eq!(done.out, "/srv/new\n", "{done:?}");
        assert!(!Path::new("/srv/new").exists());
    });
}

#[test]
fn a_users_name_is_not_read_through_proc() {
    Pocket::each_user(|pocket| {
        // What is typed into the container is for the container, not for who looks up its user.
        let link = |root: &Path| {
            fs::create_dir(root.join("etc")).expect("a folder");
            symlink("/proc/self/fd/0", root.join("etc/passwd")).expect("a link");
        };
        in_image(pocket, "names", link, &[], "true");
        let done = pocket.bash("echo typed | timeout 20 docker run -i --rm names cat");
        assert_eq!((done.code, done.out.as_str()), (0, "typed\n"), "{done:?}");
    });
}

#[test]
fn no_folder_of_the_machines_is_open_when_the_container_begins() {
    Pocket::each_user(|pocket| {
        let links = |root: &Path| {
            for number in 0..40 {
                let link = root.join(format!("fd{number}"));
                symlink(format!("/proc/self/fd/{number}"), link).expect("a link");
            }
        };
        in_image(pocket, "open", links, &[], "true");
        for number in 0..40 {
            let workdir = format!("/fd{number}");
            let done = pocket.run(&["run", "--rm", "-w", &workdir, "open", "ls", "-a"]);
            assert_ne!(done.code, 0, "{workdir}: {done:?}");
        }
    });
}

#[test]
fn etc_has_the_containers_own_names() {
    Pocket::each_user(|pocket| {
        let target = target();
        let links = |root: &Path| {
            fs::create_dir(root.join("etc")).expect("a folder");
            for name in ["hostname", "hosts", "resolv.conf"] {
                symlink(target.0.join("kept"), root.join("etc").join(name)).expect("a link");
            }
        };
        let line = "cat /etc/hostname; grep -w my.host /etc/hosts; grep -w localhost /etc/hosts";
        let done = in_image(pocket, "etc", links, &["-h", "my.host"], line);
        let expected = "my.host\n127.0.0.1\tmy.host my\n127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n";
        assert_eq!((done.code, done.out.as_str()), (0, expected), "{done:?}");
        is_untouched(&target);
        // Without a name it is the short id; and the machine keeps its own.
        let before = fs::read_to_string("/etc/hosts").ok();
        let line = "test $(hostname) = $(cat /etc/hostname) && hostname";
        let name = pocket.ok(&["run", "--rm", "etc", "sh", "-c", line]);
        assert!(
            name.len() == 12 && name.chars().all(|c| c.is_ascii_hexdigit()),
            "{name}"
        );
        assert_eq!(fs::read_to_string("/etc/hosts").ok(), before);
    });
}

#[test]
fn a_terminal_is_the_console_too() {
    Pocket::each_user(|pocket| {
        let sh = ["--entrypoint", "sh", "probe", "-c"];
        let run =
            |args: &[&str], line| pocket.run(&[&["run", "--rm"], args, &sh, &[line]].concat());
        let done = run(&["-t"], "echo seen >/dev/console");
        assert_eq!((done.code, done.out.as_str()), (0, "seen\r\n"), "{done:?}");
        // The control, as with docker: without a terminal there is none.
        let done = run(&[], "test -e /dev/console");
        assert_eq!(done.code, 1, "{done:?}");
    });
}

#[test]
fn a_container_lives_in_the_pid_namespace_of_another_and_ends_with_it() {
    Pocket::each_user(|pocket| {
        let id = pocket.ok(&["run", "-d", "--name", "host", "probe", "wait"]);
        pocket.await_line("host", "ready");
        let sh = ["--pid=container:host", "--entrypoint", "sh", "probe", "-c"];
        let guest = [
            &["run", "-d", "--name", "guest"],
            &sh[..],
            &["sleep 1000; :"],
        ]
        .concat();
        pocket.ok(&guest);
        assert_eq!(
            pocket.field("guest", "HostConfig.PidMode"),
            format!("container:{id}")
        );
        let comm = pocket.ok(&["exec", "guest", "cat", "/proc/1/comm"]);
        assert_eq!(comm, "13-probe");
        // Everything else is its own.
        for name in ["mnt", "net", "ipc", "uts"] {
            let link = format!("/proc/self/ns/{name}");
            let of = |container| pocket.ok(&["exec", container, "readlink", &link]);
            assert_ne!(of("host"), of("guest"), "{name}");
        }
        // What it leaves behind does not stay with the other.
        let left = pocket.run(&[&["run", "--rm"], &sh[..], &["sleep 777 & exit 3"]].concat());
        assert_eq!(left.code, 3, "{left:?}");
        let line = "cat /proc/[0-9]*/cmdline | tr '\\0' ' '";
        let seen = pocket.ok(&["exec", "host", "sh", "-c", line]);
        assert!(
            seen.contains("sleep 1000") && !seen.contains("777"),
            "{seen}"
        );
        pocket.ok(&["rm", "-f", "host"]);
        assert_eq!(pocket.ok(&["wait", "guest"]), "137");
        let again = pocket.run(&["start", "guest"]);
        assert!(
            again
                .err
                .contains("cannot join PID of a non running container"),
            "{again:?}"
        );
    });
}

#[test]
fn a_container_that_joins_another_is_no_pid_1() {
    Pocket::each_user(|pocket| {
        pocket.ok(&["run", "-d", "--name", "host", "probe", "wait"]);
        let join = "--pid=container:host";
        let args = ["--entrypoint", "sleep", "probe", "1000"];
        pocket.ok(&[&["run", "-d", "--name", "guest", join], &args[..]].concat());
        // It handles nothing: the default action is the end, as for any process but PID 1.
        pocket.ok(&["stop", "-t", "60", "guest"]);
        assert_eq!(pocket.ok(&["wait", "guest"]), "143");
        // Started again, and with an init, which collects what is left to it.
        pocket.ok(&["start", "guest"]);
        assert_eq!(pocket.field("guest", "State.Status"), "running");
        let line = [
            "--entrypoint",
            "sh",
            "probe",
            "-c",
            "cat /proc/$PPID/comm; exit 4",
        ];
        let done = pocket.run(&[&["run", "--rm", "--init", join], &line[..]].concat());
        assert_eq!(
            (done.code, done.out.as_str()),
            (4, "docker-init\n"),
            "{done:?}"
        );
    });
}

#[test]
fn ptrace_reaches_across_with_the_capability() {
    Pocket::each_user(|pocket| {
        pocket.ok(&["run", "-d", "--name", "host", "-u", "1000", "probe", "wait"]);
        pocket.await_line("host", "ready");
        let trace = ["--pid=container:host", "probe", "trace", "1"];
        let done = pocket.run(&[&["run", "--rm", "--cap-add", "sys_ptrace"], &trace[..]].concat());
        assert_eq!((done.code, done.out.as_str()), (0, "traced\n"), "{done:?}");
        // The control. (An ordinary user's containers all are that user, to whom the kernel allows it anyway.)
        if pocket.is_root() {
            let done = pocket.run(&[&["run", "--rm"], &trace[..]].concat());
            assert!(
                done.code == 99 && done.err.contains("not permitted"),
                "{done:?}"
            );
        }
    });
}
