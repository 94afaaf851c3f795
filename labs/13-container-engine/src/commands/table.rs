//! Every command there is: its flags, its help, and what runs it.

use crate::cli::flags::{CREATE_FLAGS, DETACH_KEYS, FORMAT, MANY, STOP_FLAGS, flag};
use crate::cli::parse::{Command, Parsed, Takes};
use crate::commands::create;
use crate::commands::exec;
use crate::commands::follow;
use crate::commands::foreground;
use crate::commands::lifecycle;
use crate::commands::list::{self, Filter, Style};
use crate::commands::manage;
use crate::commands::show;
use crate::commands::top;
use crate::error::{Result, client};
use crate::output::print;
use crate::store::container::Container;
use crate::store::disk::Store;

/// All commands.
pub(crate) static COMMANDS: [Command; 24] = [
    Command {
        name: "run",
        usage: " [OPTIONS] IMAGE [COMMAND] [ARG...]",
        about: "Create and run a new container from an image",
        flags: &CREATE_FLAGS,
        arguments: (1, MANY),
        stops: true,
        run: foreground::run,
    },
    Command {
        name: "create",
        usage: " [OPTIONS] IMAGE [COMMAND] [ARG...]",
        about: "Create a new container",
        flags: CREATE_FLAGS.split_at(15).0,
        arguments: (1, MANY),
        stops: true,
        run: create::create,
    },
    Command {
        name: "start",
        usage: " [OPTIONS] CONTAINER [CONTAINER...]",
        about: "Start one or more stopped containers",
        flags: &[
            flag(
                Some('a'),
                "attach",
                Takes::Nothing,
                "Attach STDOUT/STDERR and forward signals",
            ),
            DETACH_KEYS,
            flag(
                Some('i'),
                "interactive",
                Takes::Nothing,
                "Attach container's STDIN",
            ),
            flag(
                None,
                "sig-proxy",
                Takes::Nothing,
                "Proxy received signals to the process (default true)",
            ),
        ],
        arguments: (1, MANY),
        stops: false,
        run: foreground::start,
    },
    Command {
        name: "attach",
        usage: " [OPTIONS] CONTAINER",
        about: "Attach local standard input, output, and error streams to a running container",
        flags: &[
            DETACH_KEYS,
            flag(None, "no-stdin", Takes::Nothing, "Do not attach STDIN"),
            flag(
                None,
                "sig-proxy",
                Takes::Nothing,
                "Proxy all received signals to the process (default true)",
            ),
        ],
        arguments: (1, 1),
        stops: false,
        run: foreground::attach,
    },
    Command {
        name: "exec",
        usage: " [OPTIONS] CONTAINER COMMAND [ARG...]",
        about: "Execute a command in a running container",
        flags: &[
            flag(
                Some('d'),
                "detach",
                Takes::Nothing,
                "Detached mode: run command in the background",
            ),
            DETACH_KEYS,
            flag(Some('e'), "env", Takes::List, "Set environment variables"),
            flag(
                Some('i'),
                "interactive",
                Takes::Nothing,
                "Keep STDIN open even if not attached",
            ),
            flag(Some('t'), "tty", Takes::Nothing, "Allocate a pseudo-TTY"),
            flag(
                Some('u'),
                "user",
                Takes::Text,
                "Username or UID (format: \"<name|uid>[:<group|gid>]\")",
            ),
            flag(
                Some('w'),
                "workdir",
                Takes::Text,
                "Working directory inside the container",
            ),
        ],
        arguments: (2, MANY),
        stops: true,
        run: run_exec,
    },
    Command {
        name: "stop",
        usage: " [OPTIONS] CONTAINER [CONTAINER...]",
        about: "Stop one or more running containers",
        flags: &STOP_FLAGS,
        arguments: (1, MANY),
        stops: false,
        run: lifecycle::stop,
    },
    Command {
        name: "restart",
        usage: " [OPTIONS] CONTAINER [CONTAINER...]",
        about: "Restart one or more containers",
        flags: &STOP_FLAGS,
        arguments: (1, MANY),
        stops: false,
        run: lifecycle::restart,
    },
    Command {
        name: "kill",
        usage: " [OPTIONS] CONTAINER [CONTAINER...]",
        about: "Kill one or more running containers",
        flags: &[flag(
            Some('s'),
            "signal",
            Takes::Text,
            "Signal to send to the container",
        )],
        arguments: (1, MANY),
        stops: false,
        run: lifecycle::kill,
    },
    Command {
        name: "wait",
        usage: " CONTAINER [CONTAINER...]",
        about: "Block until one or more containers stop, then print their exit codes",
        flags: &[],
        arguments: (1, MANY),
        stops: false,
        run: lifecycle::wait,
    },
    Command {
        name: "rm",
        usage: " [OPTIONS] CONTAINER [CONTAINER...]",
        about: "Remove one or more containers",
        flags: &[
            flag(
                Some('f'),
                "force",
                Takes::Nothing,
                "Force the removal of a running container (uses SIGKILL)",
            ),
            flag(
                Some('v'),
                "volumes",
                Takes::Nothing,
                "Remove anonymous volumes associated with the container",
            ),
        ],
        arguments: (1, MANY),
        stops: false,
        run: lifecycle::rm,
    },
    Command {
        name: "logs",
        usage: " [OPTIONS] CONTAINER",
        about: "Fetch the logs of a container",
        flags: &[
            flag(Some('f'), "follow", Takes::Nothing, "Follow log output"),
            flag(
                None,
                "since",
                Takes::Text,
                "Show logs since timestamp or relative",
            ),
            flag(
                Some('n'),
                "tail",
                Takes::Text,
                "Number of lines to show from the end of the logs (default \"all\")",
            ),
            flag(Some('t'), "timestamps", Takes::Nothing, "Show timestamps"),
            flag(
                None,
                "until",
                Takes::Text,
                "Show logs before a timestamp or relative",
            ),
        ],
        arguments: (1, 1),
        stops: false,
        run: follow::logs,
    },
    Command {
        name: "ps",
        usage: " [OPTIONS]",
        about: "List containers",
        flags: &[
            flag(
                Some('a'),
                "all",
                Takes::Nothing,
                "Show all containers (default shows just running)",
            ),
            flag(
                Some('f'),
                "filter",
                Takes::List,
                "Filter output based on conditions provided",
            ),
            FORMAT,
            flag(None, "no-trunc", Takes::Nothing, "Don't truncate output"),
            flag(
                Some('q'),
                "quiet",
                Takes::Nothing,
                "Only display container IDs",
            ),
        ],
        arguments: (0, 0),
        stops: false,
        run: ps,
    },
    Command {
        name: "top",
        usage: " CONTAINER [ps OPTIONS]",
        about: "Display the running processes of a container",
        flags: &[],
        arguments: (1, MANY),
        stops: true,
        run: top,
    },
    Command {
        name: "inspect",
        usage: " [OPTIONS] NAME|ID [NAME|ID...]",
        about: "Return low-level information on Docker objects",
        flags: &[
            flag(
                Some('f'),
                "format",
                Takes::Text,
                "Format output using a template",
            ),
            flag(
                None,
                "type",
                Takes::Text,
                "Only inspect objects of the given type",
            ),
        ],
        arguments: (1, MANY),
        stops: false,
        run: show::inspect,
    },
    Command {
        name: "port",
        usage: " CONTAINER [PRIVATE_PORT[/PROTO]]",
        about: "List port mappings or a specific mapping for the container",
        flags: &[],
        arguments: (1, 2),
        stops: false,
        run: show::port,
    },
    Command {
        name: "events",
        usage: " [OPTIONS]",
        about: "Get real time events from the server",
        flags: &[
            flag(
                Some('f'),
                "filter",
                Takes::List,
                "Filter output based on conditions provided",
            ),
            FORMAT,
            flag(
                None,
                "since",
                Takes::Text,
                "Show all events created since timestamp",
            ),
            flag(
                None,
                "until",
                Takes::Text,
                "Stream events until this timestamp",
            ),
        ],
        arguments: (0, 0),
        stops: false,
        run: follow::events,
    },
    Command {
        name: "build",
        usage: " [OPTIONS] PATH",
        about: "Build an image from a Dockerfile",
        flags: &[
            flag(None, "build-arg", Takes::List, "Set build-time variables"),
            flag(
                Some('f'),
                "file",
                Takes::Text,
                "Name of the Dockerfile (default: \"PATH/Dockerfile\")",
            ),
            flag(None, "label", Takes::List, "Set metadata for an image"),
            flag(
                Some('q'),
                "quiet",
                Takes::Nothing,
                "Suppress the build output and print image ID on success",
            ),
            flag(
                Some('t'),
                "tag",
                Takes::List,
                "Name and optionally a tag (format: \"name:tag\")",
            ),
        ],
        arguments: (1, 1),
        stops: false,
        run: manage::build,
    },
    Command {
        name: "images",
        usage: " [OPTIONS] [REPOSITORY[:TAG]]",
        about: "List images",
        flags: &[
            FORMAT,
            flag(None, "no-trunc", Takes::Nothing, "Don't truncate output"),
            flag(Some('q'), "quiet", Takes::Nothing, "Only show image IDs"),
        ],
        arguments: (0, 1),
        stops: false,
        run: images,
    },
    Command {
        name: "rmi",
        usage: " [OPTIONS] IMAGE [IMAGE...]",
        about: "Remove one or more images",
        flags: &[flag(
            Some('f'),
            "force",
            Takes::Nothing,
            "Force removal of the image",
        )],
        arguments: (1, MANY),
        stops: false,
        run: manage::rmi,
    },
    Command {
        name: "tag",
        usage: " SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]",
        about: "Create a tag TARGET_IMAGE that refers to SOURCE_IMAGE",
        flags: &[],
        arguments: (2, 2),
        stops: false,
        run: manage::tag,
    },
    Command {
        name: "container prune",
        usage: " [OPTIONS]",
        about: "Remove all stopped containers",
        flags: &[flag(
            Some('f'),
            "force",
            Takes::Nothing,
            "Do not prompt for confirmation",
        )],
        arguments: (0, 0),
        stops: false,
        run: prune_containers,
    },
    Command {
        name: "image prune",
        usage: " [OPTIONS]",
        about: "Remove unused images",
        flags: &[flag(
            Some('f'),
            "force",
            Takes::Nothing,
            "Do not prompt for confirmation",
        )],
        arguments: (0, 0),
        stops: false,
        run: manage::prune_images,
    },
    Command {
        name: "version",
        usage: " [OPTIONS]",
        about: "Show the Docker version information",
        flags: &[flag(
            Some('f'),
            "format",
            Takes::Text,
            "Format output using a template",
        )],
        arguments: (0, 0),
        stops: false,
        run: crate::commands::about::version,
    },
    Command {
        name: "info",
        usage: " [OPTIONS]",
        about: "Display system-wide information",
        flags: &[flag(
            Some('f'),
            "format",
            Takes::Text,
            "Format output using a template",
        )],
        arguments: (0, 0),
        stops: false,
        run: crate::commands::about::info,
    },
];

