//! Dockerfiles.

use super::Group;

/// Builds a Dockerfile on an image with a shell, in a context made by `$files`; then `$look`s at the image `$T`.
macro_rules! case {
    ($files:literal, $dockerfile:literal, $look:literal) => {
        concat!(
            "D=$(mktemp -d ./XXXXXXXX); T=$I-${D#./}; T=${T,,}; (cd $D; ",
            $files,
            "); printf 'FROM %s\\n",
            $dockerfile,
            "\\n' $I-tools >$D/Dockerfile; if docker build -q -t $T $D >/dev/null 2>&1; then ",
            $look,
            "; else echo refused; fi; docker rmi -f $T >/dev/null 2>&1; rm -rf $D"
        )
    };
}

/// What the image says that its containers run.
macro_rules! command {
    ($dockerfile:literal) => {
        case!(
            ":",
            $dockerfile,
            "docker inspect -f '{{json .Config.Entrypoint}} {{json .Config.Cmd}}' $T"
        )
    };
}

/// What the image says about its containers otherwise.
macro_rules! config {
    ($dockerfile:literal) => {
        case!(
            ":",
            $dockerfile,
            "docker inspect -f '{{.Config.Env}} {{.Config.WorkingDir}} [{{.Config.User}}] {{.Config.Labels}}' $T"
        )
    };
}

/// The ports that the image says it has.
macro_rules! ports {
    ($dockerfile:literal) => {
        case!(
            ":",
            $dockerfile,
            "docker inspect -f '{{json .Config.ExposedPorts}}' $T"
        )
    };
}

/// What is in the folder /d of the image: kind, permissions, owner, name, where a link points to.
macro_rules! files {
    ($files:literal, $dockerfile:literal) => {
        case!(
            $files,
            $dockerfile,
            "docker run --rm --entrypoint bash $T -c 'find /d -printf \"%y %m %U:%G %p %l\\n\" | sort -k4'"
        )
    };
}

