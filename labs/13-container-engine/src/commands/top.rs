//! `top`: the processes of a container, seen from outside.

use std::fs;
use std::ops::RangeInclusive;
use std::os::unix::fs::MetadataExt;

use nix::unistd::{SysconfVar, Uid, User, sysconf};

use crate::cli::command::Command;
use crate::cli::table::table;
use crate::error::{Result, client};
use crate::output::print;
use crate::store::container::Container;
use crate::store::disk::Store;
use crate::time::{fixed, now};

/// `docker top`.
#[derive(Debug, Default)]
pub(crate) struct Top;

impl Command for Top {
    const NAME: &'static str = "top";
    const USAGE: &'static str = " CONTAINER [ps OPTIONS]";
    const ABOUT: &'static str = "Display the running processes of a container";
    const ARGUMENTS: RangeInclusive<usize> = 1..=usize::MAX;
    const PASSES_ON: bool = true;

    fn run(self, args: &[String]) -> Result<u8> {
        if args.len() > 1 {
            return Err(client!(
                "pocket's top takes no options of ps: {}",
                args[1..].join(" ")
            ));
        }
        print(&top(&Container::find(&Store::open()?, &args[0])?)?);
        Ok(0)
    }
}

/// The output of `top`: every process in the container's pid and mount namespaces, as `ps -ef` prints it.
fn top(container: &Container) -> Result<String> {
    let (state, _pid1) = container.running()?;
    // Both: another container may share the first, and who watches an `exec` stands in the second.
    let namespace = |pid: i32| {
        let link = |name| fs::read_link(format!("/proc/{pid}/ns/{name}")).ok();
        link("pid").zip(link("mnt"))
    };
    let ours = namespace(state.pid);
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let mut pids: Vec<i32> = entries
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect();
    pids.retain(|pid| ours.is_some() && namespace(*pid) == ours);
    pids.sort_unstable();
    let heads = ["UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"];
    let mut rows = vec![heads.map(str::to_owned).to_vec()];
    rows.extend(pids.into_iter().filter_map(process));
    Ok(table(&rows, 20, 1))
}

/// One line of `top`; `None` if the process has ended meanwhile. Fields: `proc_pid_stat(5)`.
fn process(pid: i32) -> Option<Vec<String>> {
    let folder = format!("/proc/{pid}");
    let uid = fs::metadata(&folder).ok()?.uid();
    let stat = fs::read_to_string(format!("{folder}/stat")).ok()?;
    let (start, rest) = stat.rsplit_once(')')?;
    let fields: Vec<_> = rest.split_whitespace().collect();
    let number = |field: usize| {
        fields
            .get(field - 3)
            .and_then(|text| text.parse::<u64>().ok())
    };
    let ticks = sysconf(SysconfVar::CLK_TCK)
        .ok()
        .flatten()
        .and_then(|n| u64::try_from(n).ok())
        .unwrap_or(100);
    let spent = (number(14)? + number(15)?) / ticks;
    let uptime = fs::read_to_string("/proc/uptime").ok()?;
    let uptime: u64 = uptime.split('.').next()?.parse().ok()?;
    let age = uptime.saturating_sub(number(22)? / ticks);
    let began = fixed(now().saturating_sub(age * 1_000_000_000));
    let command = fs::read(format!("{folder}/cmdline")).ok()?;
    let command = String::from_utf8_lossy(&command)
        .trim_end_matches('\0')
        .replace('\0', " ");
    let command = if command.is_empty() {
        format!("[{}]", start.split_once('(')?.1)
    } else {
        command
    };
    let terminal = match number(7)? {
        0 => "?".to_owned(),
        device => format!("pts/{}", device & 0xff),
    };
    let user = User::from_uid(Uid::from_raw(uid))
        .ok()
        .flatten()
        .map_or(uid.to_string(), |user| user.name);
    Some(vec![
        user,
        pid.to_string(),
        fields.get(1)?.to_string(),
        (100 * spent / age.max(1)).to_string(),
        began.get(11..16)?.to_owned(),
        terminal,
        format!(
            "{:02}:{:02}:{:02}",
            spent / 3600,
            spent / 60 % 60,
            spent % 60
        ),
        command,
    ])
}
