//! What was found, as data, and the ways to show it.
//! It may call: `finding` and below.

pub mod escape;
pub mod html;
pub mod json;
pub mod markdown;
pub mod panels;
pub mod picture;
pub mod story;
pub mod text;
pub mod text_event;
pub mod verdict;
