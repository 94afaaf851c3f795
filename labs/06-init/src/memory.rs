//! The pages that an init needs to start, and then for months not at all.

use std::{ptr, slice};

use nix::libc::{self, c_int, c_void, dl_phdr_info, size_t};

// ANCHOR: give_back
/// Unmaps the code and the constants of this program, to be mapped again as they are used.
///
/// The kernel maps 16 pages where one is touched, so after the start nearly all of a small program
/// is resident. Nothing is lost: the pages are the file's, and stay in the page cache.
pub fn give_back() {
    // SAFETY: the callback has the type that dl_iterate_phdr wants, and ignores its data.
    #[allow(unsafe_code)]
    unsafe {
        libc::dl_iterate_phdr(Some(give_back_object), ptr::null_mut());
    }
}

/// One object: the program or, in a dynamic one, a library.
#[allow(unsafe_code)]
unsafe extern "C" fn give_back_object(
    object: *mut dl_phdr_info,
    _size: size_t,
    _data: *mut c_void,
) -> c_int {
    // SAFETY: dl_iterate_phdr passes a valid object, with so many headers.
    let (base, headers) = unsafe {
        let object = &*object;
        (
            object.dlpi_addr,
            slice::from_raw_parts(object.dlpi_phdr, object.dlpi_phnum.into()),
        )
    };
    for header in headers
        .iter()
        .filter(|it| it.p_type == libc::PT_LOAD && it.p_flags & libc::PF_W == 0)
    {
        let end = base + header.p_vaddr + header.p_memsz;
        let start = (base + header.p_vaddr) & !(header.p_align - 1);
        // SAFETY: a segment that nobody may write is as it is in the file, and comes back from there.
        unsafe {
            libc::madvise(
                start as *mut c_void,
                (end - start) as size_t,
                libc::MADV_DONTNEED,
            )
        };
    }
    0
}
// ANCHOR_END: give_back