pub const GROUPS: &[Group] = &[(
    "Dockerfile",
    &[
        "mkdir -p t/root; for p in bash find sort; do f=$(readlink -f $(command -v $p)); install -D $f t/root/usr/bin/$p; for l in $(ldd $f | grep -o '/[^ ]*'); do install -D $l t/root$l; done; done; printf 'FROM scratch\nCOPY root /\nCMD [\"base\"]\n' >t/Dockerfile; docker build -q -t $I-tools t >/dev/null 2>&1; echo $?",
        command!(""),
        command!("ENTRYPOINT [\"a\"]"),
        command!("CMD [\"x\"]\\nENTRYPOINT [\"a\"]"),
        command!("ENTRYPOINT [\"a\"]\\nCMD [\"x\"]"),
        command!("ENTRYPOINT a b"),
        command!("CMD x y\\nENTRYPOINT [\"a\"]"),
        command!("CMD []"),
        command!("CMD"),
        command!("ENTRYPOINT []"),
        command!("ENTRYPOINT"),
        command!("CMD []\\nENTRYPOINT [\"a\"]"),
        command!("CMD\\nENTRYPOINT [\"a\"]"),
        command!("CMD [\"x\"]\\nCMD []\\nENTRYPOINT [\"a\"]"),
        command!("ENTRYPOINT [\"a\"]\\nENTRYPOINT []\\nCMD x"),
        command!("SHELL [\"/s\", \"-x\"]\\nCMD x\\nENTRYPOINT y"),
        command!("CMD [\"x\" \"y\"]"),
        command!("CMD [\"x\",]"),
        command!("CMD ['\"'x'\"']"),
        command!("CMD [1]"),
        command!("CMD [\"x\"] y"),
        command!("CMD  [ \"x\" ]  "),
        command!("CMD x \\\\\\n# no\\n\\n  y # z"),
        command!("CMD x \\\\\\\\\\nUSER y"),
        command!("CMD x \\\\  \\n y"),
        command!("  cmd\\tx\\r"),
        command!("CMD x\\\\\\r\\n y"),
        command!("CMD --x y"),
        command!("SHELL []"),
        command!("SHELL x"),
        config!("ENV A=1 B=$A\\nENV C=$A PATH=/x:$PATH"),
        config!("ENV A  b  c\\nLABEL d  \"e\" f"),
        config!("ENV A=a\\\\ b B=\"c d\" C='\"'$A'\"' D=\\\\$A"),
        config!("ENV A=1\\nENV B=${A:-2}${N:-3}${A:+4}${N:+5}${E:-$A}"),
        config!("ENV B=${A?no}"),
        config!("ENV B=${A"),
        config!("ENV A"),
        config!("ENV =1"),
        config!("ENV A=1 B"),
        config!("ARG A=1\\nENV A=$A B=$A"),
        config!("ENV A=1\\nARG A=2\\nENV B=$A"),
        config!("ARG A\\nENV B=a$A"),
        config!("WORKDIR a\\nWORKDIR b/../c"),
        config!("WORKDIR /a/../b"),
        config!("WORKDIR /a//b/"),
        config!("WORKDIR \"a b\""),
        config!("WORKDIR $NONE"),
        config!("USER $NONE"),
        config!("USER"),
        config!("LABEL a"),
        config!("LABEL \"a b\"=c d=\"\""),
        ports!("EXPOSE x"),
        ports!("EXPOSE 80 81/udp 82-84 80/tcp"),
        ports!("ENV P=\"1 2\"\\nEXPOSE $P 3/TCP"),
        ports!("EXPOSE 65536"),
        ports!("EXPOSE 2-1"),
        ports!("EXPOSE 1/x"),
        config!("STOPSIGNAL nosuch"),
        config!("HEALTHCHECK NONE"),
        config!("HEALTHCHECK NONE x"),
        config!("BOGUS"),
        config!("COPY --chmod=755 Dockerfile /"),
        config!("COPY --nosuch=1 Dockerfile /"),
        config!("COPY --chown=nosuch Dockerfile /"),
        config!("COPY --chown=1:2:3 Dockerfile /"),
        files!("echo >a; chmod 640 a", "COPY a /d/"),
        files!("echo >a; chmod 4755 a", "COPY a /d/b"),
        files!(
            "mkdir -m 750 -p d/e; echo >d/e/f; chmod 700 d/e",
            "COPY d /d"
        ),
        files!(
            "mkdir d; ln -s x d/l; ln -s d k; echo >d/f; ln -s d/f m",
            "COPY k /d/k\\nCOPY m /d/\\nCOPY m /d/n"
        ),
        files!("echo >a1; echo >a2; echo >b", "COPY a* b /d/"),
        files!("echo >a1; echo >a2", "COPY a* /d"),
        files!("echo >a1", "COPY a* /d"),
        files!("echo >a1", "COPY b* /d/"),
        files!("mkdir -p x/y; echo >x/y/z; echo >x/a", "COPY x/* /d/"),
        files!("mkdir -p x/y; echo >x/y/z", "COPY x/[a-y]/? /d/"),
        files!("echo >a", "COPY --chown=7 a /d/e/f"),
        files!("mkdir x; echo >x/a", "COPY x /d\\nCOPY --chown=7:8 x /d"),
        files!("echo >a", "WORKDIR /d\\nCOPY a b\\nCOPY a c/\\nCOPY a ."),
        files!(
            "mkdir x; ln -s /d/to x/in; echo >a",
            "COPY x /d\\nCOPY a /d/in/\\nCOPY a /d/to/b"
        ),
        files!(
            "mkdir x; ln -s /d/to x/in; echo >a",
            "COPY x /d\\nCOPY a /d/in"
        ),
        files!(
            "mkdir -p x/a y/a; echo >x/f; echo >y/a/g",
            "COPY x /d\\nCOPY y /d\\nCOPY x/f /d/a/"
        ),
        files!("mkdir -p x/f; echo >f", "COPY x /d\\nCOPY f /d/"),
        files!("mkdir -p x/f; echo >f", "COPY f /d/f\\nCOPY x /d"),
        files!(
            "ln -s /etc/passwd l; ln -s ../../etc/passwd m",
            "COPY l /d/\\nCOPY m /d/"
        ),
        files!(
            "mkdir x; echo >x/a; echo >b; printf \"b\\n*/a\\n.docker*\\nDockerfile\" >.dockerignore",
            "COPY . /d"
        ),
        files!(
            "mkdir -p x/y z; echo >x/y/a; echo >x/b; echo >z/c; printf \"x\\n!x/y\\nDockerfile\\n.docker*\\n**/c\" >.dockerignore",
            "COPY . /d"
        ),
        files!(
            "echo >a.md; echo >R.md; printf \"*.md\\n!R*\\nDockerfile\\n.docker*\" >.dockerignore",
            "COPY . /d/"
        ),
        files!("echo >a; printf \"a\" >.dockerignore", "COPY a /d/"),
        files!("echo >a; printf \"[\" >.dockerignore", "COPY a /d/"),
        "docker rmi -f $I-tools >/dev/null 2>&1",
    ],
)];
