//! What can be asked for, and how it is refused.
