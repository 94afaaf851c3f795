//! What PID 1 finds around itself.
