//! The same server, with no signal handler.

use std::future;

use anyhow::Result;
use lab_02_pid1::serve;

// ANCHOR: main
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    serve(future::pending()).await
}
// ANCHOR_END: main
