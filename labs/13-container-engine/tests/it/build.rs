//! What a Dockerfile becomes.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;

use crate::common::{Done, Folder, Pocket};

/// Writes files below a folder; a text that begins with `->` is a link.
fn write(top: &Path, files: &[(&str, &str)]) {
    for (name, text) in files {
        let path = top.join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("folders");
        match text.strip_prefix("->") {
            Some(target) => symlink(target, &path).expect("a link"),
            None => fs::write(&path, text).expect("a file"),
        }
    }
}

/// Builds `image` of a context of its own.
fn build_from(pocket: &Pocket, image: &str, files: &[(&str, &str)]) -> Done {
    let context = pocket.path().join(image);
    let _ = fs::remove_dir_all(&context);
    fs::create_dir(&context).expect("a folder");
    write(&context, files);
    pocket.run(&["build", "-q", "-t", image, image])
}

/// What a command prints in a container of `image`.
fn sh(pocket: &Pocket, image: &str, line: &str) -> String {
    let done = pocket.run(&["run", "--rm", "--entrypoint", "sh", image, "-c", line]);
    format!("{}{}", done.out, done.err)
}

#[test]
fn entrypoint_resets_only_a_cmd_of_the_base_image() {
    Pocket::each_user(|pocket| {
        pocket.build("base", "FROM scratch\nCMD [\"of\", \"base\"]\n");
        for (text, want) in [
            (
                "FROM scratch\nCMD [\"a\",\"b\"]\nENTRYPOINT [\"echo\"]\n",
                "a b",
            ),
            (
                "FROM scratch\nENTRYPOINT [\"echo\"]\nCMD [\"a\",\"b\"]\n",
                "a b",
            ),
            ("FROM base\nENTRYPOINT [\"echo\"]\n", ""),
            ("FROM base\nCMD [\"a\"]\nENTRYPOINT [\"echo\"]\n", "a"),
            ("FROM base\nENTRYPOINT [\"echo\"]\nCMD []\n", ""),
            (
                "FROM scratch\nCMD [\"a\"]\nCMD []\nENTRYPOINT [\"echo\"]\n",
                "",
            ),
        ] {
            pocket.build("order", text);
            assert_eq!(pocket.ok(&["run", "--rm", "order"]), want, "{text}");
        }
    });
}

#[test]
fn a_comment_within_a_continued_command_is_no_part_of_it() {
    let pocket = Pocket::new(None);
    let text = "FROM scratch\nCMD echo one \\\n# a comment\n\n  two \\\n  three\n";
    pocket.build("comment", text);
    assert_eq!(pocket.ok(&["run", "--rm", "comment"]), "one two three");
}

