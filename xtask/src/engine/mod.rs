//! docker, podman and pocket: which one, its base image, the labs' images and programs, the sandbox of a run.
//! What a container engine must give before a chapter can run on it.
//! It may call: `report` and below.

pub(crate) mod base;
pub(crate) mod cargo;
pub(crate) mod choice;
pub(crate) mod images;
pub(crate) mod overlay;
pub(crate) mod podman;
pub(crate) mod programs;
pub(crate) mod sandbox;
pub(crate) mod shim;