fn run_exec(parsed: &Parsed) -> Result<u8> {
    let store = Store::open()?;
    let container = Container::find(&store, &parsed.args[0])?;
    let env = parsed
        .all("env")
        .iter()
        .filter_map(|text| match text.split_once('=') {
            Some(_) => Some(text.clone()),
            None => std::env::var(text)
                .ok()
                .map(|value| format!("{text}={value}")),
        });
    let request = exec::Request {
        argv: parsed.args[1..].to_vec(),
        env: env.collect(),
        workdir: parsed.get("workdir").map(str::to_owned),
        user: parsed.get("user").map(str::to_owned),
        stdin: parsed.is("interactive"),
        tty: parsed.is("tty"),
        detach: parsed.is("detach"),
        detach_keys: foreground::detach_keys(parsed)?,
    };
    exec::exec(&store, &container, &request)
}

fn style(parsed: &Parsed) -> Style<'_> {
    Style {
        quiet: parsed.is("quiet"),
        whole: parsed.is("no-trunc"),
        format: parsed.get("format"),
    }
}

fn ps(parsed: &Parsed) -> Result<u8> {
    let filter = Filter::parse(parsed.is("all"), parsed.all("filter"))?;
    print(&list::ps(&Store::open()?, &filter, &style(parsed))?);
    Ok(0)
}

fn images(parsed: &Parsed) -> Result<u8> {
    let name = parsed.args.first().map(String::as_str);
    print(&list::images(&Store::open()?, name, &style(parsed))?);
    Ok(0)
}

fn top(parsed: &Parsed) -> Result<u8> {
    if parsed.args.len() > 1 {
        return Err(client!(
            "pocket's top takes no options of ps: {}",
            parsed.args[1..].join(" ")
        ));
    }
    print(&top::top(&Container::find(
        &Store::open()?,
        &parsed.args[0],
    )?)?);
    Ok(0)
}

fn prune_containers(parsed: &Parsed) -> Result<u8> {
    need_force(parsed)?;
    lifecycle::prune(&Store::open()?)
}

/// There is nobody to ask.
pub(crate) fn need_force(parsed: &Parsed) -> Result<()> {
    if parsed.is("force") {
        Ok(())
    } else {
        Err(client!("pocket does not ask: say -f"))
    }
}
