//! The lines of a console block, read into commands and what they are expected to print.

use std::ops::Range;

use crate::chapter::page::Step;
use crate::chapter::source::Fault;

/// Reads the lines between the fences of the block at `range`: `$ ` command, `> ` continuation, `? N` status, then output.
pub fn steps(
    text: &str,
    fence_line: usize,
    range: Range<usize>,
    faults: &mut Vec<Fault>,
) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    // In the command's lines (so `> ` and `? ` mean something), or in its output?
    let mut in_command = false;
    let mut offset = range.start;
    let lines: Vec<&str> = text[range].split_inclusive('\n').collect();
    if lines.len() < 2 || !lines[lines.len() - 1].trim_start().starts_with(['`', '~']) {
        let fault = Fault::new(fence_line, "a console block that is never closed");
        faults.push(fault.help("end it with a line of three backticks"));
        return steps;
    }
    let body = lines.len() - 1;
    for (index, line) in lines.iter().enumerate().take(body) {
        let (number, start) = (fence_line + index, offset);
        offset += line.len();
        let content = line.trim_end_matches('\n');
        if index == 0 {
            continue;
        }
        if let Some(command) = content.strip_prefix("$ ") {
            let (command, result) = (command.to_owned(), offset..offset);
            steps.push(Step {
                line: number,
                lines: 1,
                command,
                status: 0,
                expected: String::new(),
                result,
            });
            in_command = true;
            continue;
        }
        let Some(step) = steps.last_mut() else {
            let fault = Fault::new(number, "output before the first command");
            faults.push(fault.help("begin a command with `$ `"));
            break;
        };
        let more = content.strip_prefix("> ");
        // An editor may have taken the blank from an empty line of a here-document.
        if in_command && let Some(more) = more.or((content == ">").then_some("")) {
            step.command.push('\n');
            step.command.push_str(more);
            step.lines += 1;
            step.result = offset..offset;
        } else if in_command && let Some(status) = content.strip_prefix("? ") {
            match status.trim().parse() {
                Ok(status) => step.status = status,
                Err(_) => faults.push(
                    Fault::new(number, format!("`{status}` is not an exit status"))
                        .help("write a number from 0 to 255 behind `? `"),
                ),
            }
            step.result.end = offset;
            in_command = false;
        } else {
            if content
                .strip_prefix("? ")
                .is_some_and(|rest| rest.trim().parse::<i32>().is_ok())
            {
                let fault = Fault::new(number, "an exit status behind the output");
                faults.push(fault.help("put `? N` on the line right after the command"));
            }
            step.expected.push_str(line);
            step.result = step.result.start..start + line.len();
            in_command = false;
        }
    }
    steps
}
