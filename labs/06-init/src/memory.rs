//! The pages that an init needs to start, and then for months not at all.

use std::ffi::{c_int, c_void};
use std::slice;

use nix::libc::{self, dl_phdr_info, size_t};

/// Where a segment lies, and how long it is.
type Segment = (*mut c_void, size_t);

// ANCHOR: give_back
/// Unmaps the code and the constants of this program; what is used again is mapped again.
///
/// Where a page of a file is touched, the kernel maps 16 of them: after its start, nearly
/// all of a small program is resident. No data is lost, for the pages are those of the
/// file, and they stay in the page cache.
pub fn give_back() {
    let mut segments: Vec<Segment> = Vec::new();
    // SAFETY: `collect` gets what it expects. And what nobody may write is as it is in
    // the file: it comes back from there.
    #[allow(unsafe_code)]
    unsafe {
        libc::dl_iterate_phdr(Some(collect), (&raw mut segments).cast());
        for (start, length) in segments {
            libc::madvise(start, length, libc::MADV_DONTNEED);
        }
    }
}
// ANCHOR_END: give_back

/// Adds the read-only segments of one object, that is, of the program or of a library.
///
/// # Safety
///
/// `object` is what dl_iterate_phdr passes, `segments` a `Vec<Segment>`.
#[allow(unsafe_code)]
unsafe extern "C" fn collect(object: *mut dl_phdr_info, _: size_t, segments: *mut c_void) -> c_int {
    // SAFETY: see above.
    let (object, segments) = unsafe { (&*object, &mut *segments.cast::<Vec<Segment>>()) };
    // SAFETY: an object has so many headers, and they stay where they are.
    let headers = unsafe { slice::from_raw_parts(object.dlpi_phdr, object.dlpi_phnum.into()) };
    let read_only = |flags| flags & libc::PF_W == 0;
    for header in headers
        .iter()
        .filter(|it| it.p_type == libc::PT_LOAD && read_only(it.p_flags))
    {
        let end = object.dlpi_addr + header.p_vaddr + header.p_memsz;
        let start = (object.dlpi_addr + header.p_vaddr) & !(header.p_align - 1);
        segments.push((start as *mut c_void, (end - start) as size_t));
    }
    0
}
