//! Your turn: Ctrl-C stops this server. `docker stop` does not. Why?

use std::process::ExitCode;

use anyhow::Result;
use lab_02_pid1::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode> {
    // TODO: stop for SIGTERM too, and tell the two apart.
    serve(tokio::signal::ctrl_c()).await??;

    println!("server stopped by SIGINT");
    Ok(ExitCode::from(130))
}