#[test]
fn path_is_never_empty() {
    let pocket = Pocket::new(None);
    pocket.build("path", "FROM scratch\nENV PATH=/opt/app/bin:$PATH\n");
    let path = pocket.ok(&["run", "--rm", "path", "sh", "-c", "echo $PATH"]);
    assert_eq!(
        path,
        "/opt/app/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    );
}

#[test]
fn links_in_the_context_are_followed_within_it() {
    Pocket::each_user(|pocket| {
        let secret = pocket.path().join("outside");
        fs::write(&secret, "secret").expect("written");
        let files = [
            ("real/file", "content"),
            ("conf/link", "->../real/file"),
            ("conf/absolute", "->/real/file"),
            ("conf/up", "->../../../../real/file"),
            ("folder", "->real"),
            ("kept/link", "->/nosuch"),
            (
                "Dockerfile",
                "FROM scratch\nCOPY conf/link /x/file\nCOPY conf/absolute conf/up /x/\nCOPY folder /y\nCOPY kept /z\n",
            ),
        ];
        assert_eq!(build_from(pocket, "links", &files).code, 0);
        let line = "cat /x/file /x/absolute /x/up /y/file; readlink /z/link";
        assert_eq!(
            sh(pocket, "links", line),
            "contentcontentcontentcontent/nosuch\n"
        );
        for target in [&*secret.to_string_lossy(), "../outside", "loop"] {
            let (target, copy) = (format!("->{target}"), "FROM scratch\nCOPY loop /x\n");
            let done = build_from(pocket, "out", &[("loop", &target), ("Dockerfile", copy)]);
            assert!(
                done.err.contains("COPY failed: file not found"),
                "{target}: {done:?}"
            );
        }
    });
}

#[test]
fn what_dockerignore_names_is_not_copied() {
    let pocket = Pocket::new(None);
    let files = [
        ("secret", ""),
        ("a/secret", ""),
        ("a/kept", ""),
        ("b/one/two", ""),
        ("b/three", ""),
        (
            ".dockerignore",
            "# what\n**/secret\nb\n!b/one\nDockerfile\n.dockerignore\n",
        ),
        ("Dockerfile", "FROM scratch\nCOPY . /c\n"),
    ];
    assert_eq!(build_from(&pocket, "ignored", &files).code, 0);
    assert_eq!(
        sh(&pocket, "ignored", "cd /c; find . -type f | sort"),
        "./a/kept\n./b/one/two\n"
    );
    // Not by its name, not by a wildcard, and not by a link either.
    for (word, why) in [
        ("secret", "file not found in build context"),
        ("secre?", "no source files were specified"),
        ("link", "file not found in build context"),
    ] {
        let text = format!("FROM scratch\nCOPY {word} /x\n");
        let files = [
            ("secret", ""),
            ("link", "->secret"),
            (".dockerignore", "secret"),
            ("Dockerfile", &text),
        ];
        let done = build_from(&pocket, "hidden", &files);
        assert!(done.err.contains(why), "{word}: {done:?}");
    }
    let bad = build_from(
        &pocket,
        "bad",
        &[(".dockerignore", "[\n"), ("Dockerfile", "FROM x\n")],
    );
    assert!(bad.err.contains("syntax error in pattern"), "{bad:?}");
}

#[test]
fn wildcards_owners_and_permissions() {
    Pocket::each_user(|pocket| {
        let text = "FROM scratch\nCOPY f*.txt /d/\nWORKDIR /w\nCOPY f1.txt sub/\nCOPY f1.txt x\n";
        let files = [
            ("f1.txt", "1"),
            ("f2.txt", "2"),
            ("g.txt", ""),
            ("Dockerfile", text),
        ];
        assert_eq!(build_from(pocket, "wild", &files).code, 0);
        assert_eq!(
            sh(pocket, "wild", "cd /d; echo *; ls /w /w/sub"),
            "f1.txt f2.txt\n/w:\nsub\nx\n\n/w/sub:\nf1.txt\n"
        );
        let chown = "FROM scratch\nCOPY --chown=daemon:7 f1.txt /d/\nCOPY --chown=5 f1.txt /e\nCOPY f1.txt /f\n";
        let done = build_from(pocket, "owned", &[("f1.txt", "1"), ("Dockerfile", chown)]);
        if pocket.is_root() {
            assert_eq!(done.code, 0, "{done:?}");
            let line = "stat -c '%u:%g' /d /d/f1.txt /e /f";
            assert_eq!(sh(pocket, "owned", line), "1:7\n1:7\n5:5\n0:0\n");
        } else {
            assert!(done.err.contains("cannot give files away"), "{done:?}");
        }
        let nobody = "FROM scratch\nCOPY --chown=nosuch f1.txt /\n";
        let done = build_from(pocket, "nobody", &[("f1.txt", "1"), ("Dockerfile", nobody)]);
        assert!(done.err.contains("no such user: nosuch"), "{done:?}");
    });
}

/// Nothing of the machine's is reached by a link that an image or a context has. `target` stands for a
/// folder of the machine's, which everybody may write to.
#[test]
fn no_link_of_an_image_leads_out_of_it() {
    Pocket::each_user(|pocket| {
        let outside = Folder::new();
        let target = outside.0.join("target");
        fs::create_dir(&target).expect("a folder");
        fs::write(target.join("file"), "machine's").expect("a file");
        fs::set_permissions(&target, fs::Permissions::from_mode(0o777)).expect("permissions");
        let before = fs::metadata(&target).expect("there").mode();
        let link = format!("->{}", target.display());
        let link_file = format!("->{}/file", target.display());
        for (step, line) in [
            // Each after a layer in which /data leads out, and /f to a file there.
            ("COPY file /data/", "cat $T/file"),
            ("COPY file /data/new/deep/x", "cat $T/new/deep/x"),
            ("COPY file /f", "cat $T/file"),
            ("COPY tree /data", "cat $T/sub/x"),
            ("WORKDIR /data/work", "cd $T/work && echo image"),
        ] {
            let text = format!("FROM scratch\nCOPY links /\n{step}\n");
            let files = [
                ("links/data", &*link),
                ("links/f", &*link_file),
                ("file", "image\n"),
                ("tree/sub/x", "image\n"),
                ("Dockerfile", &text),
            ];
            let done = build_from(pocket, "outside", &files);
            assert_eq!(done.code, 0, "{step}: {done:?}");
            let line = line.replace("$T", &target.to_string_lossy());
            assert_eq!(sh(pocket, "outside", &line), "image\n", "{step}");
            let names: Vec<_> = fs::read_dir(&target)
                .expect("a folder")
                .flatten()
                .map(|one| one.file_name())
                .collect();
            assert_eq!(names, ["file"], "{step}");
            assert_eq!(
                fs::read_to_string(target.join("file")).expect("a file"),
                "machine's",
                "{step}"
            );
            assert_eq!(
                fs::metadata(&target).expect("there").mode(),
                before,
                "{step}"
            );
        }
        // Another image on such a one, and its removal.
        pocket.build("onit", "FROM outside\nCOPY 13-probe /data/probe\n");
        pocket.ok(&["rmi", "onit"]);
        pocket.ok(&["rmi", "outside"]);
        assert!(target.join("file").exists() && !target.join("probe").exists());
    });
}

#[test]
fn a_folder_that_its_owner_may_not_change_can_be_removed() {
    Pocket::each_user(|pocket| {
        let context = pocket.path().join("shut");
        write(
            &context,
            &[
                ("in/a/b", ""),
                ("Dockerfile", "FROM scratch\nCOPY in /in\n"),
            ],
        );
        fs::set_permissions(context.join("in/a"), fs::Permissions::from_mode(0o555))
            .expect("chmod");
        pocket.ok(&["build", "-q", "-t", "shut", "shut"]);
        assert_eq!(sh(pocket, "shut", "stat -c %a /in/a"), "555\n");
        pocket.ok(&["rmi", "shut"]);
        let images = fs::read_dir(pocket.path().join("state/images"))
            .expect("a folder")
            .count();
        assert_eq!(images, 1, "the image's files are left");
        fs::set_permissions(context.join("in/a"), fs::Permissions::from_mode(0o755))
            .expect("chmod");
    });
}

#[test]
fn build_args_that_nobody_asked_for_are_named() {
    let pocket = Pocket::new(None);
    fs::write(pocket.path().join("D"), "ARG A\nFROM scratch\nARG B\n").expect("written");
    let args = [
        "build",
        "-f",
        "D",
        "--build-arg",
        "A=1",
        "--build-arg",
        "B=1",
        "--build-arg",
        "C=1",
        "context",
    ];
    let out = pocket.ok(&args);
    assert!(
        out.starts_with("Step 1/3 : ARG A\nStep 2/3 : FROM scratch\nStep 3/3 : ARG B\n"),
        "{out}"
    );
    assert!(
        out.contains("[Warning] One or more build-args [C] were not consumed\n"),
        "{out}"
    );
}

#[test]
fn dockerfiles() {
    Pocket::each_user(|pocket| {
        let text = "ARG WHO=nobody\nFROM anything:${WHO}\nARG GREETING=hi\nENV A=${GREETING} B=\"two words\"\nWORKDIR /srv/app\nCOPY 13-probe ./tool\nCOPY 13-probe /bin/other\nSHELL [\"/bin/bash\", \"-c\"]\nENTRYPOINT [\"./tool\"]\nCMD [\"env\", \"A\", \"B\", \"PWD\"]\nSTOPSIGNAL SIGRTMIN+3\nEXPOSE 80\nLABEL x=y\nHEALTHCHECK NONE\n";
        pocket.build("full", text);
        assert_eq!(
            pocket.ok(&["run", "--rm", "full"]),
            "A=Some(\"hi\")\nB=Some(\"two words\")\nPWD=None"
        );
        assert_eq!(
            pocket.ok(&["run", "--rm", "--entrypoint", "pwd", "full"]),
            "/srv/app"
        );
        assert_eq!(
            pocket.ok(&[
                "run",
                "--rm",
                "--entrypoint",
                "/bin/other",
                "full",
                "exit",
                "0"
            ]),
            ""
        );
        let fields = "{{.Config.StopSignal}} {{.Config.ExposedPorts}} {{.Config.Labels}} {{.Config.WorkingDir}}";
        assert_eq!(
            pocket.ok(&["inspect", "-f", fields, "full"]),
            "SIGRTMIN+3 map[80/tcp:map[]] map[x:y] /srv/app"
        );
        // FROM what was built here goes on from there; shell form uses the shell of before.
        pocket.build(
            "child",
            "FROM full\nENTRYPOINT echo ${BASH_VERSION:+bash} $A\n",
        );
        assert_eq!(pocket.ok(&["run", "--rm", "child"]), "bash hi");
        // A build argument, and /bin/sh without SHELL.
        fs::write(
            pocket.path().join("D"),
            "FROM scratch\nARG X=1\nENV Y=$X\nCMD echo $Y ${BASH_VERSION:-dash}\n",
        )
        .expect("written");
        pocket.ok(&[
            "build",
            "-q",
            "-t",
            "arg",
            "--build-arg",
            "X=2",
            "-f",
            "D",
            "context",
        ]);
        assert!(pocket.ok(&["run", "--rm", "arg"]).starts_with("2 "));
    });
}

#[test]
fn dockerfiles_that_are_refused() {
    let pocket = Pocket::new(None);
    for (text, want) in [
        ("FROM x\nRUN true\n", ":2: pocket does not have RUN"),
        (
            "FROM x AS y\nFROM y\n",
            ":2: pocket does not have a second FROM",
        ),
        (
            "FROM x\nCOPY nosuch /\n",
            "COPY failed: file not found in build context",
        ),
        (
            "FROM x\nCOPY ../context/../../etc/passwd /\n",
            "COPY failed: file not found in build context",
        ),
        ("", "dockerfile parse error"),
        ("COPY a b\n", "dockerfile parse error"),
    ] {
        let done = pocket.try_build("bad", text);
        assert_eq!(done.code, 1, "{text:?}: {done:?}");
        assert!(done.err.contains(want), "{text:?}: {done:?}");
    }
    assert_eq!(pocket.ok(&["images", "-q", "bad"]), "");
    let images = fs::read_dir(pocket.path().join("state/images"))
        .expect("a folder")
        .count();
    assert_eq!(images, 1, "a failed build left an image");
}
