//! Inits, and exit codes.

use crate::common::Pocket;

#[test]
fn an_init_collects_orphans_and_its_absence_does_not() {
    Pocket::each_user(|pocket| {
        assert_eq!(
            pocket.ok(&["run", "--rm", "--init", "probe", "orphans", "50"]),
            "0 zombies"
        );
        assert_eq!(
            pocket.ok(&["run", "--rm", "probe", "orphans", "5"]),
            "5 zombies"
        );
        let comm = pocket.ok(&[
            "run",
            "--rm",
            "--init",
            "--entrypoint",
            "cat",
            "probe",
            "/proc/1/comm",
        ]);
        assert_eq!(comm, "docker-init");
    });
}

#[test]
fn an_init_hands_on_signals_and_statuses() {
    Pocket::each_user(|pocket| {
        pocket.ok(&["run", "-d", "--name", "ini", "--init", "probe", "on", "7"]);
        pocket.await_line("ini", "ready");
        pocket.ok(&["kill", "-s", "USR2", "ini"]);
        pocket.await_line("ini", "got SIGUSR2");
        pocket.ok(&["stop", "ini"]);
        assert_eq!(pocket.ok(&["wait", "ini"]), "7");
        pocket.ok(&["rm", "ini"]);
        for (args, code) in [
            (["exit", "0"], 0),
            (["exit", "255"], 255),
            (["raise", "15"], 143),
            (["raise", "9"], 137),
        ] {
            let done = pocket.run(&[&["run", "--rm", "--init", "probe"][..], &args].concat());
            assert_eq!(done.code, code, "{args:?}");
        }
    });
}

#[test]
fn every_exit_code_comes_through() {
    let pocket = Pocket::new(None);
    for code in (0..=255)
        .step_by(15)
        .chain([1, 125, 126, 127, 128, 143, 254])
    {
        assert_eq!(
            pocket
                .run(&["run", "--rm", "probe", "exit", &code.to_string()])
                .code,
            code
        );
    }
}
